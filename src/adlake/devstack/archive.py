"""A tar file that is complete or absent, with the checksum of every member, plain or compressed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from adlake.devstack.errors import DevstackError

HEAD, SUMS = "backup.json", "checksums.json"
HEAD_FIELDS = ("lake_id", "home", "warehouse", "made_at", "bytes", "files")
"""The first member says what comes, the last one what came: without it the archive is cut."""
ENDS = (".tar", ".tar.gz", ".tgz", ".tar.zst")
Count = Callable[[int], None]
"""Called with bytes done."""


class ArchiveError(DevstackError):
    """An archive is cut, damaged or no backup of a lake."""


@contextmanager
def compressed(file: Path, mode: str) -> Iterator[BinaryIO]:
    """The archive's tar stream, by the end of its name; `mode` is rb or wb."""
    if not file.name.removesuffix(".partial").endswith(ENDS):
        raise ArchiveError(f"{file.name}: the name of a backup ends with {', '.join(ENDS)}")
    name = file.name.removesuffix(".partial")
    with file.open(mode) as raw:
        stream: Any = raw
        if name.endswith((".gz", ".tgz")):
            stream = gzip.GzipFile(fileobj=raw, mode=mode, compresslevel=4)
        elif name.endswith(".zst"):
            codec = zstandard.ZstdDecompressor() if mode == "rb" else zstandard.ZstdCompressor(3)
            opened = codec.stream_reader if mode == "rb" else codec.stream_writer
            stream = opened(raw, closefd=False)
        yield stream
        if stream is not raw:
            stream.close()
        if mode == "wb":
            raw.flush()
            os.fsync(raw.fileno())


def write_archive(
    target: Path, head: Mapping[str, object], members: Mapping[str, Path], count: Count
) -> None:
    """Write `members` (name in the archive -> file or folder) to `target`, readable by us alone.

    Raises:
        ArchiveError: the name says no known form, or `target` exists.
    """
    if target.exists():
        raise ArchiveError(f"{target} exists: choose another name")
    scratch = target.with_name(f"{target.name}.partial")
    scratch.unlink(missing_ok=True)
    os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        sums: dict[str, str] = {}
        with (
            compressed(scratch, "wb") as out,
            tarfile.open(fileobj=out, mode="w|", dereference=True) as tar,
        ):
            _add_text(tar, HEAD, json.dumps(head))
            for name, path in members.items():
                info = tar.gettarinfo(str(path), arcname=name)
                if info.isdir():
                    tar.addfile(info)
                    continue
                with path.open("rb") as stream:
                    read = _Hashed(stream, count)
                    # A hard link would name a member instead of holding the bytes.
                    info.type, info.linkname = tarfile.REGTYPE, ""
                    info.size = path.stat().st_size
                    tar.addfile(info, read)
                sums[name] = read.digest.hexdigest()
            _add_text(tar, SUMS, json.dumps(sums))
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def read_head(archive: Path) -> dict[str, Any]:
    """What the backup says of itself."""
    with _opened(archive) as tar:
        first = tar.next()
        if first is None or first.name != HEAD:
            raise ArchiveError(f"{archive} is no backup of a lake")
        head = dict(json.loads(_text(tar, first)))
    missing = [name for name in HEAD_FIELDS if name not in head]
    if missing or not isinstance(head["bytes"], int):
        lacking = ", ".join(missing) or "a size"
        raise ArchiveError(f"{archive} is damaged: its head lacks {lacking}")
    return head


def extract_archive(archive: Path, place: Callable[[str], Path], count: Count) -> None:
    """Write every member to `place(name)` and compare checksums.

    Raises:
        ArchiveError: the archive is cut or damaged, or a member would land elsewhere.
    """
    found: dict[str, str] = {}
    sums: dict[str, str] | None = None
    with _opened(archive) as tar:
        for member in tar:
            if member.name in (HEAD, SUMS):
                sums = json.loads(_text(tar, member)) if member.name == SUMS else sums
                continue
            if member.name.startswith("/") or ".." in Path(member.name).parts:
                raise ArchiveError(f"{archive} holds a member outside of it: {member.name!r}")
            path = place(member.name)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                path.chmod(member.mode & 0o777)
            elif member.isreg():
                found[member.name] = _write(tar, member, path, count)
            else:
                raise ArchiveError(f"{archive} holds {member.name!r}, neither file nor folder")
    if sums is None:
        raise ArchiveError(f"{archive} is cut: its checksums, which come last, are missing")
    if wrong := [name for name, digest in sums.items() if found.get(name) != digest]:
        raise ArchiveError(f"{archive} is damaged: {wrong[0]} and {len(wrong) - 1} more differ")


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with compressed(archive, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            yield tar
    # A damaged text fails as a value: no UTF-8, no JSON; a damaged time overflows.
    except (
        tarfile.TarError, EOFError, zstandard.ZstdError, gzip.BadGzipFile, zlib.error, ValueError,
        OverflowError,
    ) as error:  # fmt: skip
        raise ArchiveError(f"{archive} is cut or damaged: {error}") from error


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, count: Count) -> str:
    source = tar.extractfile(member)
    if source is None:
        raise ArchiveError(f"{member.name!r} has no content")
    read = _Hashed(source, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, member.mode & 0o777)
    with os.fdopen(descriptor, "wb") as out:
        while chunk := read.read(1 << 20):
            out.write(chunk)
    path.chmod(member.mode & 0o777)
    os.utime(path, (member.mtime, member.mtime))
    return str(read.digest.hexdigest())


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text.encode()), 0o600
    tar.addfile(info, io.BytesIO(text.encode()))


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    stream = tar.extractfile(member)
    return stream.read().decode() if stream is not None else ""


@dataclass
class _Hashed:
    """Reads through, and remembers what was read."""

    stream: Any
    count: Count
    digest: Any = field(default_factory=hashlib.sha256)

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self.stream.read(size)
        self.digest.update(chunk)
        self.count(len(chunk))
        return chunk
