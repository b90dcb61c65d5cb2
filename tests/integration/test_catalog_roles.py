"""The role that commits does not own the fence, and the owner's rights are not needed to work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from adlake.contracts.law import LAW_V1
from adlake.devstack.services.postgres import ADMIN, Postgres
from adlake.io.postgres import operations
from adlake.io.postgres.law_store import recorded_law
from adlake.io.postgres.lease import acquire
from adlake.io.postgres.migrations import CatalogDatabase, apply_migrations
from adlake.io.postgres.rights import WRITER_RIGHTS
from adlake.io.postgres.source_incarnations import SourceIncarnation, declare
from adlake.io.postgres.table_heads import (
    HeadsRecorder,
    RecordedHead,
    TableHead,
    accept_loss,
    recorded_heads,
)
from adlake.provision.catalog import OWNER_FILE, catalog_database, owner_database
from tests.fixtures.lake import Lake

pytestmark = pytest.mark.integration

REFUSED = (
    "ALTER TABLE iceberg_tables DISABLE TRIGGER ALL",
    "ALTER TABLE iceberg_tables DISABLE TRIGGER refuse_stale_writer",
    "ALTER TABLE iceberg_tables RENAME TO others",
    "DROP TRIGGER refuse_stale_writer ON iceberg_tables",
    "DROP TRIGGER refuse_older_epoch ON adlake.leases",
    "DROP FUNCTION adlake.refusal(TEXT, TEXT) CASCADE",
    "CREATE OR REPLACE FUNCTION adlake.lease_of(given_namespace TEXT, given_table TEXT) "
    "RETURNS TEXT LANGUAGE sql AS $$ SELECT 'mine' $$",
    "CREATE TRIGGER mine BEFORE UPDATE ON iceberg_tables FOR EACH ROW "
    "EXECUTE FUNCTION adlake.refuse_drop()",
    "DROP SCHEMA adlake CASCADE",
    "DROP TABLE iceberg_tables",
    "TRUNCATE iceberg_tables",
    "CREATE TABLE public.mine (id INT)",
    "CREATE TABLE adlake.mine (id INT)",
    "INSERT INTO adlake.fenced_tables VALUES ('gold', '*', 'nobody')",
    "DELETE FROM adlake.fenced_tables",
    "DELETE FROM adlake.leases",
    "TRUNCATE adlake.leases",
    "DELETE FROM adlake.law_versions",
    "UPDATE adlake.source_epochs SET kind = 'declared'",
    "DELETE FROM adlake.accepted_losses",
    "DELETE FROM adlake.schema_migrations",
    "SET session_replication_role = replica",
    "SET ROLE adlake_owner",
)
"""Each would take the fence down, or change what is kept for ever."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake(Path(tmp_path_factory.mktemp("roles") / "home")).running(only=["postgres"]) as one:
        yield one


@pytest.fixture
def writer(lake: Lake) -> CatalogDatabase:
    return catalog_database(lake.settings())


def server_of(lake: Lake) -> Postgres:
    [server] = [one for one in lake.stack().services() if isinstance(one, Postgres)]
    return server


def allowed(writer: CatalogDatabase) -> list[str]:
    """Those of the statements that are done; each is taken back."""
    done = []
    for statement in REFUSED:
        with writer.connect() as connection, suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
            done.append(statement)
            connection.rollback()
    return done


def test_the_role_that_commits_cannot_take_the_fence_down(writer: CatalogDatabase) -> None:
    assert allowed(writer) == []


def test_no_role_takes_a_lease_back(lake: Lake, writer: CatalogDatabase) -> None:
    lease = acquire(writer.connect, "attribution", 0.0)
    for role in (writer, owner_database(lake.settings())):
        for change in ("UPDATE adlake.leases SET epoch = epoch - 1",
                       "UPDATE adlake.leases SET lease_name = 'other'"):  # fmt: skip
            with role.connect() as connection, pytest.raises(psycopg.Error) as refused:
                connection.execute(change.encode())
            assert refused.value.sqlstate == "AL003"
    with (
        owner_database(lake.settings()).connect() as connection,
        pytest.raises(psycopg.Error, match="never removed"),
    ):
        connection.execute("DELETE FROM adlake.leases")
    assert acquire(writer.connect, "attribution", 0.0).generation == lease.generation + 1


def works(writer: CatalogDatabase, topic: str) -> None:
    """Everything that drivers and commands write."""
    connect = writer.connect
    lease = acquire(connect, "attribution", 30.0)
    lease.renew()
    with connect() as connection:
        connection.execute("SET adlake.lease_name = attribution")
        connection.execute(f"SET adlake.lease_epoch = {lease.generation}")
        connection.execute("INSERT INTO iceberg_namespace_properties VALUES ('l', 'n', 'k', 'v')")
        connection.execute("DELETE FROM iceberg_namespace_properties")
        connection.execute("INSERT INTO iceberg_tables VALUES ('l', 'n', 't', 'm', NULL, 'TABLE')")
        connection.execute("UPDATE iceberg_tables SET metadata_location = 'm1'")
        connection.execute("DELETE FROM iceberg_tables")
    declare(connect, SourceIncarnation(topic, 2))
    operations.finish(connect, operations.request(connect, "nothing", {}), "done", "")
    law = replace(LAW_V1, window_changes=((1_772_445_600_000, lease.generation),))
    assert recorded_law(connect, law, topic).law_version > 1
    heads = HeadsRecorder(connect)
    head = RecordedHead(TableHead("00000000-0000-0000-0000-000000000001", 5, 5, 1), "ads", "{}")
    heads.record({"gold.t": head})
    heads.close()
    accept_loss(connect, "gold.t", recorded_heads(connect)["gold.t"], {"finding": "", "reason": ""})
    lease.release()


def test_the_ordinary_work_needs_no_right_of_the_owner(writer: CatalogDatabase) -> None:
    works(writer, "ads")


def test_every_table_says_what_the_writer_may_do_with_it(lake: Lake) -> None:
    with owner_database(lake.settings()).connect() as connection:
        rows = connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables "
            "WHERE schemaname IN ('adlake', 'public')"
        ).fetchall()
        owners = connection.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace IN "
            "('adlake'::regnamespace, 'public'::regnamespace)"
        ).fetchall()
    assert {name for (name,) in rows} == set(WRITER_RIGHTS)
    assert owners == [("adlake_owner",)]


def test_the_next_start_hands_a_lake_of_the_version_before_over_to_its_owner(lake: Lake) -> None:
    settings, server = lake.settings(), server_of(lake)
    writer, secret = catalog_database(settings), settings.paths.secrets_dir / OWNER_FILE
    for database in (ADMIN, writer.database):
        with server._admin_database(database).connect() as admin:
            admin.execute("REASSIGN OWNED BY adlake_owner TO adlake")
            admin.execute("DROP OWNED BY adlake_owner")
    with server._admin_database(ADMIN).connect() as admin:
        admin.execute("DROP ROLE adlake_owner")
    secret.unlink()
    assert owner_database(settings) == writer
    assert apply_migrations(owner_database(settings), writer=writer.user) == ()
    for _ in range(2):
        server.after_ready()
        assert allowed(writer) == []
    assert secret.stat().st_mode & 0o777 == 0o600
    works(writer, "ads of a later start")
