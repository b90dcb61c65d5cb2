"""Our own list of what every download must be: infra/checksums.txt, made by `make lock-jars`.

One line a file: `<sha256> <bytes> <set>/<file name>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.folders import FILES_ROOT

CHECKSUMS_FILE = FILES_ROOT / "infra" / "checksums.txt"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Expected:
    """One file as it must be."""

    set_name: str
    file_name: str
    sha256: str
    size_bytes: int


def read_checksums(path: Path = CHECKSUMS_FILE) -> tuple[Expected, ...]:
    """Every expected file; raises InstallError for a line of another form."""
    expected = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            sha256, size, name = line.split()
            set_name, file_name = name.split("/")
            expected.append(Expected(set_name, file_name, sha256, int(size)))
        except ValueError:
            raise InstallError(
                f"{path}:{number}: {line!r} is not `sha256 bytes set/file`"
            ) from None
    return tuple(expected)


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def verify(folder: Path, expected: Iterable[Expected]) -> None:
    """Raise InstallError unless `folder` holds exactly the expected files, byte for byte."""
    wanted = {item.file_name: item for item in expected}
    present = {path.name for path in folder.iterdir()}
    if missing := sorted(wanted.keys() - present):
        raise InstallError(f"{folder}: not downloaded: {', '.join(missing)}; run `make up` again")
    if unknown := sorted(present - wanted.keys()):
        raise InstallError(
            f"{folder}: {', '.join(unknown)} is not in infra/checksums.txt, so it is not trusted; "
            "after a deliberate change of versions run `make lock-jars`"
        )
    for name, item in wanted.items():
        found = sha256_of(folder / name)
        if found != item.sha256:
            raise InstallError(
                f"{name} has sha256 {found}, but infra/checksums.txt says {item.sha256}: the "
                "download is damaged or was changed. Run `make up` to fetch it again; if it "
                "happens twice, do not trust the source."
            )


def digest_of(expected: Iterable[Expected]) -> str:
    """Short name of a set of files: another content, another name."""
    lines = sorted(f"{item.sha256} {item.file_name}" for item in expected)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def record(folders: dict[str, Path]) -> str:
    """Text of a new list for the files in `folders` (set name -> folder)."""
    lines = [
        "# What every download must be; made by `make lock-jars`: sha256, bytes, set/file.",
        *(
            f"{sha256_of(path)} {path.stat().st_size} {set_name}/{path.name}"
            for set_name, folder in sorted(folders.items())
            for path in sorted(folder.iterdir())
        ),
    ]
    return "\n".join(lines) + "\n"
