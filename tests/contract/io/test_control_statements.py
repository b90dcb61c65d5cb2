"""Every statement of sql/control fits the schema that the migrations make."""

from __future__ import annotations

import pytest

from adlake.io.sql.files import SQL_ROOT, sql_text
from adlake.io.sql.template import HEADER, substituted
from adlake.provision.catalog import owner_database
from adlake.settings import Settings
from adlake.wiring.lake import lease_connect

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

STATEMENTS = sorted(
    str(file.relative_to(SQL_ROOT).with_suffix("")) for file in SQL_ROOT.glob("control/**/*.sql")
)


def test_every_statement_is_planned_by_postgres(private_lake: Settings) -> None:
    assert len(STATEMENTS) > 40
    with lease_connect(private_lake)() as writer, owner_database(private_lake).connect() as owner:
        for name in STATEMENTS:
            statement = HEADER.sub("", substituted(sql_text(name), lambda _: "NULL"))
            if not statement.startswith(("LOCK", "CREATE")):
                statement = f"EXPLAIN {statement}"
            connection = owner if name.startswith("control/schema_migrations/") else writer
            connection.execute(statement.encode())
