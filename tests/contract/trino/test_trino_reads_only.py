"""Nobody writes to the lake through Trino, whatever he calls himself; everybody reads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
import trino
from pyiceberg.catalog.sql import SqlCatalog

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.settings import Settings
from tests.fixtures.trino.oracle_lake import lake_of, publish
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

GOLD: Final = "lakehouse.gold.ad_performance_state"
BRONZE: Final = "lakehouse.bronze.ad_events"
USERS: Final = ("adlake", "bi", "root", "zo\u00eb")
"""Names are not checked, so the operator's own is among them."""

WRITES: Final = (
    f"DROP TABLE {GOLD}",
    f"DROP TABLE {BRONZE}",
    f"EXECUTE IMMEDIATE 'DROP TABLE {GOLD}'",
    f"DELETE FROM {GOLD}",
    f"DELETE FROM {GOLD} WHERE impression_id = 'x'",
    f"TRUNCATE TABLE {GOLD}",
    f"INSERT INTO {GOLD} SELECT * FROM {GOLD}",
    f"UPDATE {GOLD} SET cost = 1",
    f"MERGE INTO {GOLD} t USING (SELECT 'x' AS i) s ON t.impression_id = s.i "
    "WHEN MATCHED THEN DELETE",
    f"ALTER TABLE {GOLD} ADD COLUMN mine integer",
    f"ALTER TABLE {GOLD} DROP COLUMN cost",
    f"ALTER TABLE {GOLD} RENAME COLUMN cost TO price",
    f"ALTER TABLE {GOLD} ALTER COLUMN late_by_ms SET DATA TYPE bigint",
    f"ALTER TABLE {GOLD} RENAME TO lakehouse.gold.mine",
    f"ALTER TABLE {GOLD} SET PROPERTIES format_version = 2",
    f"ALTER TABLE {GOLD} SET AUTHORIZATION bob",
    f"ALTER TABLE {GOLD} EXECUTE optimize",
    f"ALTER TABLE {GOLD} EXECUTE optimize_manifests",
    f"ALTER TABLE {GOLD} EXECUTE expire_snapshots(retention_threshold => '8d')",
    f"ALTER TABLE {GOLD} EXECUTE remove_orphan_files(retention_threshold => '8d')",
    f"ALTER TABLE {GOLD} EXECUTE drop_extended_stats",
    f"ALTER TABLE {GOLD} EXECUTE rollback_to_snapshot(1)",
    f"ALTER TABLE {GOLD} EXECUTE add_files(location => 'file:///etc', format => 'PARQUET')",
    f"ALTER TABLE {GOLD} EXECUTE add_files_from_table('bronze', 'ad_events')",
    f"COMMENT ON TABLE {GOLD} IS 'mine'",
    f"COMMENT ON COLUMN {GOLD}.cost IS 'mine'",
    f"ANALYZE {GOLD}",
    "CREATE TABLE lakehouse.gold.mine (i integer)",
    "CREATE TABLE lakehouse.gold.mine (i integer) WITH (location = 'file:///tmp/mine')",
    f"CREATE TABLE lakehouse.gold.mine AS SELECT * FROM {GOLD}",
    f"CREATE OR REPLACE TABLE {GOLD} (i integer)",
    "CREATE SCHEMA lakehouse.mine",
    "CREATE SCHEMA lakehouse.mine WITH (location = 'file:///tmp/mine')",
    "ALTER SCHEMA lakehouse.gold RENAME TO mine",
    "ALTER SCHEMA lakehouse.gold SET AUTHORIZATION bob",
    "DROP SCHEMA lakehouse.empty",
    "DROP SCHEMA lakehouse.bronze CASCADE",
    "CREATE VIEW lakehouse.gold.mine AS SELECT 1 AS i",
    "CREATE VIEW lakehouse.gold.mine SECURITY DEFINER AS SELECT 1 AS i",
    "CREATE MATERIALIZED VIEW lakehouse.gold.mine AS SELECT 1 AS i",
    "CREATE FUNCTION lakehouse.gold.f(i integer) RETURNS integer RETURN i",
    "CREATE ROLE boss",
    f"GRANT ALL PRIVILEGES ON {GOLD} TO USER bob",
    f"REVOKE SELECT ON {GOLD} FROM USER bob",
    f"DENY SELECT ON {GOLD} TO USER bob",
    "GRANT CREATE ON SCHEMA lakehouse.gold TO USER bob",
    "CALL lakehouse.system.register_table('gold', 'mine', 'file:///tmp/mine')",
    "CALL lakehouse.system.unregister_table('gold', 'ad_performance_state')",
    "CALL lakehouse.system.rollback_to_snapshot('gold', 'ad_performance_state', 1)",
    "SELECT * FROM TABLE(lakehouse.system.table_changes('gold', 'ad_performance_state', 1, 2))",
    "CREATE CATALOG mine USING memory",
    "DROP CATALOG lakehouse",
    "CREATE TABLE memory.default.mine (i integer)",
    "SET SESSION lakehouse.expire_snapshots_min_retention = '0s'",
    "SET SESSION lakehouse.remove_orphan_files_min_retention = '0s'",
    "SET SESSION AUTHORIZATION somebody",
)
READS: Final = (
    f"SELECT count(*) FROM {GOLD}",
    f"SELECT count(*) FROM {BRONZE}",
    f"SELECT count(*) FROM {GOLD} FOR VERSION AS OF {{gold_snapshot}}",
    *(f'SELECT count(*) FROM lakehouse.gold."ad_performance_state${name}"'
      for name in ("snapshots", "files", "history", "partitions", "refs", "manifests")),
    f"SELECT count(*) FROM TABLE(exclude_columns(TABLE({GOLD}), DESCRIPTOR(cost)))",
    f"DESCRIBE {GOLD}", f"SHOW STATS FOR {GOLD}", f"EXPLAIN ANALYZE SELECT * FROM {GOLD}",
    "SHOW SCHEMAS FROM lakehouse", "SHOW TABLES FROM lakehouse.gold",
    "SELECT count(*) FROM lakehouse.information_schema.columns",
)  # fmt: skip


@pytest.fixture(scope="module")
def port(private_lake: Settings, catalog: SqlCatalog) -> int:
    publish(catalog, lake_of((d.payload, d.ingest_ms) for c in law_cases() for d in c.deliveries))
    catalog.create_namespace_if_not_exists("empty")
    return private_lake.ports.trino_port


def ask(port: int, user: str, statement: str) -> list[Any]:
    with trino.dbapi.connect(host="127.0.0.1", port=port, user=user) as connection:
        found: list[Any] = connection.cursor().execute(statement).fetchall()
        return found


def refusal(port: int, user: str, statement: str) -> str | None:
    """Trino's name of the error; None when the statement was done."""
    try:
        ask(port, user, statement)
    except trino.exceptions.TrinoQueryError as error:
        return str(error.error_name)
    return None


def whole_lake(settings: Settings, catalog: SqlCatalog) -> dict[str, Any]:
    """Rows of the catalog, heads and rows of the tables, and every file."""
    address = urlsplit(settings.catalog_jdbc_uri.removeprefix("jdbc:"))
    with psycopg.connect(
        host="127.0.0.1", port=settings.ports.postgres_port, dbname=address.path.removeprefix("/"),
        user=settings.catalog.catalog_user, password=settings.catalog_password().get_secret_value(),
    ) as connection:  # fmt: skip
        rows = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall()
            for name in ("iceberg_tables", "iceberg_namespace_properties")
        }
    tables = [catalog.load_table(name) for name in (GOLD_STATE, BRONZE_EVENTS)]
    heads = [(table.metadata.current_snapshot_id, table.scan().count()) for table in tables]
    warehouse = settings.paths.home / "warehouse"
    return {**rows, "heads": heads, "files": sorted(map(str, warehouse.rglob("*")))}


@pytest.mark.parametrize("user", USERS)
def test_every_write_is_refused_and_nothing_changes(
    user: str, port: int, private_lake: Settings, catalog: SqlCatalog
) -> None:
    before = whole_lake(private_lake, catalog)
    answers = {statement: refusal(port, user, statement) for statement in WRITES}
    assert {s: said for s, said in answers.items() if said != "PERMISSION_DENIED"} == {}
    assert whole_lake(private_lake, catalog) == before
    assert before["heads"][0][1] > 0


@pytest.mark.parametrize("user", USERS)
def test_everybody_reads(user: str, port: int, catalog: SqlCatalog) -> None:
    snapshot = catalog.load_table(GOLD_STATE).metadata.current_snapshot_id
    for statement in READS:
        [first, *_] = ask(port, user, statement.format(gold_snapshot=snapshot))
        assert first[0] != 0, statement


def test_a_client_without_a_name_is_turned_away(port: int) -> None:
    answer = requests.post(f"http://127.0.0.1:{port}/v1/statement", data="SELECT 1", timeout=30)
    assert answer.status_code == 401


@pytest.fixture
def long_query(port: int) -> Iterator[str]:
    """The id of a query of `bi` that runs."""
    connection = trino.dbapi.connect(host="127.0.0.1", port=port, user="bi")
    cursor = connection.cursor()
    numbers = "TABLE(sequence(1, 100000))"
    sql = f"SELECT count(*) FROM {numbers} a, {numbers} b, {numbers} c"
    running = threading.Thread(target=_ignoring_its_end, args=(cursor, sql), daemon=True)
    running.start()
    deadline = time.monotonic() + 30
    while cursor.query_id is None:
        assert time.monotonic() < deadline, "the query does not start"
        time.sleep(0.1)
    yield str(cursor.query_id)
    cursor.cancel()
    running.join(30)
    connection.close()


def _ignoring_its_end(cursor: trino.dbapi.Cursor, sql: str) -> None:
    try:
        cursor.execute(sql)
        cursor.fetchall()
    except trino.exceptions.Error:
        return


def test_nobody_sees_or_kills_the_query_of_another(port: int, long_query: str) -> None:
    seen = f"SELECT count(*) FROM system.runtime.queries WHERE query_id = '{long_query}'"
    assert ask(port, "bi", seen) == [[1]]
    assert ask(port, "adlake", seen) == [[0]]
    kill = f"CALL system.runtime.kill_query('{long_query}', 'mine')"
    assert refusal(port, "adlake", kill) == "PERMISSION_DENIED"
    address = f"http://127.0.0.1:{port}/v1/query/{long_query}"
    killed = requests.delete(address, headers={"X-Trino-User": "adlake"}, timeout=30)
    assert killed.status_code == 403
    running = f"SELECT state FROM system.runtime.queries WHERE query_id = '{long_query}'"
    assert ask(port, "bi", running) == [["RUNNING"]]


def test_nobody_stops_the_server(port: int) -> None:
    address = f"http://127.0.0.1:{port}/v1/info/state"
    stopped = requests.put(
        address, json="SHUTTING_DOWN", headers={"X-Trino-User": "adlake"}, timeout=30
    )
    assert stopped.status_code == 403
    assert requests.get(address, timeout=30).json() == "ACTIVE"


def _signed_by(secret: str) -> str:
    """A token of Trino's internal requests."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    claims = {"sub": "adlake-native", "exp": int(time.time()) + 300}
    head = part(json.dumps({"alg": "HS256"}).encode())
    body = f"{head}.{part(json.dumps(claims).encode())}"
    key = hashlib.sha256(secret.encode()).digest()
    return f"{body}.{part(hmac.digest(key, body.encode(), 'sha256'))}"


def test_internal_requests_are_signed_by_a_secret_of_this_lake(
    port: int, private_lake: Settings
) -> None:
    own = (private_lake.paths.secrets_dir / "trino_internal_secret").read_text().strip()
    codes = [
        requests.get(
            f"http://127.0.0.1:{port}/v1/task",
            headers={"X-Trino-Internal-Bearer": _signed_by(secret)}, timeout=30,
        ).status_code
        for secret in (own, "adlake")  # Trino's default is the name of the environment
    ]  # fmt: skip
    assert codes == [200, 401]
