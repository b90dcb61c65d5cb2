"""Rewrites Iceberg's files for another place: every path below one root is put below another.

Iceberg's own action for this (`rewrite_table_path`) reads the table through its old paths; a lake
that was moved has none, and one that was copied must not be read through the original's. So the
files are rewritten where they lie, in the order in which sizes are needed: position deletes,
manifests, manifest lists, table and view metadata. Each file is replaced at once and a second run
changes nothing, so a run that was killed is completed by the next one.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from adlake.contracts.errors import AdlakeError
from adlake.contracts.place import local_folder, plain_uri

FILE_PATH_ID = 2147483546
"""Iceberg's reserved field id of `file_path` in position delete files."""
NEWEST_FORMAT = 2
THREADS = 4
DELETES_END = "-deletes.parquet"


class UnknownFileError(AdlakeError):
    """A metadata file of a form that is not rewritten."""


@dataclass(frozen=True)
class PathMap:
    """Old root -> new root, in every spelling of a local URI."""

    old: str
    new: str

    def moved(self, text: str) -> str:
        """The path at its new place; anything that is not below the old root stays."""
        for old, new in self._spellings():
            if text == old or text.startswith(f"{old}/"):
                is_there = new.startswith(f"{old}/") and (text == new or text.startswith(f"{new}/"))
                return text if is_there else new + text[len(old) :]
        return text

    def names(self, text: str) -> bool:
        """Whether a path lies below the new root."""
        return any(text.startswith(f"{new}/") for _, new in self._spellings())

    def _spellings(self) -> list[tuple[str, str]]:
        old, new = plain_uri(self.old), plain_uri(self.new)
        if not (old.startswith("file:/") and new.startswith("file:/")):
            return [(old, new)]
        bare_old, bare_new = old.removeprefix("file:"), new.removeprefix("file:")
        return [
            (f"file://{bare_old}", f"file://{bare_new}"), (old, new), (bare_old, bare_new),
        ]  # fmt: skip


def rewrite_files(folder: Path, paths: PathMap, report: Callable[[str], None]) -> int:
    """Rewrite every file below a local warehouse that holds paths; returns how many changed.

    Raises:
        UnknownFileError: a file is of a form that cannot be rewritten; run again after the cause
            is gone.
    """
    steps: tuple[tuple[str, Callable[[Path], bool], Callable[[Path, PathMap], bool]], ...] = (
        ("position deletes", lambda f: f.name.endswith(DELETES_END), rewrite_deletes),
        ("manifests", lambda f: f.suffix == ".avro" and not _is_list(f), rewrite_avro),
        ("manifest lists", lambda f: f.suffix == ".avro" and _is_list(f), rewrite_avro),
        ("metadata", lambda f: f.name.endswith(".metadata.json"), rewrite_json),
    )
    files = [file for file in folder.rglob("*") if not file.name.startswith(".")]
    total = 0
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for name, is_wanted, rewrite in steps:
            wanted = [file for file in files if is_wanted(file)]
            changed = sum(pool.map(lambda file, do=rewrite: do(file, paths), wanted))
            report(f"  {name:<17} {changed:,} of {len(wanted):,} rewritten")
            total += changed
    os.sync()
    return total


def rewrite_json(file: Path, paths: PathMap) -> bool:
    """Table or view metadata; False when nothing changed."""
    is_zipped = file.name.endswith(".gz.metadata.json")
    raw = file.read_bytes()
    before = json.loads(gzip.decompress(raw) if is_zipped else raw)
    if (
        "schemas" in before
        and before.get("format-version", 1) > NEWEST_FORMAT
        and ("current-snapshot-id" in before)
    ):
        raise UnknownFileError(f"{file} is of Iceberg format {before['format-version']}")
    after = _moved_members(before, paths)
    if after == before:
        return False
    text = json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode()
    _replace(file, lambda out: out.write(gzip.compress(text) if is_zipped else text))
    return True


def rewrite_avro(file: Path, paths: PathMap) -> bool:
    """A manifest or a manifest list, with the present sizes of what it names."""
    with file.open("rb") as stream:
        reader: Any = fastavro.reader(stream)
        schema, codec = reader.writer_schema, reader.codec
        header = {k: v for k, v in reader.metadata.items() if not k.startswith("avro.")}
        records = list(reader)
    is_changed = False
    for record in records:
        if "manifest_path" in record:
            is_changed |= _move_member(record, "manifest_path", "manifest_length", paths)
        elif "data_file" in record:
            is_changed |= _move_data_file(record["data_file"], paths, file)
        else:
            raise UnknownFileError(f"{file} is neither a manifest nor a list of manifests")
    if is_changed:
        _replace(
            file, lambda out: fastavro.writer(out, schema, records, codec=codec, metadata=header)
        )
    return is_changed


def rewrite_deletes(file: Path, paths: PathMap) -> bool:
    """A file of position deletes: its column file_path names data files."""
    meta = pq.read_metadata(file)
    table = pq.read_table(file)
    if "file_path" not in table.column_names:
        return False
    column = table["file_path"].combine_chunks().dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    before = column.dictionary.to_pylist()
    after = [paths.moved(path) for path in before]
    if after == before:
        return False
    index = table.column_names.index("file_path")
    moved = pa.DictionaryArray.from_arrays(column.indices, pa.array(after)).cast(pa.string())
    table = table.set_column(index, table.schema.field(index), moved)
    codec = meta.row_group(0).column(0).compression if meta.num_row_groups else "ZSTD"
    _replace(file, lambda out: _write_parquet(table, out, codec))
    return True


def _write_parquet(table: pa.Table, out: BinaryIO, codec: str) -> None:
    """With Iceberg's own entries in the footer, and none of Arrow's."""
    with pq.ParquetWriter(out, table.schema, compression=codec, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(table.schema.metadata or {})


def _move_data_file(data_file: dict[str, Any], paths: PathMap, manifest: Path) -> bool:
    is_delete = data_file.get("content", 0) != 0
    if is_delete and not str(data_file["file_path"]).endswith(DELETES_END):
        raise UnknownFileError(f"{manifest} names a delete file of a form that is not rewritten")
    size = "file_size_in_bytes" if is_delete else None
    is_changed = _move_member(data_file, "file_path", size, paths)
    if data_file.get("referenced_data_file"):
        is_changed |= _move_member(data_file, "referenced_data_file", None, paths)
    return _move_bounds(data_file, paths) or is_changed if is_delete else is_changed


def _move_member(
    record: dict[str, Any], path_name: str, size_name: str | None, paths: PathMap
) -> bool:
    before = dict(record)
    record[path_name] = paths.moved(record[path_name])
    file = local_folder(record[path_name])
    if size_name is not None and file is not None and file.exists():
        record[size_name] = file.stat().st_size
    return record != before


def _move_bounds(data_file: dict[str, Any], paths: PathMap) -> bool:
    """Least and greatest file_path of a delete file; cut ones (they only prune) are dropped."""
    is_changed = False
    for name in ("lower_bounds", "upper_bounds"):
        kept = []
        for bound in data_file.get(name) or ():
            if bound["key"] != FILE_PATH_ID:
                kept.append(bound)
                continue
            moved = paths.moved(bound["value"].decode("utf-8", "replace"))
            is_changed |= moved.encode() != bound["value"]
            if paths.names(moved):
                kept.append(bound | {"value": moved.encode()})
            else:
                is_changed = True
        if data_file.get(name) is not None:
            data_file[name] = kept
    return is_changed


def _moved_members(value: Any, paths: PathMap) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _moved_members(member, paths) for key, member in value.items()}
    if isinstance(value, list):
        return [_moved_members(member, paths) for member in value]
    return paths.moved(value) if isinstance(value, str) else value


def _is_list(file: Path) -> bool:
    return file.name.startswith("snap-")


def _replace(file: Path, write: Callable[[BinaryIO], object]) -> None:
    """Exchange a file at once; a checksum that Hadoop keeps beside it would be the old one's."""
    scratch = file.with_name(f".{file.name}.moving")
    with scratch.open("wb") as out:
        write(out)
    shutil.copymode(file, scratch)
    file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
    scratch.replace(file)


def leftovers(folder: Path) -> Iterator[Path]:
    """What a killed run left half written."""
    return folder.rglob(".*.moving")
