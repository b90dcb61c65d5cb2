"""Unpacks chosen parts of an archive so that a half-unpacked folder never counts as done."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adlake.devstack.errors import InstallError

Wanted = Callable[[str], bool]
"""Is this member (path below the archive's top folder) wanted?"""


@contextmanager
def complete_or_absent(target: Path) -> Iterator[Path]:
    """A scratch folder that becomes `target` by one rename when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        yield scratch
        try:
            scratch.rename(target)
        except OSError:
            # Another checkout finished the same content first: both are equal, keep theirs.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unpack_tar(archive: Path, target: Path, wanted: Wanted) -> None:
    """Unpack the wanted members of `archive` into `target`, without the archive's top folder.

    Hard links are resolved to members that may be unwanted themselves. Raises InstallError for
    a damaged archive or a member that would land outside `target`.
    """
    try:
        with complete_or_absent(target) as scratch:
            _extract(archive, scratch, wanted)
            scratch.chmod(0o755)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InstallError(f"cannot unpack {archive.name}: {error}; run `make up` again") from error


def _extract(archive: Path, scratch: Path, wanted: Wanted) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        files = [member for member in tar if not member.isdir()]
        places = _places(files, wanted)
        for member in files:
            name = _inner(member.name)
            if member.islnk():
                if wanted(name):
                    _link(scratch, places[_inner(member.linkname)], name)
            elif name in places:
                member.name = places[name]
                tar.extract(member, scratch, filter="data")


def _places(files: list[tarfile.TarInfo], wanted: Wanted) -> dict[str, str]:
    """Member -> where to write it: its own name, or the first wanted link that points to it."""
    places = {_inner(file.name): _inner(file.name) for file in files if wanted(_inner(file.name))}
    for file in files:
        if file.islnk() and wanted(_inner(file.name)):
            places.setdefault(_inner(file.linkname), _inner(file.name))
    return places


def _link(scratch: Path, written: str, name: str) -> None:
    if written == name:
        return
    if not (scratch / written).is_file():
        raise InstallError(f"the archive links {name} to {written}, which it does not contain")
    (scratch / name).parent.mkdir(parents=True, exist_ok=True)
    os.link(scratch / written, scratch / name)


def _inner(name: str) -> str:
    """Member path below the top folder; refuses one that would leave the target."""
    parts = Path(name).parts
    if Path(name).is_absolute() or ".." in parts:
        raise InstallError(f"the archive has a member outside its folder: {name!r}")
    return "/".join(parts[1:])
