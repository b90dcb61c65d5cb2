"""Reads infra/versions.env, the one home of versions."""

from __future__ import annotations

from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.folders import FILES_ROOT

VERSIONS_FILE = FILES_ROOT / "infra" / "versions.env"


def read_versions(path: Path = VERSIONS_FILE) -> dict[str, str]:
    """NAME -> value of every line; raises InstallError for a line that is not NAME=value."""
    versions: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise InstallError(f"{path}:{number}: {line!r} is not NAME=value")
        versions[name.strip()] = value.strip()
    return versions
