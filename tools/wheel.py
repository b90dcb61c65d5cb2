"""Builds the wheel of adlake (`make wheel`): the code, and what it reads beside itself.

Installed by pip it runs `adlake` against servers that exist. Its requirements are those of
pyproject.toml with the versions of requirements.lock, since Spark, its jars and the clients were
tried together; what these need themselves floats.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adlake.devstack.errors import InstallError
from adlake.folders import SHIPPED
from adlake.settings import REPO_ROOT
from tools.lock import locked

TAKEN = ("src", "pyproject.toml", "LICENSE", *SHIPPED)
"""What the build sees: nothing that lies about in a checkout gets in."""
LOCK = "requirements.lock"


def main() -> None:
    """Leave the wheel in dist/ and say its name."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else REPO_ROOT / "dist"
    sys.stdout.write(f"{build(target)}\n")


def build(target: Path) -> Path:
    """The wheel, made in `target`.

    Raises:
        InstallError: it cannot be built; the reason has been printed.
    """
    with tempfile.TemporaryDirectory(prefix="adlake-wheel-") as folder:
        tree = Path(folder) / "tree"
        copy_taken(tree)
        project = tree / "pyproject.toml"
        project.write_text(pinned(project.read_text(), (REPO_ROOT / LOCK).read_text()))
        made = Path(folder) / "made"
        uv = Path(sys.executable).parent / "uv"
        done = subprocess.run(
            [uv, "build", "--wheel", "--quiet", "--no-build-isolation", "--python", sys.executable,
             "--out-dir", made, tree],
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise InstallError("the wheel cannot be built: see above")
        wheel = next(made.glob("*.whl"))
        target.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy2(wheel, target))


def copy_taken(tree: Path) -> None:
    """The files of the index that belong into the wheel, as they are in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *TAKEN], cwd=REPO_ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (REPO_ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO_ROOT / name, tree / name)


def pinned(project: str, lock: str) -> str:
    """The text of pyproject.toml with the locked version of each requirement.

    Raises:
        InstallError: the lock file has none, or several.
    """
    given: list[str] = tomllib.loads(project)["project"]["dependencies"]
    found: dict[str, set[str]] = {}
    for name, version in locked(lock):
        found.setdefault(canonicalize_name(name), set()).add(version)
    for line in given:
        requirement = Requirement(line)
        versions = found.get(canonicalize_name(requirement.name), set())
        if len(versions) != 1:
            raise InstallError(
                f"{LOCK} has {len(versions)} versions of {requirement.name}, not one"
            )
        project = project.replace(f'"{line}"', f'"{line}=={versions.pop()}"', 1)
    return project


if __name__ == "__main__":
    main()
