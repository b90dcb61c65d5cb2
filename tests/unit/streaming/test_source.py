"""Where reading goes on, what is refused by name, and how an operator goes on all the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from adlake.cli import app
from adlake.contracts import stamps
from adlake.contracts.source import (
    IncarnationKind,
    incarnation_of_label,
    source_label,
    topic_of_label,
)
from adlake.io.iceberg.stamp import LastRecord, Stamp, last_records_text, offsets_text
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming import incarnation as incarnation_job
from adlake.streaming.incarnation import (
    NothingToContinueError,
    Situation,
    continue_anyway,
    described,
    in_need,
)
from adlake.streaming.source import (
    BrokerLostDataError,
    RetentionGapError,
    SourcePosition,
    TopicRecreatedError,
    UnsafeSourceError,
    begins_another_topic,
    check_topic,
    continued_offsets,
    source_position,
    starting_offsets,
)

TOPIC = TopicFacts("ads", "id-1", begin_offsets={0: 5, 1: 0}, end_offsets={0: 20, 1: 10})
FIRST = SourceIncarnation("ads")
SECOND = SourceIncarnation("ads", 2, "id-2", start_offsets={0: 3, 1: 0})


def at(topic_id: str = "id-1", **next_offsets: int) -> SourcePosition:
    offsets = {int(name.removeprefix("p")): offset for name, offset in next_offsets.items()}
    return SourcePosition(topic_id, offsets)


def stamp(label: str, topic_id: str, offsets: Mapping[int, int]) -> Stamp:
    properties = {stamps.TOPIC: label, stamps.TOPIC_ID: topic_id}
    return Stamp(1, properties | {stamps.NEXT_OFFSETS: offsets_text(offsets)})


def test_healthy_topics_pass() -> None:
    for healthy in (None, at(p0=5, p1=0), at(p0=20, p1=10), at(p0=7)):
        check_topic(healthy, TOPIC)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (at("id-2", p0=7, p1=0), TopicRecreatedError),
        (at(p0=21, p1=0), BrokerLostDataError),
        (at(p0=7, p1=0, p2=1), BrokerLostDataError),
        (at(p0=4, p1=0), RetentionGapError),
    ],
)
def test_unsafe_topics_are_refused_by_name(found: SourcePosition, error: type[Exception]) -> None:
    with pytest.raises(error, match="adlake source continue"):
        check_topic(found, TOPIC)


def test_a_tail_that_was_lost_and_written_again_is_refused_and_read_again() -> None:
    ours, other = LastRecord(6, 1_000, 7), LastRecord(6, 2_000, 7)
    known = replace(at(p0=7, p1=4), last_records={0: ours, 1: LastRecord(3, 5, 5)})
    check_topic(known, TOPIC)  # the broker was not asked, or could not say
    check_topic(known, replace(TOPIC, last_records={0: ours}))
    rewritten = replace(TOPIC, last_records={0: other})
    with pytest.raises(BrokerLostDataError, match=r"\{0: 6\}.*adlake source continue"):
        check_topic(known, rewritten)
    assert continued_offsets(known, rewritten) == {0: 5, 1: 4}


def test_last_records_are_remembered_by_the_stamp() -> None:
    last = {2: LastRecord(11, 1_772_445_600_000, 4_294_967_295), 0: LastRecord(0, -1, 0)}
    told = {stamps.LAST_RECORDS: last_records_text(last)}
    one = stamp("ads", "id-1", {0: 1, 2: 12})
    known = Stamp(1, {**one.properties, **told})
    assert known.last_records == last
    position = source_position(known, FIRST)
    assert position is not None
    assert position.last_records == last
    assert one.last_records == {}, "stamps of older drivers have none"


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (at("id-2", p0=7), IncarnationKind.RECREATED),
        (at(p0=21), IncarnationKind.LOST_TAIL),
        (at(p0=4), IncarnationKind.RETENTION_GAP),
    ],
)
def test_the_kind_tells_whether_the_topic_was_made_again(
    found: SourcePosition, kind: IncarnationKind
) -> None:
    with pytest.raises(UnsafeSourceError) as error:
        check_topic(found, TOPIC)
    assert error.value.kind is kind
    # Whatever the sentence says: it is for people.
    incarnation = SourceIncarnation(
        "ads", 2, "id-1", finding="it was deleted and made again", kind=kind
    )
    assert begins_another_topic(incarnation) is (kind is IncarnationKind.RECREATED)
    assert not begins_another_topic(FIRST)


def test_reading_begins_behind_the_stamp_and_new_partitions_at_their_first_offset() -> None:
    assert json.loads(starting_offsets(at(p0=7), TOPIC)) == {"ads": {"0": 7, "1": -2}}
    assert json.loads(starting_offsets(None, TOPIC)) == {"ads": {"0": -2, "1": -2}}


def test_labels_tell_the_topic_and_the_incarnation() -> None:
    assert [source_label("ads", n) for n in (1, 2, 12)] == ["ads", "ads@2", "ads@12"]
    for label in ("ads", "ads@2", "ads@12"):
        assert source_label(topic_of_label(label), incarnation_of_label(label)) == label


def test_the_stamp_of_the_newest_incarnation_is_the_position() -> None:
    assert source_position(None, FIRST) is None
    old, new = stamp("ads", "id-1", {0: 9}), stamp("ads@2", "id-2", {0: 4})
    assert source_position(old, FIRST) == at(p0=9)
    assert source_position(new, SECOND) == at("id-2", p0=4)
    # Stamped before the incarnation began: its offsets mean other records.
    assert source_position(old, SECOND) == at("id-2", p0=3, p1=0)


@pytest.mark.parametrize(
    ("found", "begun"),
    [
        (at("id-9", p0=700, p1=700), {0: 5, 1: 0}),
        (at(p0=21, p1=4), {0: 5, 1: 4}),
        (at(p0=4, p1=4), {0: 5, 1: 4}),
        (at(p0=21), {0: 5, 1: 0}),
    ],
    ids=["recreated", "tail lost", "head deleted", "tail lost, new partition"],
)
def test_a_new_incarnation_leaves_out_nothing_that_the_broker_has(
    found: SourcePosition, begun: Mapping[int, int]
) -> None:
    assert continued_offsets(found, TOPIC) == begun


def test_going_on_is_refused_when_nothing_is_wrong() -> None:
    healthy = Situation(FIRST, at(p0=7, p1=1), TOPIC, finding="")
    with pytest.raises(NothingToContinueError, match="make up"):
        continue_anyway(healthy, connect=_no_database, reason="because")


def test_going_on_is_recorded_with_what_was_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    declared: list[SourceIncarnation] = []
    monkeypatch.setattr(
        incarnation_job, "declare", lambda _connect, incarnation: declared.append(incarnation)
    )
    lost = Situation(SECOND, at("id-2", p0=700), TOPIC, "made again", IncarnationKind.RECREATED)
    begun = continue_anyway(lost, connect=_no_database, reason="the broker's disk died")
    assert declared == [begun]
    assert (begun.number, begun.label, begun.topic_id) == (3, "ads@3", "id-1")
    assert begun.start_offsets == {0: 5, 1: 0}
    assert begun.contained_offsets == {0: 700}
    assert (begun.finding, begun.reason) == ("made again", "the broker's disk died")
    assert begun.kind is IncarnationKind.RECREATED
    assert "/pid " in begun.declared_by


@pytest.mark.parametrize(
    "arguments",
    [
        ["source", "continue", "--reason", ""],
        ["source", "continue", "--reason", " \t"],
        ["quarantine", "fix", "0/7", "--set", "bid_price=1", "--why", "  "],
    ],
)
def test_a_blank_reason_is_refused(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adlake.wiring.lake.lease_connect", lambda _settings: _no_database())
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2, refused.output
    assert "say why" in refused.output


def test_every_continued_incarnation_says_who_and_what_was_found() -> None:
    assert described(FIRST) == "ads: from the beginning"
    silent = SourceIncarnation("ads", 2, "id-1", {0: 3}, {0: 9}, "lost its tail", " ", "host/pid 7")
    assert described(silent) == (
        "ads@2: from {0: 3}; no reason given (host/pid 7); found: lost its tail"
    )


def _no_database() -> None:
    raise AssertionError("the database must not be asked")


def situation_of(topic: str, finding: str = "") -> Situation:
    facts = TopicFacts(topic, "id-1", {}, {})
    return Situation(SourceIncarnation(topic), None, facts, finding)


def test_the_topic_that_cannot_go_on_is_the_one_to_continue() -> None:
    ads, shop = situation_of("ads"), situation_of("shop", "it was deleted")
    assert in_need([ads, shop]) is shop
    assert in_need([ads, situation_of("shop")]) is ads
    assert in_need([ads, shop], "ads") is ads
    with pytest.raises(NothingToContinueError, match="there are: ads, shop"):
        in_need([ads, shop], "clicks")
    both = [situation_of("ads", "lost"), shop]
    with pytest.raises(NothingToContinueError, match="each of ads, shop: name one"):
        in_need(both)
    assert in_need(both, "shop") is shop
