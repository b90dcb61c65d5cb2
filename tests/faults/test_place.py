"""A lake with traffic is stopped and copied: the copy is refused, the original is not harmed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import fastavro
import pyarrow.parquet as pq
import pytest

from tests.fixtures.drill.lake import QUICK
from tests.fixtures.lake import Lake
from tests.fixtures.lake_files import fingerprints

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(900)]

WRITERS = ("postgres", "kafka", "stream")
EVERYTHING = (*WRITERS, "trino")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Stopped, with a few batches in it."""
    lake = Lake(Path(tmp_path_factory.mktemp("place") / "original"), QUICK)
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
    return Lake(home, QUICK)


def test_a_copy_is_refused_by_every_verb_and_the_original_stays_as_it_was(original: Lake) -> None:
    before = fingerprints(original.home)
    copy = copied(original, "refused")
    as_copied = fingerprints(copy.home)
    for verb in ("up", "verify", "replay", "provision"):
        said = copy.adlake(verb, expected=1).stderr
        assert f"not where this lake was made, but {original.home}" in said, verb
        assert "Traceback" not in said, verb
    assert fingerprints(original.home) == before
    assert fingerprints(copy.home) == as_copied
    shutil.rmtree(copy.home)


def test_an_adopted_copy_names_the_original_nowhere(original: Lake) -> None:
    before = fingerprints(original.home)
    copy = copied(original, "adopted")
    assert f"lives in {copy.home}" in copy.adlake("lake", "adopt").stdout
    assert_names_nowhere(copy.home / "warehouse", str(original.home))
    moved = Lake(copy.home.rename(copy.home.with_name("moved")), QUICK)
    try:
        assert f"lives in {moved.home}" in moved.adlake("lake", "adopt").stdout
        assert_names_nowhere(moved.home / "warehouse", str(copy.home))
        assert fingerprints(original.home) == before
    finally:
        moved.stack().nuke()


def test_a_backup_is_restored_elsewhere_and_both_live(original: Lake) -> None:
    before = fingerprints(original.home)
    archive = original.home.with_name("lake.tar.zst")
    original.adlake("backup", str(archive))
    restored = Lake(original.home.with_name("restored"), QUICK)
    try:
        assert f"lives in {restored.home}" in restored.adlake("restore", str(archive)).stdout
        restored.stack().up(only=EVERYTHING)
        restored.adlake("generate", "--events", "500", "--unpaced", "--seed", "9")
        restored.adlake("wait")
        assert "PROVEN" in restored.adlake("verify").stdout
        said = restored.adlake("backup", str(archive.with_name("b.tar")), expected=1).stderr
        assert "of this lake runs: stop it first" in said
        restored.stack().down()
        assert fingerprints(original.home) == before
    finally:
        restored.stack().nuke()
    original.stack().up(only=EVERYTHING)
    original.adlake("wait")
    assert "PROVEN" in original.adlake("verify").stdout
    original.stack().down()


def assert_names_nowhere(folder: Path, path: str) -> None:
    """No file below `folder` holds `path`, columns of Parquet files included."""
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        assert path.encode() not in file.read_bytes(), file
        if file.name.endswith("-deletes.parquet"):
            assert not [p for p in pq.read_table(file)["file_path"].to_pylist() if path in p], file
        if file.suffix == ".avro":
            with file.open("rb") as stream:
                assert path not in str(list(fastavro.reader(stream))), file
