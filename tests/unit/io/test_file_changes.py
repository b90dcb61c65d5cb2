"""What two snapshots of a table say of its files, on real Iceberg tables without a server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.table import Table

from adlake.io.iceberg import file_changes as module
from adlake.io.iceberg.file_changes import DELETED_PATH_FIELD, FileChanges, file_changes
from adlake.io.iceberg.overwritten import overwritten_file


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    catalog = SqlCatalog(
        "files", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/warehouse"
    )
    catalog.create_namespace("t")
    yield catalog.create_table("t.rows", schema=pa.schema([("id", pa.int64())]))
    catalog.close()


def append(table: Table, *ids: int) -> int:
    table.append(pa.table({"id": pa.array(ids, pa.int64())}))
    return head(table)


def head(table: Table) -> int:
    snapshot = table.refresh().current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


def paths(table: Table) -> set[str]:
    return {str(task.file.file_path) for task in table.scan().plan_files()}


def test_added_files_are_told_with_their_rows(table: Table) -> None:
    first = append(table, 1, 2)
    before = paths(table)
    append(table, 3, 4, 5)
    last = append(table, 6)
    found = file_changes(table, first, last)
    assert found == FileChanges(now=frozenset(paths(table) - before), added_rows=4)
    assert not found.are_none


def test_one_snapshot_differs_from_itself_in_nothing(table: Table) -> None:
    first = append(table, 1)
    assert file_changes(table, first, first).are_none
    table.append(pa.table({"id": pa.array([], pa.int64())}))
    assert file_changes(table, first, head(table)).before == frozenset()


def test_a_rewritten_file_is_gone_and_come(table: Table) -> None:
    append(table, 1, 2)
    [old] = paths(table)
    first = append(table, 3)
    kept = paths(table) - {old}
    table.delete("id = 2")
    found = file_changes(table, first, head(table))
    assert found.before == {old}
    assert found.now == paths(table) - kept
    assert not found.has_new_deletes
    assert file_changes(table, head(table), first) == FileChanges(
        before=found.now, now=found.before, added_rows=2, removed_rows=1
    ), "backwards it is the other way round"


def test_the_same_file_added_once_more_is_a_change(table: Table) -> None:
    first = append(table, 1, 2)
    [path] = paths(table)
    table.add_files([path], check_duplicate_files=False)
    found = file_changes(table, first, head(table))
    assert found.now == {path}
    assert not found.are_none


def test_an_unknown_snapshot_is_a_doubt(table: Table) -> None:
    first = append(table, 1)
    assert "not known any more" in file_changes(table, first, first + 1).doubt
    assert "not known any more" in file_changes(table, first - 1, first).doubt
    assert not file_changes(table, first - 1, first).are_none


def deletes(content: DataFileContent, lower: bytes | None, upper: bytes | None) -> DataFile:
    bounds = [{} if one is None else {DELETED_PATH_FIELD: one} for one in (lower, upper)]
    return DataFile.from_args(
        content=content, file_path="d", record_count=1,
        lower_bounds=bounds[0], upper_bounds=bounds[1],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "lower", "upper", "target"),
    [
        (DataFileContent.POSITION_DELETES, b"file:/a", b"file:/a", "file:/a"),
        (DataFileContent.POSITION_DELETES, b"file:/a", b"file:/b", None),
        (DataFileContent.POSITION_DELETES, None, None, None),
        (DataFileContent.EQUALITY_DELETES, b"file:/a", b"file:/a", None),
    ],
)
def test_deletes_must_say_which_file_they_are_about(
    content: DataFileContent, lower: bytes | None, upper: bytes | None, target: str | None
) -> None:
    assert module._target(deletes(content, lower, upper)) == target


def test_deletes_of_no_one_file_are_a_doubt(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    first = append(table, 1)
    last = append(table, 2)
    odd = deletes(DataFileContent.EQUALITY_DELETES, None, None)
    monkeypatch.setattr(module, "_files", lambda *_: module._Files({}, {}))
    assert file_changes(table, first, last).doubt == ""
    found = iter([module._Files({}, {}), module._Files({}, {"d": odd})])
    monkeypatch.setattr(module, "_files", lambda *_: next(found))
    assert "does not say which file" in file_changes(table, first, last).doubt


def test_a_file_with_other_deletes_differs_in_both_snapshots(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = append(table, 1)
    last = append(table, 2)
    kept, new = "file:/kept", "file:/new"
    one, two = (
        deletes(DataFileContent.POSITION_DELETES, path.encode(), path.encode())
        for path in (kept, new)
    )
    found = iter(
        [
            module._Files({}, {}),
            module._Files({new: (5, 2)}, {"of the kept": one, "of the new": two}),
        ]
    )
    monkeypatch.setattr(module, "_files", lambda *_: next(found))
    changes = file_changes(table, first, last)
    assert changes == FileChanges(
        before=frozenset({kept}), now=frozenset({kept, new}), added_rows=5, has_new_deletes=True
    )


def test_a_file_that_was_overwritten_is_seen_whatever_its_time_says(table: Table) -> None:
    append(table, 1, 2)
    last = append(table, 3)
    proven_at = datetime.now(UTC) + timedelta(milliseconds=50)
    assert overwritten_file(table, last, proven_at) == ""
    [*_, one] = sorted(paths(table))
    path = Path(one.removeprefix("file://"))
    stat = path.stat()
    time.sleep(0.1)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert overwritten_file(table, last, proven_at) == one
    longer = datetime.now(UTC) + timedelta(hours=1)
    assert overwritten_file(table, last, longer) == ""
    path.write_bytes(content + b"x")
    assert overwritten_file(table, last, longer) == one, "by its size"
    path.unlink()
    assert overwritten_file(table, last, longer) == one
