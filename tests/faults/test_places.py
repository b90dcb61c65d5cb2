"""The README's commands as a user without root, where the field met trouble, all at once.

A folder with a blank, a quote and an umlaut in its path; a home that cannot be written; a shell
full of other tools' variables; configuration of other tools in the home and the current folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adlake.devstack.services.ports import private_environment
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.hostile import hostile_environment

pytestmark = pytest.mark.chaos
USER = "adlake-drill"
NAME = "it's a lake (ü) & co"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A clone of this commit that belongs to a user of its own, below folders open to him."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can add a user")
    # Not below the folder of the tests, which pytest keeps closed to other users.
    with tempfile.TemporaryDirectory(prefix="adlake-places-") as folder:
        Path(folder).chmod(0o755)
        base = Path(folder) / NAME
        base.mkdir()
        yield from _place_of_a_user(base)


def _place_of_a_user(base: Path) -> Iterator[Path]:
    subprocess.run(["useradd", "--no-create-home", USER], check=True)
    try:
        subprocess.run(["git", "clone", "-q", str(REPO_ROOT), str(base / "check out")], check=True)
        cache = base / "downloads"
        # Hard links: the downloads need neither the network nor room.
        cached = Settings().paths.cache.resolve()
        for one in ("kafka", "spark", "trino"):
            shutil.copytree(cached / one, cache / one, copy_function=_linked)
        subprocess.run(["chown", "-R", USER, str(base / "check out")], check=True)
        subprocess.run(["chown", USER, str(base), str(cache)], check=True)
        yield base
    finally:
        subprocess.run(["userdel", "--force", USER], check=True)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def environment(place: Path) -> dict[str, str]:
    given = hostile_environment(place / "shell", **private_environment(place / "state of it"))
    given |= {"ADLAKE_CACHE": str(place / "downloads"), "ADLAKE_GENERATOR_HISTORY": ""}
    # No place of pip or uv is known there: they start from what the machine offers.
    for name in ("PIP_CERT", "PIP_FIND_LINKS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if name in os.environ:
            given[name] = os.environ[name]
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        del given[name]  # a proxy that is named for the outside is used for it
    return given


def make(place: Path, environment: dict[str, str], *arguments: str, expected: int = 0) -> str:
    """One verb as the user, from a current folder full of foreign configuration."""
    done = subprocess.run(
        ["make", "-C", str(place / "check out"), *arguments],
        env=environment, cwd=place / "shell" / "home", user=USER, group=USER, extra_groups=[],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == expected, output
    assert "Traceback" not in output
    return output


def test_doctor_finds_nothing_that_blocks(place: Path, environment: dict[str, str]) -> None:
    assert "BLOCKS" not in make(place, environment, "doctor")


def test_a_user_id_without_a_name_is_refused_before_anything_starts(
    place: Path, environment: dict[str, str]
) -> None:
    program = str(place / "check out" / ".venv" / "bin" / "adlake")
    state = place / "nobody's state"
    state.mkdir(mode=0o777)
    state.chmod(0o777)
    done = subprocess.run(
        [program, "up"], env=environment | {"ADLAKE_HOME": str(state)}, cwd="/",
        user=54_321, group=54_321, extra_groups=[], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "user id 54321 has no entry" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(state.iterdir())


def test_the_readme_works_for_a_user_in_an_odd_place(
    place: Path, environment: dict[str, str]
) -> None:
    try:
        assert "all ready" in make(place, environment, "up")
        assert "gold.ad_performance_state contains all" in make(place, environment, "wait")
        assert "dashboard" in make(place, environment, "status")
        assert "roas" in make(place, environment, "query", "NAME=roas")
        statement = """SQL=SELECT count(*) AS "n$" FROM bronze.ad_events"""
        assert "n$" in make(place, environment, "sql", statement)
        assert "PROVEN" in make(place, environment, "verify")
        make(place, environment, "down")
    finally:
        make(place, environment, "nuke")
    assert not (place / "state of it").exists()
