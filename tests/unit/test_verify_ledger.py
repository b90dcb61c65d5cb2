"""Heads of partitions: what the broker has and Bronze never got."""

from __future__ import annotations

from adlake.jobs.proof import PartitionLedger
from adlake.jobs.verify_ledger import head_failures


def ledger(partition: int, first_offset: int) -> PartitionLedger:
    return PartitionLedger("ads", partition, first_offset, 100, 100 - first_offset, 100)


def test_a_missing_head_is_named() -> None:
    [failure] = head_failures([ledger(0, 0), ledger(1, 7)], {0: 0, 1: 3})
    assert "partition 1: the broker begins at 3, Bronze at 7" in failure.problem


def test_retention_behind_us_and_an_unasked_broker_are_fine() -> None:
    assert head_failures([ledger(0, 0), ledger(1, 7)], {0: 50, 1: 7}) == []
    assert head_failures([ledger(1, 7)], {}) == []
