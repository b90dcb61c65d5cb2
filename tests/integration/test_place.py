"""Catalog and warehouse know each other: one of them alone, or none at all, is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.contracts.place import LakePlaceError
from adlake.contracts.tables import CATALOG, GOLD_STATE
from adlake.devstack.home import place_of, read_home
from adlake.io.iceberg.warehouse_file import WAREHOUSE_FILE, read_mark
from adlake.io.postgres.lake_row import announce_token, read_lake
from adlake.provision.catalog import catalog_database
from adlake.streaming.place import check_place, claim_place
from adlake.wiring.lake import lake_reader
from tests.fixtures.lake import Lake
from tests.fixtures.lake_files import fingerprints

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


def filled(lake: Lake) -> None:
    """A table in the real catalog, two snapshots of it; the server is stopped."""
    lake.stack().up(only=["postgres"])
    settings = lake.settings()
    place, connect = place_of(settings), catalog_database(settings).connect
    claim_place(connect, place)
    password, port = (
        quote(settings.catalog_password().get_secret_value()),
        settings.ports.postgres_port,
    )
    catalog = SqlCatalog(
        CATALOG,
        uri=f"postgresql+psycopg://adlake:{password}@127.0.0.1:{port}/lakehouse",
        warehouse=place.warehouse_uri, init_catalog_tables="false",
    )  # fmt: skip
    rows = pa.table({"id": [1, 2, 3]})
    catalog.create_namespace("gold")
    table = catalog.create_table(GOLD_STATE, schema=rows.schema)
    table.append(rows)
    table.append(rows)
    catalog.close()
    lake.stack().down()


def ids_of(lake: Lake) -> list[int]:
    """What a reader finds in the lake, which starts and stops its database."""
    lake.stack().up(only=["postgres"])
    try:
        table = lake_reader(lake.settings()).table(GOLD_STATE)
        assert table is not None
        assert len(table.snapshots()) == 2
        return sorted(table.scan().to_arrow()["id"].to_pylist())
    finally:
        lake.stack().down()


def test_a_copy_a_moved_and_a_restored_lake_are_lakes_of_their_own(tmp_path: Path) -> None:
    original = Lake(tmp_path / "original")
    copy, moved, restored = (Lake(tmp_path / name) for name in ("copy", "moved", "restored"))
    archive = tmp_path / "lake.tar.zst"
    try:
        filled(original)
        before = fingerprints(original.home)
        shutil.copytree(original.home, copy.home, symlinks=True)
        said = copy.adlake("up", "--only", "postgres", expected=1).stderr
        assert f"not where this lake was made, but {original.home}" in said
        original.adlake("backup", str(archive))
        assert f"lives in {copy.home}" in copy.adlake("lake", "adopt").stdout
        restored.adlake("restore", str(archive))
        assert fingerprints(original.home) == before
        original.home.rename(moved.home)
        # Nothing is left at the old place, so nobody reads there.
        assert ids_of(copy) == ids_of(restored) == [1, 1, 2, 2, 3, 3]
        moved.adlake("lake", "adopt")
        assert ids_of(moved) == [1, 1, 2, 2, 3, 3]
        marks = {read_home(lake.home) for lake in (copy, moved, restored)}
        assert len({mark.lake_id for mark in marks if mark}) == 3
        for lake in (copy, moved, restored):
            for file in (lake.home / "warehouse").rglob("*"):
                assert not file.is_file() or str(original.home).encode() not in file.read_bytes()
    finally:
        for lake in (copy, moved, restored):
            lake.stack().nuke()
