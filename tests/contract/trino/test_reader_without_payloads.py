"""Metabase reads the lake under a name of its own that sees no payload of Bronze; others do."""

from __future__ import annotations

from typing import Any, Final

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.io.sql.files import SQL_ROOT, sql_text
from adlake.io.sql.template import HEADER
from adlake.io.trino.client import TrinoClient, TrinoQueryError, connect
from adlake.settings import Settings
from adlake.wiring.metabase import TRINO_USER
from tests.fixtures.trino.oracle_lake import lake_of, publish
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECRET: Final = "jane@example.com"  # noqa: S105 - what a payload may hold of a person
REFUSED: Final = tuple(
    f'{{"event_id":"v{number}","event_type":"CONVERSION","impression_id":"i{number}",'
    f'"event_timestamp":99,"email":"{SECRET}"{rest}}}'
    for number, rest in enumerate((
        ',"conversion_value":12.340000000000000000001,"geo_country":"DE","platform":"ios"',
        ',"conversion_value":1e400,"geo_country":"D\\"E","platform":7',
        ',"conversion_value":-0.0', ',"conversion_value":"12"', ',"conversion_value":null', "",
        ',"conversion_value":{"a":1},"geo_country":null', ',"conversion_value":true',
    ))
)  # fmt: skip
"""Refused for their time, with values of many kinds."""


@pytest.fixture(scope="module")
def lake(private_lake: Settings, catalog: SqlCatalog) -> Settings:
    payloads = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    refused = [(text.encode(), payloads[0][1]) for text in REFUSED]
    made = lake_of(payloads + refused)
    for row in made.bronze:
        row |= {"kafka_key": b"key", "reject_detail": SECRET}
    publish(catalog, made)
    return private_lake


@pytest.fixture(scope="module")
def as_metabase(lake: Settings) -> TrinoClient:
    return connect(lake.ports.trino_port, user=TRINO_USER)


@pytest.fixture(scope="module")
def as_operator(lake: Settings) -> TrinoClient:
    return connect(lake.ports.trino_port, user="adlake")


def rows(client: TrinoClient, sql: str) -> list[dict[str, Any]]:
    return list(client.query(sql).records())


def test_a_payload_is_there_for_others_and_not_for_metabase(
    as_metabase: TrinoClient, as_operator: TrinoClient
) -> None:
    sql = "SELECT raw_payload, kafka_key, reject_detail, event_id FROM bronze.ad_events"
    assert any(SECRET in (row["raw_payload"] or "") for row in rows(as_operator, sql))
    assert {row["kafka_key"] for row in rows(as_operator, sql)} == {b"key"}
    seen = rows(as_metabase, sql)
    assert len(seen) > len(REFUSED)
    assert {row["kafka_key"] for row in seen} == {row["reject_detail"] for row in seen} == {None}
    shown = {row["raw_payload"] for row in seen}
    assert None in shown
    assert not [text for text in shown if text and (SECRET in text or "event_id" in text)]
    by_payload = f"SELECT event_id FROM bronze.ad_events WHERE raw_payload LIKE '%{SECRET}%'"
    assert rows(as_operator, by_payload)
    assert rows(as_metabase, by_payload) == []


@pytest.mark.parametrize("table", [
    "ad_events$files", "ad_events$entries", "ad_events$partitions", "ad_events$manifests",
    "ad_events$all_entries", "ad_events$properties", "ad_events$refs", "ad_events$data",
])  # fmt: skip
def test_no_list_of_files_shows_the_bounds_of_payloads(
    as_metabase: TrinoClient, table: str
) -> None:
    with pytest.raises(TrinoQueryError, match=r"Access Denied|does not exist"):
        rows(as_metabase, f'SELECT * FROM bronze."{table}"')


def test_metabase_reads_all_else(as_metabase: TrinoClient) -> None:
    for table in ("gold.ad_performance_state", 'bronze."ad_events$snapshots"',
                  'bronze."ad_events$history"', "bronze.ad_events"):  # fmt: skip
        [row] = rows(as_metabase, f"SELECT count(*) AS n FROM {table}")
        assert row["n"] > 0, table


@pytest.mark.parametrize("column", ["conversion_value", "geo_country", "platform"])
def test_the_bridge_counts_the_same_for_metabase(
    as_metabase: TrinoClient, as_operator: TrinoClient, column: str
) -> None:
    payload = HEADER.sub("", sql_text("fragments/readable_payload"))
    sql = f"""
        WITH refused AS (
            SELECT event_id, {payload} AS payload FROM bronze.ad_events
            WHERE reject_reason IS NOT NULL AND event_type = 'CONVERSION'
        )
        SELECT event_id,
            if(coalesce(json_format(json_extract(payload, '$.{column}')) NOT LIKE '"%', FALSE)
               OR '{column}' <> 'conversion_value',
               json_extract_scalar(payload, '$.{column}')) AS found
        FROM refused ORDER BY event_id, found"""
    seen = rows(as_metabase, sql)
    assert len(seen) >= len(REFUSED)
    assert seen == rows(as_operator, sql)
    assert any(row["found"] for row in seen)


def test_every_payload_of_the_lake_has_a_mask() -> None:
    # Whoever adds a table with payloads adds it to infra/trino/access-rules.json.
    tables = {file.stem for file in (SQL_ROOT / "ddl").rglob("*.sql")
              if "raw_payload" in file.read_text()}  # fmt: skip
    assert tables == {"ad_events", "business_events", "campaign_updates"}
