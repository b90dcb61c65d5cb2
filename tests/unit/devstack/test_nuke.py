"""`nuke` removes a lake's own tables wherever they lie, and names what it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from adlake.devstack.home import bind_home, read_home
from adlake.devstack.stack import Stack
from adlake.io.iceberg.warehouse_file import WarehouseMark, read_mark, write_mark
from adlake.settings import Settings


@pytest.fixture
def mark(tmp_path: Path) -> WarehouseMark:
    """That of the lake in `home`, which keeps its tables in `outside`."""
    home = tmp_path / "home"
    bind_home(home)
    found = read_home(home)
    assert found is not None
    assert found.lake_id is not None
    table = tmp_path / "outside" / "bronze" / "ad_events" / "data"
    table.mkdir(parents=True)
    (table / "1.parquet").write_text("rows")
    return WarehouseMark(found.lake_id, str(home), "token", 1)


def nuked(tmp_path: Path, warehouse: str = "") -> list[str]:
    said: list[str] = []
    given = {
        "ADLAKE_HOME": str(tmp_path / "home"),
        "ADLAKE_WAREHOUSE": warehouse or f"file://{tmp_path / 'outside'}",
    }
    Stack(Settings(given), report=said.append).nuke()
    assert not (tmp_path / "home").exists()
    return said


def test_nuke_removes_the_tables_of_its_own_warehouse_outside_of_the_home(
    tmp_path: Path, mark: WarehouseMark
) -> None:
    write_mark(tmp_path / "outside", mark)
    assert f"removed this lake's tables in {tmp_path / 'outside'}" in nuked(tmp_path)
    assert not (tmp_path / "outside").exists()


def test_what_else_lies_in_the_warehouse_stays(tmp_path: Path, mark: WarehouseMark) -> None:
    write_mark(tmp_path / "outside", mark)
    (tmp_path / "outside" / "thesis.txt").write_text("three years of work")
    assert any("left what else is there" in line for line in nuked(tmp_path))
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("other", [{"lake_id": "another"}, {"home": "/elsewhere"}])
def test_the_warehouse_of_another_lake_is_left_and_named(
    tmp_path: Path, mark: WarehouseMark, other: dict[str, str]
) -> None:
    theirs = replace(mark, **other)
    write_mark(tmp_path / "outside", theirs)
    expected = f"left: {tmp_path / 'outside'}, which belongs to the lake {theirs.lake_id}"
    assert any(line.startswith(expected) for line in nuked(tmp_path))
    assert read_mark(tmp_path / "outside") == theirs
    assert (tmp_path / "outside" / "bronze" / "ad_events" / "data" / "1.parquet").exists()


def test_a_warehouse_that_does_not_say_whose_it_is_stays(
    tmp_path: Path, mark: WarehouseMark
) -> None:
    (tmp_path / "outside" / "notes.json").write_text(json.dumps(mark.home))
    assert any("does not say whose it is: `rm -r" in line for line in nuked(tmp_path))
    assert (tmp_path / "outside" / "bronze").exists()


def test_tables_in_an_object_store_are_left_and_named(tmp_path: Path, mark: WarehouseMark) -> None:
    assert mark.home
    assert any("left: the tables in s3://b/lake" in one for one in nuked(tmp_path, "s3://b/lake"))
