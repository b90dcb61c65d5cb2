"""Keeping one snapshot beyond its time: a tag that expiry spares, as an operation of the stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyspark.sql import SparkSession

from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import DAY_MS
from adlake.contracts.registry import names_of
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import KEEP_SNAPSHOT, Operation
from adlake.streaming.operations import Handler, Pause

TAG_PREFIX: Final = "kept-"
SNAPSHOT, DAYS = "snapshot", "days"
"""What the operation is told."""


class UnknownSnapshotError(AdlakeError):
    """No table that forgets snapshots knows this one."""


class KeepHandler:
    """Tags a snapshot of whatever table it is of."""

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        if self.is_applied(session, operation):
            return "done by a driver that was stopped right after it"
        snapshot_id, days = operation.arguments[SNAPSHOT], operation.arguments[DAYS]
        for table in _tables(session):
            if table.holds_snapshot(snapshot_id):
                tag = _tag_of(operation)
                table.keep_snapshot(tag, snapshot_id, days * DAY_MS)
                return f"{table.name} snapshot {snapshot_id} is kept for {days} days: tag {tag}"
        raise UnknownSnapshotError(
            f"no table knows snapshot {snapshot_id}: it has expired, or is of another lake"
        )

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """Whether a table has its tag."""
        tag = _tag_of(operation)
        return any(tag in table.tags(tag) for table in _tables(session))

    def give_up(self, session: SparkSession) -> None:
        """Nothing was prepared."""


def keep_handlers() -> Mapping[str, Handler]:
    """By kind of operation."""
    return {KEEP_SNAPSHOT: KeepHandler()}


def _tables(session: SparkSession) -> Iterator[IcebergTable]:
    tables = (IcebergTable(session, name) for name in names_of(expires=True))
    return (table for table in tables if table.exists())


def _tag_of(operation: Operation) -> str:
    return f"{TAG_PREFIX}{operation.operation_id}"
