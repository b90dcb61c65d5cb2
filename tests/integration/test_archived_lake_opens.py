"""A lake made by version 0.1.0 is restored and migrated, and its rows are read as they were.

Needs Postgres alone. The archive is never made again;
tests/fixtures/archived_lake/make.py says what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adlake.contracts.tables import GOLD_STATE
from adlake.io.postgres.migrations import MIGRATIONS_FOLDER
from adlake.provision.catalog import catalog_database
from adlake.wiring.lake import lake_reader
from tests.fixtures.archived_lake.archive import ARCHIVE, Record, Row, plain
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
RECORD = Record.read()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    one = Lake(tmp_path_factory.mktemp("archived") / "home")
    try:
        one.adlake("restore", str(ARCHIVE))
        one.stack().up(only=["postgres"])
        yield one
    finally:
        one.stack().nuke()


def test_an_archived_lake_opens_with_every_row_as_it_was(lake: Lake) -> None:
    table = lake_reader(lake.settings()).table(GOLD_STATE)
    assert table is not None
    scanned = table.scan(selected_fields=tuple(RECORD.columns)).to_arrow().to_pylist()
    found: list[Row] = [{name: plain(value) for name, value in row.items()} for row in scanned]
    assert len(found) == len(RECORD.rows)
    assert {row["impression_id"]: row for row in found} == RECORD.rows


def test_every_migration_is_applied_to_an_archived_lake(lake: Lake) -> None:
    with catalog_database(lake.settings()).connect() as control:
        rows = control.execute("SELECT file_name FROM adlake.schema_migrations").fetchall()
    applied = {name for (name,) in rows}
    assert set(RECORD.migrations) <= applied
    assert applied == {file.name for file in MIGRATIONS_FOLDER.glob("[0-9]*.sql")}


def test_passwords_that_a_backup_lacks_are_made_anew(lake: Lake) -> None:
    assert len(lake.settings().catalog_password()) > 20
