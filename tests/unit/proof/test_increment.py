"""When a proof may stand on the last one, and what it then compares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adlake.contracts.law import LAW_V1
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io.iceberg.file_changes import FileChanges
from adlake.proof.baseline import (
    Baseline,
    ProvenTable,
    fingerprint,
    read_baseline,
    write_baseline,
)
from adlake.proof.increment import MOST_LETTERS, Increment, increment_since
from adlake.proof.segment_columns import Segments
from adlake.proof.since import joined, moved
from adlake.proof.verdict import OffsetCoverage, Pin, Totals

PIN = Pin(11, 21, "ad_events", "id-1", {0: 100, 1: 90}, {})
NEWER = dataclasses.replace(PIN, gold_snapshot=12, bronze_snapshot=22, next_offsets={0: 120, 1: 90})
BASELINE = Baseline(
    at="2026-01-01T00:00:00+00:00", judge="judge", law=repr(LAW_V1), pin=PIN,
    partitions=[OffsetCoverage("ad_events", 0, 0, 100, 100, 100)],
    admitted=180, rejected={"BAD_ID": 10}, totals=Totals(gold_rows=5, deliveries=180),
    segments=Segments({("ad_events", 0): 7}), tables={"gold.x": ProvenTable("basis", 3)},
)  # fmt: skip


def quiet(_table: str, _earlier: int, _later: int) -> FileChanges:
    return FileChanges()


def said(
    proven: Baseline | None = BASELINE,
    pin: Pin = NEWER,
    changes_of: Callable[[str, int, int], FileChanges] = quiet,
    overwritten: Callable[[str, int, datetime], str] = lambda *_: "",
) -> Increment | str:
    return increment_since(proven, pin, LAW_V1, "judge", changes_of, overwritten=overwritten)


def test_the_files_of_both_tables_are_compared_from_the_proven_snapshots_on() -> None:
    asked = []

    def changes(table: str, earlier: int, later: int) -> FileChanges:
        asked.append((table, earlier, later))
        return FileChanges(now=frozenset({f"{table}/f"}), added_rows=20)

    found = said(changes_of=changes)
    assert isinstance(found, Increment)
    assert asked == [(BRONZE_EVENTS, 21, 22), (GOLD_STATE, 11, 12)]
    assert found.values()["changed_now"] == f"'{GOLD_STATE}/f'"
    assert found.values()["changed_before"] == "''"
    assert "20 new deliveries, 1 files of Gold" in found.in_words


def test_the_same_snapshots_ask_for_no_files_and_are_nothing_to_read() -> None:
    def never(_table: str, _earlier: int, _later: int) -> FileChanges:
        raise AssertionError

    found = said(pin=PIN, changes_of=never)
    assert isinstance(found, Increment)
    assert found.is_nothing
    assert "neither was read again" in found.in_words


def test_new_records_lie_behind_the_proven_offsets_of_their_partition() -> None:
    found = said()
    assert isinstance(found, Increment)
    assert found.new_records == (
        "(kafka_offset >= 90 AND kafka_topic = 'ad_events' AND kafka_offset >= "
        "CASE kafka_partition WHEN 0 THEN 100 WHEN 1 THEN 90 ELSE 0 END)"
    )


def changed(table: str, changes: FileChanges) -> Callable[[str, int, int], FileChanges]:
    return lambda name, _earlier, _later: changes if name == table else FileChanges()


def overwritten(table: str, snapshot: int) -> Callable[[str, int, datetime], str]:
    """A file of this snapshot alone was written again since the proof."""
    place = (table, snapshot, datetime(2026, 1, 1, tzinfo=UTC))
    return lambda *asked: "/it.parquet" if asked == place else ""


DOUBTS: dict[str, tuple[dict[str, object], str]] = {
    "no proof is kept": ({"proven": None}, "no good proof"),
    "another version judged": (
        {"proven": dataclasses.replace(BASELINE, judge="older")}, "another version of adlake"
    ),
    "another law": (
        {"proven": dataclasses.replace(BASELINE, law="LawConstants(...)")}, "another law"
    ),
    "the topic was made again": (
        {"pin": dataclasses.replace(NEWER, topic_id="id-2")}, "begun anew"
    ),
    "a new source incarnation": (
        {"pin": dataclasses.replace(NEWER, topic="ad_events@2")}, "begun anew"
    ),
    "it begins at other offsets": (
        {"pin": dataclasses.replace(NEWER, start_offsets={0: 3})}, "begun anew"
    ),
    "Bronze was rolled back": (
        {"pin": dataclasses.replace(NEWER, next_offsets={0: 120, 1: 89})}, "goes less far"
    ),
    "a partition is gone": (
        {"pin": dataclasses.replace(NEWER, next_offsets={0: 120})}, "goes less far"
    ),
    "the snapshot has expired": (
        {"changes_of": changed(GOLD_STATE, FileChanges(doubt="a snapshot is not known"))},
        "a snapshot is not known",
    ),
    "rows of Bronze were deleted": (
        {"changes_of": changed(BRONZE_EVENTS, FileChanges(has_new_deletes=True))},
        "rows of bronze.ad_events were deleted",
    ),
    "a file of Bronze was overwritten": (
        {"overwritten": overwritten(BRONZE_EVENTS, 21)}, "written again since it was proven: /it"
    ),
    "a file of Gold was overwritten": (
        {"overwritten": overwritten(GOLD_STATE, 11), "pin": PIN}, "written again"
    ),
    "Bronze is in doubt": (
        {"changes_of": changed(BRONZE_EVENTS, FileChanges(doubt="who knows"))}, "who knows"
    ),
    "more files than a query takes": (
        {"changes_of": changed(GOLD_STATE, FileChanges(now=frozenset({"f" * (MOST_LETTERS + 1)})))},
        "so many files",
    ),
}  # fmt: skip


@pytest.mark.parametrize("doubt", DOUBTS)
def test_any_doubt_is_a_sentence_and_everything_is_compared(doubt: str) -> None:
    given, sentence = DOUBTS[doubt]
    found = said(**given)  # type: ignore[arg-type]
    assert isinstance(found, str)
    assert sentence in found


def test_gold_may_lose_files_and_is_compared_as_it_was_and_is() -> None:
    gone = FileChanges(before=frozenset({"old"}))
    found = said(changes_of=changed(GOLD_STATE, gone))
    assert isinstance(found, Increment)
    assert not found.is_nothing
    assert found.values()["changed_before"] == "'old'"


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "proof" / "baseline.json"
    assert read_baseline(file) is None
    write_baseline(file, BASELINE)
    assert read_baseline(file) == BASELINE
    assert [one.name for one in file.parent.iterdir()] == ["baseline.json"]
    for text in ("", "{}", "[]", file.read_text().replace('"admitted"', '"admited"'),
                 file.read_text().replace('"gold_rows"', '"rows_of_gold"')):  # fmt: skip
        file.write_text(text)
        assert read_baseline(file) is None, "what is not understood is no proof"


def test_the_fingerprint_is_that_of_the_judges_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fingerprint() == fingerprint()
    (tmp_path / "checks").mkdir()
    check = tmp_path / "checks" / "one.sql"
    monkeypatch.setattr("adlake.proof.baseline._JUDGES", (tmp_path / "checks",))
    seen = set()
    for text in ("SELECT 1", "SELECT 2"):
        check.write_text(text)
        seen.add(fingerprint())
    check.rename(check.with_name("two.sql"))
    seen.add(fingerprint())
    assert len(seen) == 3


def test_offsets_that_came_join_those_that_were_proven() -> None:
    proven = [
        OffsetCoverage("t", 0, 5, 100, 95, 95, holes=2), OffsetCoverage("t", 1, 0, 90, 90, 90),
    ]  # fmt: skip
    came = [OffsetCoverage("t", 0, 100, 121, 20, 20), OffsetCoverage("t", 2, 0, 4, 4, 4)]
    assert joined(proven, came) == [
        OffsetCoverage("t", 0, 5, 121, 115, 115, holes=2),
        OffsetCoverage("t", 1, 0, 90, 90, 90),
        OffsetCoverage("t", 2, 0, 4, 4, 4),
    ]


def test_totals_hold_touched_impressions_as_they_are_now() -> None:
    proven = Totals(
        gold_rows=10, expected_rows=10, impressions=9, deliveries=20, events=15, conversions=4,
        conversion_micros=400, revenue_micros=300, out_of_window_micros=100,
    )  # fmt: skip
    # Two rows with three events, one of them a conversion of 50; then one more delivery each, of
    # which one is a new conversion of 30 and one was known.
    before = {
        "gold_rows": 2, "impressions": 2, "clicked": 0, "converted": 0, "revenue_micros": 0,
        "out_of_window_micros": 50, "events": 3, "conversions": 1, "conversion_micros": 50,
    }  # fmt: skip
    now = {
        "gold_rows": 2, "expected_rows": 2, "impressions": 2, "clicked": 0, "converted": 0,
        "revenue_micros": 0, "out_of_window_micros": 80, "deliveries": 5, "inexact_headers": 0,
        "events": 4, "conversions": 2, "conversion_micros": 80,
    }  # fmt: skip
    assert moved(proven, before, now) == Totals(
        gold_rows=10, expected_rows=10, impressions=9, deliveries=22, events=16, conversions=5,
        conversion_micros=430, revenue_micros=300, out_of_window_micros=130,
    )  # fmt: skip
