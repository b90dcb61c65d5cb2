"""Iceberg through Spark's JVM: stamps, branches and snapshots of one table.

A *stamp* is the set of properties (contracts.stamps) that a commit of the streaming job carries in
its snapshot summary. The newest stamp among the ancestors of `main` says which offsets the table
contains; it is the only memory the job trusts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import CATALOG
from adlake.io.stamp import Stamp

STAGING_BRANCH = "staging"
MAIN_BRANCH = "main"
SEQUENCE = "sequence-number"
COMMITTED_MS = "committed-ms"
"""Not in the summary itself, but wanted beside it."""
ROWS_ADDED = "added-records"
ROWS = "total-records"
"""What Iceberg itself counts."""
COUNTED_PROPERTIES = (
    stamps.TOPIC, stamps.TOPIC_ID, stamps.EPOCH, stamps.BATCH_ID, stamps.NEXT_OFFSETS,
    stamps.LEDGER, ROWS_ADDED, ROWS,
)  # fmt: skip
_PROPERTY_PREFIX = "spark.sql.iceberg.snapshot-property."


class IcebergTable:
    """One table of the lakehouse catalog, always read fresh.

    Args:
        session: the session whose catalog connection (and lease epoch) is used.
        name: `namespace.table`.
    """

    def __init__(self, session: SparkSession, name: str) -> None:
        self._session = session
        self.name = name
        self.full_name = f"{CATALOG}.{name}"

    def branch_name(self, branch: str) -> str:
        """Identifier for reads and writes on a branch."""
        return self.full_name if branch == MAIN_BRANCH else f"{self.full_name}.branch_{branch}"

    def java_table(self) -> Any:  # noqa: ANN401 - a Java object
        """The Java table, loaded now."""
        jvm: Any = self._session._jvm
        return jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
            self._session._jsparkSession, self.full_name
        )

    def current_snapshot_id(self) -> int | None:
        """Head of main, None for an empty table."""
        snapshot = self.java_table().currentSnapshot()
        return None if snapshot is None else int(snapshot.snapshotId())

    def newest_stamp(self) -> Stamp | None:
        """The newest stamp among main's head and its ancestors; None when nothing was stamped."""
        table = self.java_table()
        snapshot = table.currentSnapshot()
        while snapshot is not None:
            summary = snapshot.summary()
            if summary.get(stamps.NEXT_OFFSETS) is not None:
                properties = {key: summary.get(key) for key in summary if key.startswith("adlake.")}
                return Stamp(int(snapshot.snapshotId()), properties)
            parent_id = snapshot.parentId()
            snapshot = None if parent_id is None else table.snapshot(parent_id)
        return None

    def stamps_after(self, snapshot_id: int | None) -> tuple[list[Stamp], bool]:
        """Stamped commits of main behind a snapshot, oldest first, with COUNTED_PROPERTIES.

        Returns:
            The stamps, and whether the walk back met the snapshot (else all known ones are there).
        """
        table = self.java_table()
        snapshot = table.currentSnapshot()
        found: list[Stamp] = []
        while snapshot is not None and int(snapshot.snapshotId()) != snapshot_id:
            summary = snapshot.summary()
            if summary.get(stamps.NEXT_OFFSETS) is not None:
                place = {
                    SEQUENCE: str(snapshot.sequenceNumber()),
                    COMMITTED_MS: str(snapshot.timestampMillis()),
                }
                told = {key: summary.get(key) for key in COUNTED_PROPERTIES}
                held = {key: value for key, value in told.items() if value is not None}
                found.append(Stamp(int(snapshot.snapshotId()), held | place))
            parent_id = snapshot.parentId()
            snapshot = None if parent_id is None else table.snapshot(parent_id)
        return found[::-1], snapshot is not None

    def row_count(self) -> int:
        """Rows of main's head by its summary (deleted ones may still count); 0 when empty."""
        snapshot = self.java_table().currentSnapshot()
        return 0 if snapshot is None else int(snapshot.summary().get("total-records") or 0)

    def reset_staging(self) -> None:
        """Point the staging branch at main's head; a leftover of a killed batch is forgotten."""
        table = self.java_table()
        head = table.currentSnapshot()
        staging = table.refs().get(STAGING_BRANCH)
        if head is None or (staging is not None and staging.snapshotId() == head.snapshotId()):
            return
        change = table.manageSnapshots()
        if staging is None:
            change.createBranch(STAGING_BRANCH, head.snapshotId()).commit()
        else:
            change.replaceBranch(STAGING_BRANCH, head.snapshotId()).commit()

    def publish_staging(self) -> int:
        """Move main to the head of staging in one atomic commit; return its snapshot id."""
        table = self.java_table()
        table.manageSnapshots().fastForwardBranch(MAIN_BRANCH, STAGING_BRANCH).commit()
        return int(table.refs().get(STAGING_BRANCH).snapshotId())

    def create_first_snapshot(self) -> None:
        """Give an empty table a (dataless) snapshot, so that branches can exist."""
        table = self.java_table()
        if table.currentSnapshot() is None:
            table.newAppend().commit()


@contextmanager
def stamped(session: SparkSession, properties: Mapping[str, str]) -> Iterator[None]:
    """Stamp every commit made through `session` inside the block."""
    keys = [f"{_PROPERTY_PREFIX}{key}" for key in properties]
    for key, value in zip(keys, properties.values(), strict=True):
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key in keys:
            session.conf.unset(key)
