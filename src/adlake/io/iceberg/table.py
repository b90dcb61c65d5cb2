"""Iceberg through Spark's JVM: stamps, branches and snapshots of one table.

A *stamp* is the set of properties (contracts.stamps) that a commit of the streaming job carries in
its snapshot summary. The newest stamp among the ancestors of `main` says which offsets the table
contains; it is the only memory the job trusts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import CATALOG
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.table_heads import TableHead

STAGING_BRANCH = "staging"
REPLAY_BRANCH = "replay"
"""Where a publication is prepared, while batches go on by way of staging."""
MAIN_BRANCH = "main"
SEQUENCE = "sequence-number"
COMMITTED_MS = "committed-ms"
"""Not in the summary itself, but wanted beside it."""
ROWS_ADDED = "added-records"
ROWS = "total-records"
"""What Iceberg itself counts."""
COUNTED_PROPERTIES = (
    stamps.TOPIC, stamps.TOPIC_ID, stamps.LEASE_GENERATION, stamps.BATCH_ID, stamps.NEXT_OFFSETS,
    stamps.BATCH_COUNTS, ROWS_ADDED, ROWS,
)  # fmt: skip
ONE_FILE_AT_A_TIME = {
    "fanout-enabled": "false",
    # Iceberg would ask for an order of its own, and Spark would sort a second time.
    "use-table-distribution-and-ordering": "false",
}
"""Write options for rows that are sorted by partition: an open file costs about a megabyte."""
_CHANGED_FILES = ("added-data-files", "deleted-data-files", "added-delete-files")
"""By which a summary tells that rows came or went."""
_PROPERTY_PREFIX = "snapshot-property."
_SESSION_PREFIX = "spark.sql.iceberg."


class IcebergTable:
    """One table of the lakehouse catalog, always read fresh.

    Args:
        session: the session whose catalog connection (and lease generation) is used.
        name: `namespace.table`.
    """

    def __init__(self, session: SparkSession, name: str) -> None:
        self.session = session
        self.name = name
        self.full_name = f"{CATALOG}.{name}"

    def branch_name(self, branch: str) -> str:
        """Identifier for reads and writes on a branch."""
        return self.full_name if branch == MAIN_BRANCH else f"{self.full_name}.branch_{branch}"

    def jvm(self) -> Any:  # noqa: ANN401 - a Java object
        """The JVM of the session, for Iceberg's own classes."""
        return self.session._jvm

    def at(self, snapshot_id: int) -> DataFrame:
        """The rows of one snapshot."""
        version = f"SELECT * FROM {self.full_name} VERSION AS OF {int(snapshot_id)}"  # noqa: S608
        return self.session.sql(version)

    def between(self, after_id: int, until_id: int) -> DataFrame:
        """The rows that appends added after one snapshot, up to and including another."""
        return (
            self.session.read.format("iceberg")
            .option("start-snapshot-id", str(after_id))
            .option("end-snapshot-id", str(until_id))
            .load(self.full_name)
        )

    def exists(self) -> bool:
        """Whether the catalog knows the table."""
        return bool(self.session.catalog.tableExists(self.full_name))

    def java_table(self) -> Any:  # noqa: ANN401 - a Java object
        """The Java table, loaded now."""
        return self.jvm().org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
            self.session._jsparkSession, self.full_name
        )

    def current_snapshot_id(self) -> int | None:
        """Head of main, None for an empty table."""
        snapshot = self.java_table().currentSnapshot()
        return None if snapshot is None else int(snapshot.snapshotId())

    def holds_snapshot(self, snapshot_id: int) -> bool:
        """Whether the table still knows a snapshot: it has not expired, nor was it another's."""
        return self.java_table().snapshot(snapshot_id) is not None

    def head(self) -> TableHead | None:
        """What can be recorded of the table now; None when the catalog does not know it."""
        return head_of(self.java_table()) if self.exists() else None

    def last_commit_ms(self) -> int:
        """When the table was last changed, by the clocks of those who did; epoch ms.

        The furthest of all times that Iceberg holds a new commit against.
        """
        metadata = self.java_table().operations().current()
        log = metadata.snapshotLog()
        entered = int(log.get(log.size() - 1).timestampMillis()) if log.size() else 0
        return max(int(metadata.lastUpdatedMillis()), entered)

    def newest_stamp(self, ref: str = MAIN_BRANCH) -> Stamp | None:
        """The newest stamp among a ref's head and its ancestors; None when nothing was stamped."""
        return next(self.stamps(ref), None)

    def stamps(self, ref: str = MAIN_BRANCH) -> Iterator[Stamp]:
        """Every stamp among a branch's or tag's head and its ancestors, newest first."""
        table = self.java_table()
        snapshot = table.snapshot(ref)
        while snapshot is not None:
            summary = snapshot.summary()
            if summary.get(stamps.NEXT_OFFSETS) is not None:
                properties = {key: summary.get(key) for key in summary if key.startswith("adlake.")}
                yield Stamp(int(snapshot.snapshotId()), properties)
            parent_id = snapshot.parentId()
            snapshot = None if parent_id is None else table.snapshot(parent_id)

    def stamps_after(self, snapshot_id: int | None) -> tuple[list[Stamp], bool]:
        """Stamped commits of main behind a snapshot, oldest first, with COUNTED_PROPERTIES.

        Returns:
            The stamps, and whether the walk back met the snapshot (else all known ones are there).
        """
        table = self.java_table()
        snapshot = table.currentSnapshot()
        found: list[Stamp] = []
        while snapshot is not None and int(snapshot.snapshotId()) != snapshot_id:
            if snapshot.summary().get(stamps.NEXT_OFFSETS) is not None:
                found.append(_counted(snapshot))
            parent_id = snapshot.parentId()
            snapshot = None if parent_id is None else table.snapshot(parent_id)
        return found[::-1], snapshot is not None

    def counted_stamp(self, snapshot_id: int) -> Stamp | None:
        """One commit with COUNTED_PROPERTIES; None when it has expired."""
        snapshot = self.java_table().snapshot(snapshot_id)
        return None if snapshot is None else _counted(snapshot)

    def has_changed_since(self, snapshot_id: int) -> bool:
        """Whether a commit of main behind a snapshot added, changed or removed rows.

        Stamps alone do not, nor does a rewrite of files. True, too, where the snapshot is unknown.
        """
        table = self.java_table()
        snapshot = table.currentSnapshot()
        while snapshot is not None and int(snapshot.snapshotId()) != snapshot_id:
            summary = snapshot.summary()
            is_rewrite = snapshot.operation() == "replace"
            if not is_rewrite and any(int(summary.get(key) or 0) for key in _CHANGED_FILES):
                return True
            parent_id = snapshot.parentId()
            snapshot = None if parent_id is None else table.snapshot(parent_id)
        return snapshot is None

    def row_count(self) -> int:
        """Rows of main's head by its summary (deleted ones may still count); 0 when empty."""
        snapshot = self.java_table().currentSnapshot()
        return 0 if snapshot is None else int(snapshot.summary().get("total-records") or 0)

    def totals(self) -> dict[str, int]:
        """What Iceberg counts in the summary of main's head (`total-...`); empty without one."""
        snapshot = self.java_table().currentSnapshot()
        summary = {} if snapshot is None else snapshot.summary()
        return {str(key): int(summary[key]) for key in summary if key.startswith("total-")}

    def reset_staging(self) -> None:
        """Point the staging branch at main's head; a leftover of a killed batch is forgotten."""
        head = self.current_snapshot_id()
        if head is not None:
            self.point_branch(STAGING_BRANCH, head)

    def point_branch(self, branch: str, snapshot_id: int) -> None:
        """Make a branch, or move it, to a snapshot; nothing when it is there already."""
        table = self.java_table()
        ref = table.refs().get(branch)
        if ref is None:
            table.manageSnapshots().createBranch(branch, snapshot_id).commit()
        elif ref.snapshotId() != snapshot_id:
            table.manageSnapshots().replaceBranch(branch, snapshot_id).commit()

    def remove_branch(self, branch: str) -> None:
        """Forget a branch; nothing when there is none."""
        table = self.java_table()
        if table.refs().get(branch) is not None:
            table.manageSnapshots().removeBranch(branch).commit()

    def ref_snapshot_id(self, ref: str) -> int:
        """The snapshot that an existing branch or tag names."""
        return int(self.java_table().refs().get(ref).snapshotId())

    def publish_staging(self) -> tuple[int, TableHead]:
        """Move main to the head of staging in one atomic commit; its snapshot id and the head."""
        table = self.java_table()
        table.manageSnapshots().fastForwardBranch(MAIN_BRANCH, STAGING_BRANCH).commit()
        return int(table.refs().get(STAGING_BRANCH).snapshotId()), head_of(table)

    def swap_main(
        self, branch: str, new_tag: str | None, old_tags: Iterable[str], tag_age_ms: int
    ) -> int:
        """Move main to a branch's head, wherever that comes from, in one commit.

        Args:
            branch: where to; the same commit removes it.
            new_tag: name for main's head as it is now; None to let it go.
            old_tags: tags to remove.
            tag_age_ms: expiry spares what `new_tag` names for this long.

        Returns:
            The id of main's new head.
        """
        table = self.java_table()
        change = table.manageSnapshots()
        for tag in old_tags:
            change.removeTag(tag)
        if new_tag is not None:
            change.createTag(new_tag, table.currentSnapshot().snapshotId())
            change.setMaxRefAgeMs(new_tag, tag_age_ms)
        change.replaceBranch(MAIN_BRANCH, branch).removeBranch(branch).commit()
        return int(table.currentSnapshot().snapshotId())

    def keep_snapshot(self, tag: str, snapshot_id: int, age_ms: int) -> None:
        """Tag a snapshot: expiry spares it, and its files, for so long."""
        change = self.java_table().manageSnapshots().createTag(tag, snapshot_id)
        change.setMaxRefAgeMs(tag, age_ms).commit()

    def tags(self, prefix: str) -> list[str]:
        """Names of the tags that begin so, oldest snapshot first."""
        table = self.java_table()
        refs = {str(name): table.refs().get(name) for name in table.refs()}
        found = [name for name, ref in refs.items() if ref.isTag() and name.startswith(prefix)]
        return sorted(
            found, key=lambda n: int(table.snapshot(refs[n].snapshotId()).sequenceNumber())
        )

    def leave_stamp(self, stamp: Mapping[str, str], branch: str = MAIN_BRANCH) -> None:
        """Commit a snapshot that changes no row and has these properties."""
        change = self.java_table().newAppend().toBranch(branch)
        for key, value in stamp.items():
            change.set(key, value)
        change.commit()

    def create_first_snapshot(self) -> None:
        """Give an empty table a (dataless) snapshot, so that branches can exist."""
        table = self.java_table()
        if table.currentSnapshot() is None:
            table.newAppend().commit()


def stamp_options(properties: Mapping[str, str]) -> dict[str, str]:
    """Options of one write that stamp its commit, and no other one."""
    return {f"{_PROPERTY_PREFIX}{key}": value for key, value in properties.items()}


@contextmanager
def stamped(session: SparkSession, properties: Mapping[str, str]) -> Iterator[None]:
    """Stamp every commit made through `session` inside the block, in whatever thread."""
    keys = [f"{_SESSION_PREFIX}{_PROPERTY_PREFIX}{key}" for key in properties]
    for key, value in zip(keys, properties.values(), strict=True):
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key in keys:
            session.conf.unset(key)


def head_of(table: Any) -> TableHead:  # noqa: ANN401 - Java object
    """The head of main of a loaded Java table."""
    metadata = table.operations().current()
    snapshot = metadata.currentSnapshot()
    return TableHead(
        table_uuid=str(metadata.uuid()),
        last_sequence=int(metadata.lastSequenceNumber()),
        head_sequence=0 if snapshot is None else int(snapshot.sequenceNumber()),
        rows=0 if snapshot is None else int(snapshot.summary().get(ROWS) or 0),
    )


def _counted(snapshot: Any) -> Stamp:  # noqa: ANN401 - Java object
    summary = snapshot.summary()
    told = {key: summary.get(key) for key in COUNTED_PROPERTIES}
    place = {
        SEQUENCE: str(snapshot.sequenceNumber()),
        COMMITTED_MS: str(snapshot.timestampMillis()),
    }
    held = {key: value for key, value in told.items() if value is not None}
    return Stamp(int(snapshot.snapshotId()), held | place)
