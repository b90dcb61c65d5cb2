"""Which offsets of a batch, and of the seam before it, count as empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from adlake.contracts import stamps
from adlake.io.iceberg.stamp import PartitionCounts, Stamp, counts_text, offsets_text
from adlake.io.kafka.holes import OffsetRange
from adlake.maintenance import empty_offsets as job
from adlake.maintenance.batch_counts import count_mismatches
from adlake.maintenance.empty_offsets import Empty, empty_offsets
from adlake.streaming.broker_log import BrokerLog

NOTHING: Any = None


def stamp(number: int, first: int, following: int, records: int, topic_id: str = "t1") -> Stamp:
    counts = {0: PartitionCounts(first, following, records, 0)}
    return Stamp(number, {
        stamps.TOPIC: "ads", stamps.TOPIC_ID: topic_id, stamps.LEASE_GENERATION: "1",
        stamps.BATCH_ID: str(number), stamps.NEXT_OFFSETS: offsets_text({0: following}),
        stamps.BATCH_COUNTS: counts_text(counts), "added-records": str(records),
        "total-records": str(records * number),
    })  # fmt: skip


def log_with(*marks: int) -> BrokerLog:
    def find_holes(ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        return [one for one in ranges if set(range(one.first, one.next)) <= set(marks)]

    return BrokerLog("ads", "t1", find_holes)


@pytest.fixture(autouse=True)
def bronze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bronze lacks 4, 11, 12, 16 and 17, and shows the seam between the batches as well."""
    gaps = [OffsetRange(0, 4, 5), OffsetRange(0, 11, 13), OffsetRange(0, 16, 18)]
    monkeypatch.setattr(job, "_gaps_of", lambda *_asked: gaps)


BATCHES = [stamp(1, 0, 11, 10), stamp(2, 13, 25, 10)]


def test_each_offset_counts_once_within_its_batch_or_in_the_seam_before_it() -> None:
    found = empty_offsets(NOTHING, BATCHES, None, log_with(4, 11, 12, 16, 17))
    assert found == {(1, 0): Empty(0, 1), (2, 0): Empty(2, 2)}
    assert list(count_mismatches(BATCHES, None, found)) == []


def test_a_record_among_them_stays_without_a_verdict() -> None:
    found = empty_offsets(NOTHING, BATCHES, None, log_with(4, 11, 16, 17))
    assert list(count_mismatches(BATCHES, None, found)) == [
        "generation 1 batch 2, partition 0: begins at offset 13, but the one before ended at 11"
    ]
    found = empty_offsets(NOTHING, BATCHES, None, log_with(4, 11, 12))
    assert list(count_mismatches(BATCHES, None, found)) == [
        "generation 1 batch 2, partition 0: 2 offsets have no verdict"
    ]


def test_the_seam_behind_what_was_recorded_before_counts_too() -> None:
    found = empty_offsets(NOTHING, BATCHES[1:], BATCHES[0], log_with(11, 12, 16, 17))
    assert found == {(2, 0): Empty(2, 2)}


def test_nobody_is_asked_about_another_log_or_when_nothing_is_missing() -> None:
    def refuse(_ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        raise AssertionError("asked")

    log = BrokerLog("ads", "t1", refuse)
    older = [stamp(1, 0, 11, 10, topic_id="t0"), stamp(2, 13, 25, 10, topic_id="t0")]
    assert empty_offsets(NOTHING, older, None, log) == {}
    assert empty_offsets(NOTHING, [stamp(1, 0, 10, 10), stamp(2, 10, 20, 10)], None, log) == {}
