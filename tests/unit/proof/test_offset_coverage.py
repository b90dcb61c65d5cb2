"""Failures of offset coverage and of batch counts that need no lake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from adlake.folders import ADLAKE
from adlake.io.kafka import holes as topic_holes
from adlake.io.kafka.holes import OffsetRange
from adlake.io.kafka.topic import TopicFacts
from adlake.proof import batch_counts, bronze_gaps
from adlake.proof.batch_counts import completeness_failures
from adlake.proof.bronze_gaps import missing_ranges
from adlake.proof.offset_coverage import (
    coverage_failures,
    end_failures,
    head_failures,
    with_holes,
)
from adlake.proof.pin import (
    EmptyLakeError,
    NothingToVerifyError,
    clear_empty_lake,
    pinned_snapshots,
)
from adlake.proof.verdict import OffsetCoverage, Pin

PIN = Pin(1, 1, "ads", "id-1", next_offsets={0: 100, 1: 100})
SECOND_INCARNATION = Pin(1, 1, "ads@2", "id-2", {0: 100, 1: 60}, start_offsets={0: 7, 1: 60})


def coverage(partition: int, first_offset: int, topic: str = "ads") -> OffsetCoverage:
    return OffsetCoverage(topic, partition, first_offset, 100, 100 - first_offset, 100)


def test_a_missing_head_is_named() -> None:
    [failure] = head_failures(PIN, [coverage(0, 0), coverage(1, 7)], {0: 0, 1: 3})
    assert "partition 1: the broker has offset 3, Bronze begins at 7" in failure.problem


def test_a_head_of_aborted_records_is_not_missing() -> None:
    coverages = [coverage(0, 5), coverage(1, 7)]
    [failure] = head_failures(PIN, coverages, {0: 0, 1: 3}, lambda _heads: [OffsetRange(0, 0, 5)])
    assert "partition 1" in failure.problem
    assert head_failures(PIN, coverages, {0: 0, 1: 3}, lambda heads: heads) == []


def test_retention_behind_us_and_an_unasked_broker_are_fine() -> None:
    assert head_failures(PIN, [coverage(0, 0), coverage(1, 7)], {0: 50, 1: 7}) == []
    assert head_failures(PIN, [coverage(1, 7)], {}) == []


def test_an_incarnation_begins_where_it_was_declared_to() -> None:
    older = [coverage(0, 50), coverage(1, 50)]
    assert head_failures(SECOND_INCARNATION, [*older, coverage(0, 7, "ads@2")], {0: 0, 1: 0}) == []
    [failure] = head_failures(SECOND_INCARNATION, [coverage(0, 8, "ads@2")], {0: 0, 1: 0})
    assert "has offset 7, Bronze begins at 8" in failure.problem


def problems(pin: Pin, coverages: Sequence[OffsetCoverage]) -> list[str]:
    return [failure.problem for failure in end_failures(pin, coverages)]


def test_the_stamp_and_bronze_end_at_the_same_offset() -> None:
    assert problems(PIN, [coverage(0, 0), coverage(1, 0)]) == []
    [problem] = problems(PIN, [coverage(0, 0)])
    assert "below 100 are contained, Bronze ends before 0" in problem


def test_rows_of_older_incarnations_are_known_those_of_another_topic_are_not() -> None:
    newest = coverage(0, 7, "ads@2")
    assert problems(SECOND_INCARNATION, [newest, coverage(0, 0)]) == []
    [problem] = problems(SECOND_INCARNATION, [newest, coverage(0, 0, "other")])
    assert problem == "Bronze holds rows of another topic: other"
    [problem] = problems(SECOND_INCARNATION, [newest, coverage(0, 0, "ads@3")])
    assert problem == "Bronze holds rows of another topic: ads@3"


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (None, "is not known: run `make up`"),
        (TopicFacts("ads", "t", {0: 5}, {0: 5}), "topic ads is empty too: send events"),
        (TopicFacts("ads", "t", {0: 5}, {0: 9}), f"holds 4 records to read: `{ADLAKE} wait`"),
        (TopicFacts("ads", "t", {0: 5}, {0: 5}, {}, {0: 7}), "holds 2 records to read"),
    ],
)
def test_an_empty_gold_sends_nobody_in_a_circle(topic: TopicFacts | None, said: str) -> None:
    with pytest.raises(EmptyLakeError) as found, clear_empty_lake(topic):
        raise EmptyLakeError("bare")
    assert said in str(found.value)
    assert ("adlake wait" in str(found.value)) is (topic is not None and bool(topic.written[0] - 5))


def test_an_empty_gold_without_a_stream_says_that_none_runs() -> None:
    topic = TopicFacts("ads", "t", {0: 5}, {0: 9})
    with pytest.raises(EmptyLakeError) as found, clear_empty_lake(topic, lambda: False):
        raise EmptyLakeError("bare")
    assert "4 records to read: the stream is not running: `make up` starts it" in str(found.value)
    assert "adlake wait" not in str(found.value)


class Snapshots:
    """Stands for Trino: the snapshots of Gold, and none of Bronze."""

    def __init__(self, summary: dict[str, str]) -> None:
        self._gold = [{"snapshot_id": 7, "parent_id": None, "summary": summary, "is_head": True}]

    def records(self, sql: str) -> list[dict[str, Any]]:
        return self._gold if "ad_performance_state" in sql else []


def test_the_snapshot_a_table_is_made_with_is_an_empty_lake() -> None:
    made: Any = Snapshots({"total-records": "0"})
    with pytest.raises(EmptyLakeError):
        pinned_snapshots(made)
    without_stamp: Any = Snapshots({"total-records": "12"})
    with pytest.raises(NothingToVerifyError, match="carry no stamp") as found:
        pinned_snapshots(without_stamp)
    assert not isinstance(found.value, EmptyLakeError)


class HeldOffsets:
    """Stands for Trino: runs of offsets that Bronze holds, and mismatches of batch counts."""

    def __init__(
        self, held: Mapping[tuple[str, int], Iterable[int]], *gaps: dict[str, Any]
    ) -> None:
        self._held = {place: sorted(offsets) for place, offsets in held.items()}
        self._gaps = list(gaps)

    def records(self, sql: str) -> list[dict[str, Any]]:
        return self._gaps if "completeness_gaps" in sql else []

    def rows(self, sql: str) -> Iterator[tuple[str, int, int, int]]:
        [first, following] = map(int, re.findall(r"kafka_offset >=? (\d+).*?< (\d+)", sql)[0])
        for (topic, partition), offsets in self._held.items():
            within = [offset for offset in offsets if first <= offset < following]
            for _, run in groupby(enumerate(within), lambda pair: pair[1] - pair[0]):
                numbers = [offset for _, offset in run]
                yield topic, partition, numbers[0], numbers[-1] + 1


class RecordedOffsets(HeldOffsets):
    """And what the batch counts say of partition 0: up to where, how many are empty."""

    recorded = (0, 0)

    def one(self, _sql: str) -> dict[str, int]:
        return dict(zip(("recorded_until", "empty_offsets"), self.recorded, strict=True))


@pytest.mark.parametrize(
    ("recorded", "holes", "lost"),
    [
        ((60, 3), 4, []),  # the broker knows 80 alone: retention deleted what is before
        ((60, 2), 1, [(10, 12), (40, 41)]),  # one of them was a record
        ((30, 2), 3, [(40, 41)]),  # not recorded in time
        ((0, 0), 1, [(10, 12), (40, 41)]),
    ],
)
def test_what_the_broker_has_deleted_is_explained_by_the_batch_counts_or_not_at_all(
    recorded: tuple[int, int], holes: int, lost: list[tuple[int, int]]
) -> None:
    offsets = RecordedOffsets({("ads", 0): without(100, 10, 11, 40, 80)})
    offsets.recorded = recorded
    trino: Any = offsets
    held = OffsetCoverage("ads", 0, 0, 100, 96, 96)
    pin = replace(PIN, has_counts=True)
    only_80 = [OffsetRange(0, 80, 81)]
    [found] = with_holes(trino, pin, [held], lambda gaps: [g for g in gaps if g in only_80])
    assert found.holes == holes
    assert [(one.first, one.next) for one in found.lost_ranges] == lost


def without(count: int, *gone: int) -> list[int]:
    return sorted(set(range(count)).difference(gone))


def test_gaps_are_those_of_the_asked_incarnation_and_only_the_newest_is_asked_about() -> None:
    held = {("ads", 0): without(100, 10, 11), ("ads@2", 0): without(100, *range(7), 30, 31)}
    trino: Any = HeldOffsets(held)
    older = OffsetCoverage("ads", 0, 0, 100, 98, 98)
    newest = OffsetCoverage("ads@2", 0, 7, 100, 91, 91)
    assert list(missing_ranges(trino, SECOND_INCARNATION, [older])) == [OffsetRange(0, 10, 12)]
    assert list(missing_ranges(trino, SECOND_INCARNATION, [newest])) == [OffsetRange(0, 30, 32)]
    found = with_holes(trino, SECOND_INCARNATION, [older, newest], lambda gaps: gaps)
    assert [coverage.holes for coverage in found] == [0, 2]
    [alone] = with_holes(trino, SECOND_INCARNATION, [older], lambda gaps: gaps)
    assert (alone.holes, alone.lost_ranges) == (0, (OffsetRange(0, 10, 12),))


def test_a_gap_over_the_end_of_a_piece_is_seen_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bronze_gaps, "OFFSETS_PER_RANGE", 10)
    trino: Any = HeldOffsets({("ads", 0): without(100, 9, *range(18, 43), 50)})
    found = list(missing_ranges(trino, PIN, [OffsetCoverage("ads", 0, 0, 100, 73, 73)]))
    assert found == [OffsetRange(0, 9, 10), OffsetRange(0, 18, 43), OffsetRange(0, 50, 51)]


def test_a_commit_every_second_for_hours_is_no_loss_and_a_lost_record_among_them_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topic_holes, "RANGES_AT_ONCE", 1_000)
    marks = set(range(3, 100_000, 5))
    trino: Any = HeldOffsets({("ads", 0): without(100_001, *marks, 77_000)})
    one = OffsetCoverage("ads", 0, 0, 100_001, 80_000, 80_000)
    most_asked = 0

    def only_marks(ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        nonlocal most_asked
        most_asked = max(most_asked, len(ranges))
        return [gap for gap in ranges if gap.first in marks]

    [found] = with_holes(trino, PIN, [one], only_marks)
    assert (found.holes, found.lost_ranges) == (20_000, (OffsetRange(0, 77_000, 77_001),))
    [failure] = coverage_failures(trino, replace(PIN, next_offsets={0: 100_001}), [found], 10)
    assert failure.problem == "Bronze misses 1 offsets of ads partition 0"
    assert [row["first"] for row in failure.rows] == [77_000]
    assert most_asked == 1_000


def gap(first: int, following: int, missing: int) -> dict[str, Any]:
    return {
        "gap": "offsets of a batch neither admitted nor rejected", "kafka_topic": "ads",
        "kafka_partition": 0, "first_offset": first, "next_offset": following, "missing": missing,
    }  # fmt: skip


def test_counts_from_before_empty_offsets_were_recorded_are_explained_by_the_broker() -> None:
    pin = replace(PIN, has_counts=True)
    held = OffsetCoverage("ads", 0, 0, 100, 96, 96)
    trino: Any = HeldOffsets(
        {("ads", 0): without(100, 10, 11, 40, 60)}, gap(0, 30, 2), gap(40, 41, 1), gap(50, 70, 1)
    )
    marks = [OffsetRange(0, 10, 12), OffsetRange(0, 40, 41)]
    [failure] = completeness_failures(
        trino, pin, [held], 10, lambda gaps: [g for g in gaps if g in marks], with_bronze=False
    )
    assert [row["first_offset"] for row in failure.rows] == [50]
    assert completeness_failures(trino, pin, [held], 10, lambda g: g, with_bronze=False) == []


def test_more_open_places_than_are_looked_at_are_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_counts, "MOST_MISMATCHES", 1)
    pin = replace(PIN, has_counts=True)
    trino: Any = HeldOffsets({("ads", 0): without(100, 10)}, gap(0, 30, 1))
    held = OffsetCoverage("ads", 0, 0, 100, 99, 99)
    [failure] = completeness_failures(trino, pin, [held], 10, lambda g: g, with_bronze=False)
    assert "only the first 1 places were looked at" in failure.problem


def test_offsets_without_a_record_are_counted_within_ranges() -> None:
    batches = [OffsetRange(0, 0, 20), OffsetRange(0, 20, 50), OffsetRange(1, 0, 50)]
    holes = [OffsetRange(0, 10, 15), OffsetRange(0, 40, 45), OffsetRange(0, 60, 61)]
    found = topic_holes.counted_within(batches, holes)
    assert [found[one] for one in batches] == [5, 5, 0]
