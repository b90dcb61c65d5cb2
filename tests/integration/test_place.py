"""Catalog and warehouse know each other: one of them alone, or none at all, is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.contracts.place import LakePlaceError
from adlake.devstack.home import place_of
from adlake.io.lake_row import announce_token, read_lake
from adlake.io.warehouse_file import WAREHOUSE_FILE, read_mark
from adlake.jobs.place import check_place, claim_place
from adlake.provision.catalog import catalog_database
from tests.integration.lake import Lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def test_the_token_ties_catalog_and_warehouse(tmp_path: Path) -> None:
    original = Lake(tmp_path / "home")
    stack = original.stack()
    try:
        stack.up(only=["postgres"])
        place, connect = (
            place_of(original.settings()),
            catalog_database(original.settings()).connect,
        )
        folder = place.warehouse_folder
        assert folder is not None
        claim_place(connect, place)
        older = (folder / WAREHOUSE_FILE).read_text()
        claim_place(connect, place)
        with connect() as connection:
            announce_token(connection, "00000000-0000-0000-0000-000000000001")
        claim_place(connect, place)  # the one before was killed halfway
        with connect() as connection:
            row = read_lake(connection)
        mark = read_mark(folder)
        assert row is not None
        assert mark is not None
        assert (mark.token, mark.claims, row.next_token) == (row.token, row.claims, None)
        newest = (folder / WAREHOUSE_FILE).read_text()
        (folder / WAREHOUSE_FILE).write_text(older)
        with pytest.raises(LakePlaceError, match="the warehouse is older"):
            check_place(connect, place)
        (folder / WAREHOUSE_FILE).write_text(newest)
        away = folder.rename(folder.with_name("away"))
        for verb in (("up", "--only", "postgres"), ("wait",), ("query", "roas"), ("doctor",)):
            done = original.adlake(*verb, expected=1)
            assert f"{folder} is gone" in done.stdout + done.stderr, verb
        away.rename(folder)
        check_place(connect, place)
    finally:
        stack.nuke()
