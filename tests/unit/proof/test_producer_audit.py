"""What producers, broker and Bronze count; what is missing is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from adlake.contracts.source import IncarnationKind
from adlake.generator.truth import Truth, load_truth, write_truth
from adlake.io.kafka.acks import PartitionAcks
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.proof import producers as job
from adlake.proof.producer_audit import ProducerAudit, audit_producers
from adlake.proof.producer_counts import (
    ProducerCount,
    ProducerCountError,
    counts_of_runs,
    load_counts,
)
from adlake.proof.producers import (
    AuditedTopic,
    OtherTopicError,
    as_json,
    as_lines,
    current_audit,
    current_audits,
)
from adlake.proof.verdict import OffsetCoverage, Pin


def audit(
    *counts: ProducerCount, end: int = 200, begin: int = 0, bronze: tuple[int, int, int] | None
) -> ProducerAudit:
    """Partition 0 of `ads`; `bronze` is first offset, next offset, distinct offsets."""
    coverages = [] if bronze is None else [
        OffsetCoverage("ads", 0, bronze[0], bronze[1], bronze[2], bronze[2])
    ]  # fmt: skip
    broker = TopicFacts("ads", "t1", {0: begin}, {0: end})
    return audit_producers(counts, broker, coverages, lambda _coverage: [(50, 60)])


def sent(records: int, next_offset: int = 0, reused: int = 0) -> ProducerCount:
    return ProducerCount("web", "ads", 0, records, next_offset, reused, "t1")


def audit_now(
    broker: TopicFacts, incarnations: Sequence[SourceIncarnation], *counts: ProducerCount
) -> ProducerAudit:
    trino: Any = None
    return current_audit(
        trino, counts, AuditedTopic(broker.name, "bronze.ads", lambda: broker, incarnations)
    )


FULL = (0, 200, 200)
FIRST = SourceIncarnation("ads")


def second_incarnation(
    start: int, contained: int, kind: IncarnationKind = IncarnationKind.LOST_TAIL
) -> SourceIncarnation:
    return SourceIncarnation("ads", 2, "t1", {0: start}, {0: contained}, kind=kind)


def audit_of_incarnations(
    *held: tuple[str, int, int],
    incarnations: Sequence[SourceIncarnation],
    begin: int = 0,
    records: int = 200,
) -> ProducerAudit:
    """Partition 0 of `ads` up to offset 199; `held` is label, first offset, next offset."""
    coverages = [
        OffsetCoverage(label, 0, first, beyond, beyond - first, beyond - first)
        for label, first, beyond in held
    ]
    broker = TopicFacts("ads", "t1", {0: begin}, {0: 200})
    return audit_producers(
        [sent(records, 200)], broker, coverages, lambda _coverage: [(50, 60)], incarnations
    )


def test_nothing_is_missing_when_the_counts_agree() -> None:
    found = audit(sent(200, 200), bronze=FULL)
    assert found.missing == ()
    assert found.notes == ()
    assert list(as_lines({"ads": found}))[-1] == "nothing is missing"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (audit(sent(300, 200), bronze=FULL), (None, None, 100, "other records have now")),
        (audit(sent(100, 200, 40), bronze=FULL), (None, None, 40, "other records have now")),
        (audit(sent(260, 260), bronze=FULL), (200, 260, 60, "log ends before them")),
        (audit(sent(200, 200), bronze=(0, 150, 150)), (150, 200, 50, "not in Bronze yet")),
        (audit(sent(200, 200), bronze=(0, 200, 190)), (50, 60, 10, "between those in Bronze")),
        (audit(sent(200, 200), bronze=(5, 200, 195)), (0, 5, 5, "broker still has them")),
        (audit(sent(200, 200), begin=5, bronze=(5, 200, 195)), (0, 5, 5, "broker deleted")),
        (audit(sent(200, 200), begin=3, bronze=(5, 200, 195)), (3, 5, 2, "broker still has them")),
        (audit(sent(200, 200), end=200, bronze=(0, 230, 230)), (200, 230, 30, "in Bronze, but")),
        (audit(sent(200, 200), bronze=None), (0, 200, 200, "not in Bronze yet")),
    ],
)
def test_what_is_missing_is_named(
    found: ProducerAudit, expected: tuple[int | None, int | None, int, str]
) -> None:
    [one] = found.missing
    assert (one.first_offset, one.next_offset, one.records) == expected[:3]
    assert expected[3] in one.problem
    if "not in Bronze yet" in expected[3]:
        assert found.lost == ()
        lines = list(as_lines({"ads": found}))
        assert "pending partition 0" in lines[-2]
        assert lines[-1] == "nothing is missing"
    else:
        assert found.lost == (one,)
        assert "MISSING partition 0" in list(as_lines({"ads": found}))[-1]
    assert '"missing"' in as_json({"ads": found})


def held_back(*counts: ProducerCount, bronze_next: int) -> ProducerAudit:
    """100 records to read, 100 more behind an open transaction."""
    broker = TopicFacts("ads", "t1", {0: 0}, {0: 100}, log_end_offsets={0: 200})
    coverages = [OffsetCoverage("ads", 0, 0, bronze_next, bronze_next, bronze_next)]
    return audit_producers(counts, broker, coverages, lambda _coverage: [])


def test_records_behind_an_open_transaction_are_pending_not_lost() -> None:
    found = held_back(sent(200, 200), bronze_next=100)
    [one] = found.missing
    assert (one.first_offset, one.next_offset, one.is_pending) == (100, 200, True)
    assert "behind an open transaction" in one.problem
    assert found.lost == ()
    assert list(as_lines({"ads": found}))[-1] == "nothing is missing"
    unread, behind = held_back(sent(200, 200), bronze_next=60).missing
    assert (unread.records, unread.problem.split(":")[0]) == (40, "not in Bronze yet")
    assert behind.records == 100
    # What is acknowledged beyond the log itself stays a loss.
    assert [m.records for m in held_back(sent(230, 230), bronze_next=100).lost] == [30]


def test_ranges_without_a_record_are_no_loss_of_anybody() -> None:
    broker = TopicFacts("ads", "t1", {0: 0}, {0: 200})
    coverages = [OffsetCoverage("ads", 0, 5, 190, 170, 170)]
    counts = [sent(200, 200)]
    found = audit_producers(counts, broker, coverages, lambda _coverage: [(50, 60), (70, 75)])
    ranges = [(0, 5), (50, 60), (70, 75), (190, 200)]
    assert [(m.first_offset, m.next_offset) for m in found.missing] == ranges
    assert job.without_holes(found, broker, lambda _ranges: []) == found
    kept = job.without_holes(found, broker, lambda asked: [one for one in asked if one.first != 70])
    assert [(m.first_offset, m.next_offset) for m in kept.missing] == [(70, 75)]
    assert "25 offsets hold no record" in kept.notes[-1]


def test_an_empty_lake_has_lost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "pinned_records", lambda _trino, _table: None)
    found = audit_now(TopicFacts("ads", "t1", {0: 0}, {0: 200}), [FIRST], sent(200, 200))
    assert [(m.records, m.is_pending) for m in found.missing] == [(200, True)]
    assert audit_now(TopicFacts("ads", "t", {}, {}), [FIRST]).missing == ()


def test_each_topic_is_audited_by_the_counts_that_are_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A loss in the second topic is found there, and counts of no topic of ours are noted once."""
    pins = {
        "bronze.ads": Pin(0, 1, "ads", "t1", {0: 200}), "bronze.shop": Pin(0, 2, "shop", "t9", {}),
    }  # fmt: skip
    held = {"ads": (0, 200, 200), "shop": (0, 80, 80)}
    monkeypatch.setattr(job, "pinned_records", lambda _trino, table: pins[table])
    monkeypatch.setattr(
        job, "partition_coverages",
        lambda _trino, pin: [OffsetCoverage(pin.topic, 0, *held[pin.topic], held[pin.topic][1])],
    )  # fmt: skip
    topics = [
        AuditedTopic(
            name, f"bronze.{name}", lambda name=name, id_=id_, end=end: TopicFacts(
                name, id_, {0: 0}, {0: end}
            ), [SourceIncarnation(name)],
        )
        for name, id_, end in (("ads", "t1", 200), ("shop", "t9", 80))
    ]  # fmt: skip
    counts = [
        sent(200, 200), ProducerCount("till", "shop", 0, 90, 90, 0, "t9"),
        ProducerCount("stray", "mistyped", 0, 5),
    ]  # fmt: skip
    trino: Any = None
    found = current_audits(trino, counts, topics)
    assert found["ads"].missing == ()
    assert [(m.first_offset, m.records) for m in found["shop"].lost] == [(80, 10)]
    text = "\n".join(as_lines(found))
    assert text.count("stray counted another topic") == text.count("counted another topic") == 1
    assert text.index("topic ads") < text.index("topic shop") < text.index("MISSING partition 0")
    document = json.loads(as_json(found))
    assert [one["topic"] for one in document["missing"]] == ["shop"]
    assert {(one["topic"], one["partition"]) for one in document["lines"]} == {
        ("ads", 0), ("ads", None), ("shop", 0), ("shop", None),
    }  # fmt: skip


def test_the_broker_is_asked_only_about_what_it_has() -> None:
    found = audit(sent(260, 260), bronze=FULL)
    broker = TopicFacts("ads", "t1", {0: 0}, {0: 200})
    assert job.without_holes(found, broker, lambda ranges: ranges) == found


def test_what_was_deleted_before_the_lake_began_is_no_loss() -> None:
    assert audit(sent(100, 200), begin=100, bronze=(100, 200, 100)).missing == ()


def test_two_producers_are_added_up() -> None:
    lost = audit(sent(150, 200), sent(150, 199), bronze=FULL)
    assert [one.records for one in lost.missing] == [100]
    assert audit(sent(100, 200), sent(100, 199), bronze=FULL).missing == ()


def test_a_partition_that_a_new_incarnation_continues_lacks_nothing() -> None:
    found = audit_of_incarnations(
        ("ads", 0, 60), ("ads@2", 60, 200), incarnations=[FIRST, second_incarnation(60, 60)]
    )
    assert found.missing == ()
    assert [line.bronze_offsets for line in found.lines] == [200, 200]


def test_what_a_new_incarnation_went_on_without_stays_missing() -> None:
    incarnations = [FIRST, second_incarnation(80, 60)]
    [one] = audit_of_incarnations(
        ("ads", 0, 60), ("ads@2", 80, 200), incarnations=incarnations, begin=80
    ).missing
    assert (one.first_offset, one.next_offset, one.records) == (60, 80, 20)
    assert "went on without them" in one.problem


def test_offsets_that_a_new_incarnation_left_out_by_mistake_are_named() -> None:
    incarnations = [FIRST, second_incarnation(80, 60)]
    found = audit_of_incarnations(
        ("ads", 0, 60), ("ads@2", 90, 200), incarnations=incarnations, begin=80
    )
    assert [(one.first_offset, one.next_offset) for one in found.missing] == [(60, 80), (80, 90)]
    assert "broker still has them" in found.missing[-1].problem


def test_a_log_that_lost_its_tail_is_read_again_and_its_loss_is_told() -> None:
    found = audit_of_incarnations(
        ("ads", 0, 150),
        ("ads@2", 0, 200),
        incarnations=[FIRST, second_incarnation(0, 150)],
        records=250,
    )
    [one] = found.missing
    assert (one.records, found.lines[0].bronze_offsets) == (50, 200)
    assert "other records have now" in one.problem
    assert "read again from offset 0" in found.notes[-1]


def test_an_incarnation_that_has_read_nothing_yet_is_behind_its_start() -> None:
    [one] = audit_of_incarnations(
        ("ads", 0, 60), incarnations=[FIRST, second_incarnation(60, 60)]
    ).missing
    assert (one.first_offset, one.next_offset) == (60, 200)
    assert "not in Bronze yet" in one.problem


def test_incarnations_from_before_the_topic_was_made_again_hold_nothing_of_it() -> None:
    incarnations = [FIRST, second_incarnation(80, 300, IncarnationKind.RECREATED)]
    [one] = audit_of_incarnations(
        ("ads", 0, 300), ("ads@2", 80, 200), incarnations=incarnations, begin=80
    ).missing
    assert (one.first_offset, one.next_offset) == (0, 80)
    assert "broker deleted them" in one.problem


def test_gaps_of_an_older_incarnation_are_named_as_far_as_it_counts() -> None:
    coverages = [
        OffsetCoverage("ads", 0, 0, 80, 70, 70), OffsetCoverage("ads@2", 0, 55, 200, 145, 145),
    ]  # fmt: skip
    broker = TopicFacts("ads", "t1", {0: 0}, {0: 200})
    incarnations = [FIRST, second_incarnation(55, 80)]
    found = audit_producers(
        [sent(200, 200)], broker, coverages, lambda _one: [(50, 60)], incarnations
    )
    assert [(one.first_offset, one.next_offset) for one in found.missing] == [(50, 55)]


def test_the_audit_of_now_reads_every_incarnation_of_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pin = Pin(1, 1, "ads@2", "t1", {0: 200}, {0: 60})
    coverages = [
        OffsetCoverage("ads", 0, 0, 60, 60, 60), OffsetCoverage("ads@2", 0, 60, 200, 140, 140),
    ]  # fmt: skip
    monkeypatch.setattr(job, "pinned_records", lambda _trino, _table: pin)
    monkeypatch.setattr(job, "partition_coverages", lambda _trino, _pin: coverages)
    broker = TopicFacts("ads", "t1", {0: 0}, {0: 200})
    incarnations = [FIRST, second_incarnation(60, 60)]
    assert audit_now(broker, incarnations, sent(200, 200)).missing == ()
    again = TopicFacts("ads", "t2", {0: 0}, {0: 5})
    with pytest.raises(OtherTopicError, match="adlake source show"):
        audit_now(again, incarnations)
    # Declared for the topic made again, and not begun: everything of it is still to come.
    third = SourceIncarnation("ads", 3, "t2", {0: 0}, {0: 200}, kind=IncarnationKind.RECREATED)
    [one] = audit_now(again, [*incarnations, third]).missing
    assert (one.first_offset, one.next_offset) == (0, 5)


def test_old_runs_count_in_total_and_foreign_ones_not_at_all() -> None:
    old = ProducerCount("old run", "ads", -1, 260)
    assert [one.partition for one in audit(old, bronze=FULL).missing] == [None]
    other = ProducerCount("other", "ads", 0, 999, 999, 0, "another topic id")
    found = audit(sent(200, 200), other, bronze=FULL)
    assert found.missing == ()
    assert "other counted another topic" in found.notes[0]


def test_records_in_nobodys_counts_are_noted_only() -> None:
    found = audit(sent(120, 200), bronze=FULL)
    assert found.missing == ()
    assert "80 records are in no producer's counts" in found.notes[0]


def test_acknowledged_offsets_that_come_again_are_counted() -> None:
    acks = PartitionAcks()
    for offset in (0, 1, 2, -1, 1, 2, 3):
        acks.add(offset)
    assert acks == PartitionAcks(records=7, next_offset=4, reused=2)


def test_counts_of_a_run_survive_its_file(tmp_path: Path) -> None:
    truth = Truth("run-1", 1, 0, 1, 0, "ads", {}, deliveries=3, topic_id="t1")
    truth.acks = {0: PartitionAcks(2, 2), 3: PartitionAcks(1, 1, 1)}
    write_truth(truth, tmp_path / "run-1")
    assert list(counts_of_runs(load_truth(tmp_path))) == [
        ProducerCount("run-1", "ads", 0, 2, 2, 0, "t1"),
        ProducerCount("run-1", "ads", 3, 1, 1, 1, "t1"),
    ]


def test_counts_are_read_from_csv_and_json(tmp_path: Path) -> None:
    table = tmp_path / "web.csv"
    table.write_text("producer,topic,partition,records,next_offset\nweb,ads,0,12,\nweb,ads,1,3,9\n")
    expected = [ProducerCount("web", "ads", 0, 12), ProducerCount("web", "ads", 1, 3, 9)]
    assert load_counts(table) == expected
    document = tmp_path / "web.json"
    document.write_text(
        '[{"producer":"web","topic":"ads","partition":0,"records":12},'
        '{"producer":"web","topic":"ads","partition":1,"records":3,"next_offset":9}]'
    )
    assert load_counts(document) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "producer,topic\nweb,ads\n"), ("a.json", "[1]"), ("a.json", "{"),
        ("a.csv", "producer,topic,partition,records\nweb,ads,0,-1\n"), ("a.txt", ""),
        ("a.json", '[{"producer":"w","topic":"ads","partition":0,"records":Infinity}]'),
        ("a.json", '[{"producer":"w","topic":"ads","partition":0,"records":NaN}]'),
        ("a.json", '[{"producer":"w","topic":"a","partition":0,"records":1,"next_offset":1e999}]'),
    ],
)  # fmt: skip
def test_a_wrong_file_of_counts_is_refused(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ProducerCountError, match=name):
        load_counts(path)
    with pytest.raises(ProducerCountError):
        load_counts(tmp_path / "absent.csv")
