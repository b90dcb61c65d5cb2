"""A lake with traffic is stopped and copied: the copy is refused, the original is not harmed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(900)]

WRITERS = ("postgres", "kafka", "stream")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Stopped, with a few batches in it."""
    lake = Lake(Path(tmp_path_factory.mktemp("place") / "original"))
    try:
        lake.stack().up(only=WRITERS)
        lake.adlake("generate", "--events", "2000", "--unpaced", "--fresh")
        lake.adlake("wait")
        lake.stack().down()
        yield lake
    finally:
        lake.stack().nuke()


def copied(lake: Lake, name: str) -> Lake:
    """What `cp -a` of a home makes."""
    home = lake.home.with_name(name)
    shutil.copytree(lake.home, home, symlinks=True)
    return Lake(home)


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_copy_is_refused_by_every_verb_and_the_original_stays_as_it_was(original: Lake) -> None:
    before = fingerprints(original.home)
    copy = copied(original, "refused")
    for verb in ("up", "down", "nuke", "stream", "wait", "verify", "replay", "provision"):
        said = copy.adlake(verb, expected=1).stderr
        assert f"not where this lake was made, but {original.home}" in said, verb
        assert "Traceback" not in said, verb
    assert fingerprints(original.home) == before
    assert fingerprints(copy.home) == before
    shutil.rmtree(copy.home)
