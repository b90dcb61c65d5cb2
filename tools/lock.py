"""Resolves the Python packages into the lock files (`make lock`).

Decided versions come from the PYPI_, DEV_PYPI_ and PEER_PYPI_ lines of infra/versions.env, all
others from what the files already say; `make lock UPGRADE=1` takes the newest instead. No address
and no path of this machine gets into the files.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install.versions import read_versions
from adlake.settings import REPO_ROOT

OLDEST_PYTHON = "3.11"
PINS = Path(".venv") / "pins.txt"
PYPI_PREFIX = "PYPI_"
NOTEBOOK = "requirements-notebook.lock"
PEER_PREFIX = "PEER_PYPI_"
"""Of packages that the benchmark beside other engines installs, in an environment of its own."""
PEERS = "benchmarks/peers/requirements.lock"
DEV_PREFIX = "DEV_PYPI_"
"""Of packages that only developers install."""
PEER_TOOLS = "psutil\npyarrow\n"
"""What the processes of the peers use beside them."""
_LOCKED = re.compile(r"^([a-z0-9.-]+)==([^\s;]+)", re.MULTILINE)
BUILD_TOOLS = "setuptools\nwheel\n"
"""What packages without a wheel (pyspark) need to be built."""


def main() -> None:
    """Write all six lock files."""
    versions = read_versions()
    (REPO_ROOT / PINS).write_text(pins(versions) + pins(versions, DEV_PREFIX))
    pinned = ("-c", str(PINS))
    _compile("requirements.lock", "pyproject.toml", *pinned)
    notebook = ("--extra", "notebook")
    _compile(NOTEBOOK, "pyproject.toml", *notebook, "-c", "requirements.lock", *pinned)
    _compile(
        "requirements-dev.lock", "pyproject.toml", "--extra", "dev", *notebook, "-c", NOTEBOOK,
        *pinned,
    )  # fmt: skip
    # Not held to the main lock: the extension of DuckDB comes for an older DuckDB than ours.
    _compile(PEERS, "-", stdin=peers(versions))
    _compile("infra/requirements-build.lock", "-", stdin=BUILD_TOOLS)
    _compile("infra/requirements-uv.lock", "-", "-c", "requirements-dev.lock", stdin="uv\n")


def pins(versions: dict[str, str], prefix: str = PYPI_PREFIX) -> str:
    """Constraint lines from the lines of versions.env that begin with the prefix."""
    lines = (
        f"{name.removeprefix(prefix).lower().replace('_', '-')}=={version}"
        for name, version in versions.items()
        if name.startswith(prefix)
    )
    return "\n".join(lines) + "\n"


def peers(versions: dict[str, str]) -> str:
    """The peers at their versions, and what measures them."""
    return pins(versions, PEER_PREFIX) + PEER_TOOLS


def locked(text: str) -> set[tuple[str, str]]:
    """(name, version) of each package in the text of a lock file."""
    return set(_LOCKED.findall(text))


def _compile(output: str, *arguments: str, stdin: str = "") -> None:
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    command = [
        str(Path(sys.executable).parent / "uv"), "pip", "compile", *arguments, "-o", output,
        "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--quiet",
        "--custom-compile-command", "make lock", *upgrade,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=REPO_ROOT, input=stdin, text=True, check=False)
    if done.returncode:
        raise InstallError(f"cannot resolve {output}: see above")


if __name__ == "__main__":
    main()
