"""The offset ledger's failures that need no lake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adlake.io.topic_holes import OffsetRange
from adlake.jobs.proof import PartitionLedger, Pin
from adlake.jobs.verify_ledger import end_failures, head_failures, missing_ranges, with_holes

PIN = Pin(1, 1, "ads", "id-1", next_offsets={0: 100, 1: 100})
SECOND_EPOCH = Pin(1, 1, "ads@2", "id-2", {0: 100, 1: 60}, start_offsets={0: 7, 1: 60})


def ledger(partition: int, first_offset: int, topic: str = "ads") -> PartitionLedger:
    return PartitionLedger(topic, partition, first_offset, 100, 100 - first_offset, 100)


def test_a_missing_head_is_named() -> None:
    [failure] = head_failures(PIN, [ledger(0, 0), ledger(1, 7)], {0: 0, 1: 3})
    assert "partition 1: the broker has offset 3, Bronze begins at 7" in failure.problem


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
