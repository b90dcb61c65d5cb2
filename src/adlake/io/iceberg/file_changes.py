"""Which data files hold other rows in one snapshot of a table than in an earlier one.

Files are never written twice, so a file that both snapshots name, with the same deletes, holds the
same rows in both. Only manifests that one of the two snapshots lacks are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestFile
from pyiceberg.table import Table

DELETED_PATH_FIELD = 2_147_483_546
"""Field id of the path in a file of position deletes (Iceberg's specification)."""


@dataclass(frozen=True)
class FileChanges:
    """Paths of the data files whose rows may differ, as each of the two snapshots names them."""

    before: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    added_rows: int = 0
    """Rows of the data files that were added, deleted ones among them."""
    removed_rows: int = 0
    """Rows of the data files that are gone, deleted ones among them."""
    has_new_deletes: bool = False
    """Some deletes came or went."""
    doubt: str = ""
    """Why the files do not tell what changed; empty: they do."""

    @property
    def are_none(self) -> bool:
        """Both snapshots hold the same rows."""
        return not (self.before or self.now or self.doubt)


@dataclass(frozen=True)
class _Files:
    """What the manifests of one snapshot name that the other one lacks."""

    data: dict[str, tuple[int, int | None]]
    """Path -> rows, and the sequence number, which decides what deletes it is older than."""
    deletes: dict[str, DataFile]


def file_changes(table: Table, earlier_id: int, later_id: int) -> FileChanges:
    """Compare the files of two snapshots of one table.

    A change of deletes changes the file that they are about. What those are must be readable from
    the manifest, as it is of the position deletes that Spark writes for a file of its own.
    """
    snapshots = [table.snapshot_by_id(one) for one in (earlier_id, later_id)]
    if None in snapshots:
        return FileChanges(doubt="a snapshot is not known any more")
    earlier, later = (
        {one.manifest_path: one for one in snapshot.manifests(table.io)}
        for snapshot in snapshots
        if snapshot is not None
    )
    gone = _files(table, [earlier[path] for path in earlier.keys() - later.keys()])
    come = _files(table, [later[path] for path in later.keys() - earlier.keys()])
    removed = {path for path, told in gone.data.items() if come.data.get(path) != told}
    added = {path for path, told in come.data.items() if gone.data.get(path) != told}
    changed_deletes = [
        *(gone.deletes[path] for path in gone.deletes.keys() - come.deletes.keys()),
        *(come.deletes[path] for path in come.deletes.keys() - gone.deletes.keys()),
    ]
    targets = [_target(one) for one in changed_deletes]
    if None in targets:
        return FileChanges(doubt="a file of deletes does not say which file it is about")
    affected = {one for one in targets if one is not None}
    return FileChanges(
        before=frozenset(removed | (affected - added)),
        now=frozenset(added | (affected - removed)),
        added_rows=sum(come.data[path][0] for path in added),
        removed_rows=sum(gone.data[path][0] for path in removed),
        has_new_deletes=bool(changed_deletes),
    )


def _files(table: Table, manifests: list[ManifestFile]) -> _Files:
    found = _Files({}, {})
    for entry in live_entries(table, manifests):
        one = entry.data_file
        if one.content == DataFileContent.DATA:
            found.data[one.file_path] = (one.record_count, entry.sequence_number)
        else:
            # Several deletes may lie in one file (Puffin); the path alone does not tell them apart.
            found.deletes[f"{one.file_path} {one.lower_bounds}"] = one
    return found


def live_entries(table: Table, manifests: list[ManifestFile]) -> Iterator[ManifestEntry]:
    """Files of rows and of deletes that these manifests name, without those they took out."""
    for manifest in manifests:
        yield from manifest.fetch_manifest_entry(table.io, discard_deleted=True)


def _target(deletes: DataFile) -> str | None:
    """The one data file that position deletes are about; None: not told."""
    if deletes.content != DataFileContent.POSITION_DELETES:
        return None
    lower = (deletes.lower_bounds or {}).get(DELETED_PATH_FIELD)
    upper = (deletes.upper_bounds or {}).get(DELETED_PATH_FIELD)
    return lower.decode("utf-8") if lower and lower == upper else None
