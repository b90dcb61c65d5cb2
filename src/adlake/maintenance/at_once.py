"""Merging and tidying of every table at once, on demand, as an operation of the stream.

For a lake that was loaded at once, or before a backup: else it is done in turns between batches.
Old snapshots are forgotten there alone: only a run knows how long ago they were made, whatever the
clock was set to, and copies first what their batches counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pyspark.sql import SparkSession

from adlake.contracts.compaction import Due
from adlake.contracts.law import DAY_MS
from adlake.contracts.registry import SPECS, TableSpec
from adlake.io.iceberg.leftovers import remove_leftovers
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import MAINTAIN, Operation
from adlake.maintenance.between_batches import merge_small_files
from adlake.maintenance.hour_files import merge_slice
from adlake.streaming.operations import Handler, Pause, RepeatableHandler


class MaintainHandler(RepeatableHandler):
    """Merges the small files of every table, removes what killed writers left.

    Args:
        leftover_days: files that no snapshot names go at this age; 0: never.
        is_replaying: while a replay writes its files nothing is removed.
    """

    def __init__(self, leftover_days: int, is_replaying: Callable[[], bool]) -> None:
        self._leftover_days = leftover_days
        self._is_replaying = is_replaying

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`; batches run between two tables."""
        tables = [spec for spec in SPECS if IcebergTable(session, spec.name).exists()]
        merged = removed = 0
        for spec in tables:
            merged += _merge(session, spec, pause)
            pause()
            if spec.expires and self._leftover_days and not self._is_replaying():
                removed += self._remove(session, spec)
                pause()
        return (
            f"{merged} small files merged and {removed} leftover files removed "
            f"in {len(tables)} tables"
        )

    def _remove(self, session: SparkSession, spec: TableSpec) -> int:
        now_ms = int(time.time() * 1_000)
        return remove_leftovers(session, spec.name, now_ms - self._leftover_days * DAY_MS, now_ms)


def maintain_handlers(
    leftover_days: int, is_replaying: Callable[[], bool]
) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {MAINTAIN: MaintainHandler(leftover_days, is_replaying)}


def _merge(session: SparkSession, spec: TableSpec, pause: Pause) -> int:
    """Merge the small files of one table; returns how many went."""
    if spec.compaction is None or IcebergTable(session, spec.name).current_snapshot_id() is None:
        return 0
    if spec.compaction.due is not Due.SLICES:
        return merge_small_files(session, spec)
    merged = 0
    while done := merge_slice(session, spec):
        merged += done
        pause()
    return merged
