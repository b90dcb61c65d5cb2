"""The view of reused event ids, on DuckDB: the text that Spark and Trino read as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from adlake.attribution.law.rules import delivery_of, event_outcomes, states_of, units
from adlake.io.sql.files import sql_text
from tests.fixtures.law_modules import REAL_LAW
from tests.fixtures.reused_event_ids import EXPECTED, hand_worked_lake, money
from tests.fixtures.trino.oracle_lake import OracleLake

EVENT_TYPES = ("IMPRESSION", "CLICK", "CONVERSION")


def outcomes(lake: OracleLake) -> Iterator[tuple[Any, ...]]:
    """Rows of audit.event_outcomes by the plain law, of the impressions that Gold holds."""
    deliveries = []
    for row in lake.bronze:
        ingest_ms = round(row["ingest_ts"].timestamp() * 1000)
        verdict = REAL_LAW.admission.admit(row["raw_payload"].encode(), ingest_ms)
        if not isinstance(verdict, REAL_LAW.admission.Rejected):
            position = (row["kafka_topic"], row["kafka_partition"], row["kafka_offset"])
            deliveries.append(delivery_of(verdict, ingest_ms, *position))
    held = {row["impression_id"] for row in lake.gold}
    for impression_id, state in states_of(deliveries).items():
        for event, outcome in zip(state, event_outcomes(state), strict=True):
            if impression_id in held:
                yield (
                    impression_id, event.event_id, EVENT_TYPES[event.type_rank], event.ts_ms,
                    event.first_ingest_ms, event.campaign_id,
                    None if event.type_rank == 1 else units(event.micros), outcome.disposition,
                    "DUPLICATE_IMPRESSION" in outcome.flags,
                )  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    lake = hand_worked_lake()
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS lakehouse")
        for schema, table in (
            ("bronze", "ad_events (event_id TEXT, impression_id TEXT, reject_reason TEXT)"),
            ("audit", "event_outcomes (impression_id TEXT, event_id TEXT, event_type TEXT, "
             "event_ts BIGINT, first_ingest_ts BIGINT, campaign_id TEXT, amount DECIMAL(18, 6), "
             "disposition TEXT, is_duplicate_impression BOOLEAN)"),
        ):  # fmt: skip
            connection.execute(f"CREATE SCHEMA lakehouse.{schema}")
            connection.execute(f"CREATE TABLE lakehouse.{schema}.{table}")
        columns = ("event_id", "impression_id", "reject_reason")
        connection.executemany(
            "INSERT INTO lakehouse.bronze.ad_events VALUES (?, ?, ?)",
            [tuple(row[name] for name in columns) for row in lake.bronze],
        )
        connection.executemany(
            "INSERT INTO lakehouse.audit.event_outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            list(outcomes(lake)),
        )
        yield connection


def test_each_use_counts_what_was_worked_out_by_hand(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    view = sql_text("views/reused_event_ids")
    found = connection.execute(
        "SELECT event_id, impression_id, impressions, disposition, use_number, revenue, "
        f"revenue_at_stake, cost, cost_at_stake FROM (\n{view}\n) AS uses"
    ).fetchall()
    assert {row[:2]: row[2:] for row in found} == {
        key: (*said[:3], *map(money, said[3:])) for key, said in EXPECTED.items()
    }
    assert len(found) == len(EXPECTED)
