"""What must not be adopted: files that an original still uses, or that are of several moments."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from adlake.contracts.place import LakePlaceError, Place, WarehouseGoneError
from adlake.devstack.adopt import adopt
from adlake.devstack.home import bind_home
from adlake.io.iceberg.path_rewrite import PathMap
from adlake.provision import adopt as job
from adlake.settings import Settings

TABLE = "gold.ad_performance_state"


def quiet(_line: str) -> None:
    pass


@pytest.fixture
def original(tmp_path: Path) -> Path:
    home = tmp_path / "original"
    bind_home(home)
    (home / "kafka" / "data").mkdir(parents=True)
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "data" / "PG_VERSION").write_text("18")
    return home


def refused(copy: Path, said: str) -> None:
    with pytest.raises(LakePlaceError, match=said):
        adopt(Settings({"ADLAKE_HOME": str(copy)}), quiet)


def test_a_folder_that_is_no_lake_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "there is nothing to adopt")


def test_a_copy_with_links_to_the_original_is_refused(original: Path) -> None:
    elsewhere = original.with_name("big-disk")
    (original / "kafka" / "data").rmdir()
    elsewhere.mkdir()
    (original / "kafka" / "data").symlink_to(elsewhere)
    copy = original.with_name("copy")
    shutil.copytree(original, copy, symlinks=True)
    refused(copy, "is a link to .*big-disk, which the lake in .*original uses")


def test_a_copy_of_hard_links_is_refused(original: Path) -> None:
    copy = original.with_name("copy")
    shutil.copytree(original, copy, copy_function=os.link)
    refused(copy, "hard links")


def test_a_copy_made_while_the_original_ran_is_refused(original: Path) -> None:
    (original / "postgres" / "data" / "postmaster.pid").write_text("1")
    copy = original.with_name("copy")
    shutil.copytree(original, copy)
    refused(copy, "was copied while the lake in .*original ran")


def test_a_warehouse_that_an_existing_lake_uses_is_refused(original: Path, tmp_path: Path) -> None:
    shared = "file:///data/shared"
    place = Place(tmp_path / "copy", shared)
    with pytest.raises(LakePlaceError, match="which still exists: copy it too"):
        job._refuse_shared(job.Origin("id", original, "file:/data/shared"), place)
    job._refuse_shared(job.Origin("id", tmp_path / "gone", shared), place)
    job._refuse_shared(job.Origin("id", original, "file:///data/other"), place)


def test_a_catalog_whose_files_are_elsewhere_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path, f"file://{tmp_path}/warehouse")
    paths = PathMap("file:///data/old", place.warehouse_uri)
    locations = {TABLE: "file:/data/old/gold/ad_performance_state/metadata/m.json"}
    with pytest.raises(WarehouseGoneError, match="are not of one moment"):
        job._refuse_missing(locations, paths, place)
    moved = Path(paths.moved(locations[TABLE]).removeprefix("file:"))
    moved.parent.mkdir(parents=True)
    moved.write_text("{}")
    job._refuse_missing(locations, paths, place)


def test_the_old_warehouse_of_an_older_version_is_known_by_its_tables(tmp_path: Path) -> None:
    locations = {TABLE: "file:/data/old/gold/ad_performance_state/metadata/m.json"}
    place = Place(tmp_path, "file:///x")
    assert job._origin(None, locations, place, Path("/data")).warehouse_uri == "file:/data/old"
    assert job._origin(None, {}, place, Path("/data")).warehouse_uri == "file:///x"
