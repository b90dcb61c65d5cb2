"""The offset ledger's failures that need no lake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from adlake.io.topic import TopicFacts
from adlake.io.topic_holes import OffsetRange
from adlake.jobs.proof import PartitionLedger, Pin
from adlake.jobs.verify_ledger import end_failures, head_failures, missing_ranges, with_holes
from adlake.jobs.verify_pin import (
    EmptyLakeError,
    NothingToVerifyError,
    clear_empty_lake,
    pinned_snapshots,
)

PIN = Pin(1, 1, "ads", "id-1", next_offsets={0: 100, 1: 100})
SECOND_EPOCH = Pin(1, 1, "ads@2", "id-2", {0: 100, 1: 60}, start_offsets={0: 7, 1: 60})


def ledger(partition: int, first_offset: int, topic: str = "ads") -> PartitionLedger:
    return PartitionLedger(topic, partition, first_offset, 100, 100 - first_offset, 100)


def test_a_missing_head_is_named() -> None:
    [failure] = head_failures(PIN, [ledger(0, 0), ledger(1, 7)], {0: 0, 1: 3})
    assert "partition 1: the broker has offset 3, Bronze begins at 7" in failure.problem


def test_a_head_of_aborted_records_is_not_missing() -> None:
    ledgers = [ledger(0, 5), ledger(1, 7)]
    [failure] = head_failures(PIN, ledgers, {0: 0, 1: 3}, lambda _heads: [OffsetRange(0, 0, 5)])
    assert "partition 1" in failure.problem
    assert head_failures(PIN, ledgers, {0: 0, 1: 3}, lambda heads: heads) == []


def test_retention_behind_us_and_an_unasked_broker_are_fine() -> None:
    assert head_failures(PIN, [ledger(0, 0), ledger(1, 7)], {0: 50, 1: 7}) == []
    assert head_failures(PIN, [ledger(1, 7)], {}) == []


def test_an_epoch_begins_where_it_was_declared_to() -> None:
    older = [ledger(0, 50), ledger(1, 50)]
    assert head_failures(SECOND_EPOCH, [*older, ledger(0, 7, "ads@2")], {0: 0, 1: 0}) == []
    [failure] = head_failures(SECOND_EPOCH, [ledger(0, 8, "ads@2")], {0: 0, 1: 0})
    assert "has offset 7, Bronze begins at 8" in failure.problem


def problems(pin: Pin, ledgers: Sequence[PartitionLedger]) -> list[str]:
    return [failure.problem for failure in end_failures(pin, ledgers)]


def test_the_stamp_and_bronze_end_at_the_same_offset() -> None:
    assert problems(PIN, [ledger(0, 0), ledger(1, 0)]) == []
    [problem] = problems(PIN, [ledger(0, 0)])
    assert "below 100 are contained, Bronze ends before 0" in problem


def test_rows_of_older_epochs_are_known_those_of_another_topic_are_not() -> None:
    newest = ledger(0, 7, "ads@2")
    assert problems(SECOND_EPOCH, [newest, ledger(0, 0)]) == []
    [problem] = problems(SECOND_EPOCH, [newest, ledger(0, 0, "other")])
    assert problem == "Bronze holds rows of another topic: other"
    [problem] = problems(SECOND_EPOCH, [newest, ledger(0, 0, "ads@3")])
    assert problem == "Bronze holds rows of another topic: ads@3"


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (None, "is not known: run `make up`"),
        (TopicFacts("ads", "t", {0: 5}, {0: 5}), "topic ads is empty too: send events"),
        (TopicFacts("ads", "t", {0: 5}, {0: 9}), "holds 4 records to read: `adlake wait`"),
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


class Offending:
    """Stands for Trino: offsets after which some are missing, of two epochs."""

    def records(self, _sql: str) -> list[dict[str, Any]]:
        return [
            {"kafka_topic": topic, "kafka_partition": 0, "kafka_offset": at, "missing_after": 2}
            for topic, at in (("ads", 9), ("ads@2", 29))
        ]


def test_gaps_are_those_of_the_asked_epoch_and_only_the_newest_is_asked_about() -> None:
    trino: Any = Offending()
    older = PartitionLedger("ads", 0, 0, 100, 98, 98)
    newest = PartitionLedger("ads@2", 0, 7, 100, 91, 91)
    assert missing_ranges(trino, SECOND_EPOCH, [older], 10) == [OffsetRange(0, 10, 12)]
    assert missing_ranges(trino, SECOND_EPOCH, [newest], 10) == [OffsetRange(0, 30, 32)]
    found = with_holes(trino, SECOND_EPOCH, [older, newest], lambda gaps: gaps)
    assert [ledger.hole_ranges for ledger in found] == [(), ((30, 32),)]
    assert with_holes(trino, SECOND_EPOCH, [older], lambda _gaps: []) == [older]


def test_offsets_without_a_record_are_counted_within_ranges() -> None:
    one = PartitionLedger("ads", 0, 0, 100, 90, 90, hole_ranges=((10, 15), (40, 45)))
    assert one.holes == 10
    assert one.holes_within(0, 100) == 10
    assert one.holes_within(12, 42) == 5
    assert one.holes_within(15, 40) == 0
