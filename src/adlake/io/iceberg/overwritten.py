"""Whether a file of a snapshot was written again in its place, which Iceberg never does.

The disk says when a file was last written. Other stores are not asked.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pyiceberg.table import Table

from adlake.io.iceberg.file_changes import live_entries


def overwritten_file(table: Table, snapshot_id: int, since: datetime) -> str:
    """A file of rows or deletes that is gone, of another size, or written after a moment.

    The time of its change of state counts, which no program sets: the time of its content can be
    set back.

    Returns:
        Its path; empty: there is none, or the files are on no local disk.
    """
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return ""
    for entry in live_entries(table, snapshot.manifests(table.io)):
        told = entry.data_file
        path = _local(told.file_path)
        if path is None:
            return ""
        if _is_other(path, told.file_size_in_bytes, since):
            return str(told.file_path)
    return ""


def _is_other(path: Path, size: int, since: datetime) -> bool:
    try:
        found = path.stat()
    except OSError:
        return True
    return found.st_ctime > since.timestamp() or found.st_size != size


def _local(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme in {"", "file"} else None
