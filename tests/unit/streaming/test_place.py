"""Catalog, warehouse and settings are compared: every way in which they can disagree has a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adlake.contracts.place import LakePlaceError, Place, WarehouseGoneError, lies_below, same_uri
from adlake.io.iceberg.warehouse_file import WarehouseMark, read_mark, write_mark
from adlake.io.postgres.lake_row import LakeRow
from adlake.streaming.place import find_problem

TABLE = "gold.ad_performance_state"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "home", f"file://{tmp_path}/home/warehouse", "lake-1")


def row_of(place: Place, **changes: object) -> LakeRow:
    row = LakeRow("lake-1", place.home, place.warehouse_uri, "t1", None, 3)
    return replace(row, **changes)  # type: ignore[arg-type]


def folder(place: Place) -> Path:
    assert place.warehouse_folder is not None
    return place.warehouse_folder


def mark_warehouse(place: Place, token: str = "t1", claims: int = 3, lake: str = "lake-1") -> None:  # noqa: S107
    write_mark(folder(place), WarehouseMark(lake, str(place.home), token, claims))


def test_a_lake_in_its_own_place_opens(place: Place) -> None:
    mark_warehouse(place)
    assert find_problem(place, row_of(place), {}) is None


def test_a_renewal_that_was_killed_halfway_opens(place: Place) -> None:
    mark_warehouse(place, "t2", 4)
    assert find_problem(place, row_of(place, next_token="t2"), {}) is None  # noqa: S106
    # Killed before the warehouse got its first file.
    first = row_of(place, token=None, next_token="t1", claims=0)  # noqa: S106
    for file in folder(place).iterdir():
        file.unlink()
    assert find_problem(place, first, {}) is None


@pytest.mark.parametrize(
    ("token", "claims", "said"),
    [
        ("t0", 2, "the warehouse is older"),
        ("t9", 4, "the catalog is older"),
        ("t9", 3, "both went on since they were copied"),
    ],
)
def test_one_half_restored_alone_is_named(place: Place, token: str, claims: int, said: str) -> None:
    mark_warehouse(place, token, claims)
    problem = find_problem(place, row_of(place), {})
    assert isinstance(problem, LakePlaceError)
    assert said in str(problem)


def test_another_homes_database_is_named(place: Place) -> None:
    mark_warehouse(place)
    for row in (row_of(place, home=Path("/data/original")), row_of(place, lake_id="lake-2")):
        problem = find_problem(place, row, {})
        assert isinstance(problem, LakePlaceError)
        assert f"belongs to the lake in {row.home}" in str(problem)


def test_another_warehouse_is_named(place: Place) -> None:
    elsewhere = row_of(place, warehouse_uri="file:///data/original/warehouse")
    assert "keeps its tables in file:///data" in str(find_problem(place, elsewhere, {}))
    mark_warehouse(place, lake="lake-2")
    assert "two lakes cannot share one" in str(find_problem(place, row_of(place), {}))
    assert "belongs to the lake in" in str(find_problem(place, None, {}))


def test_a_warehouse_that_is_gone_is_named(place: Place) -> None:
    problem = find_problem(place, row_of(place), {TABLE: f"{place.warehouse_uri}/gold/m.json"})
    assert isinstance(problem, WarehouseGoneError)
    assert f"{folder(place)} is gone" in str(problem)
    folder(place).mkdir(parents=True)
    assert "does not say whose it is" in str(find_problem(place, row_of(place), {}))


def test_a_lake_of_an_older_version_is_adopted_only_where_its_tables_are(place: Place) -> None:
    assert find_problem(place, None, {}) is None
    own = f"{place.warehouse_uri}/gold/m.json"
    gone = find_problem(place, None, {TABLE: own})
    assert isinstance(gone, WarehouseGoneError)
    (folder(place) / "gold").mkdir(parents=True)
    (folder(place) / "gold" / "m.json").write_text("{}")
    assert find_problem(place, None, {TABLE: own}) is None
    copied = find_problem(place, None, {TABLE: "file:/data/original/warehouse/gold/m.json"})
    assert "the lake was copied or moved" in str(copied)


def test_a_damaged_warehouse_file_counts_as_none(place: Place) -> None:
    folder(place).mkdir(parents=True)
    (folder(place) / ".adlake-lake.json").write_text("{")
    assert read_mark(folder(place)) is None


def test_one_place_has_several_spellings() -> None:
    assert same_uri("file:/data/x/", "file:///data/x")
    assert same_uri("/data/x", "file://localhost/data/x")
    assert not same_uri("s3://data/x", "file:///data/x")
    assert lies_below("file:/data/x/m.json", "file:///data/x")
    assert not lies_below("file:///data/xy/m.json", "file:///data/x")
    # Nothing is escaped: Iceberg's own names of partitions hold percent signs.
    assert Place(Path("/h"), "file:///data/n%C3%A4m #1?").warehouse_folder == Path(
        "/data/n%C3%A4m #1?"
    )
