"""A tiny lake in Trino's memory connector, with rows small enough to compute by hand.

The metric files name tables without a catalog, so they run here unchanged. The memory connector
takes any table name, so Iceberg's metadata tables are made by hand as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adlake.contracts import stamps
from adlake.io.trino import TrinoClient
from adlake.jobs.query import run_metric

GOLD = "gold.ad_performance_state"
TIME = "timestamp(6) with time zone"
TABLES = {
    GOLD: {
        "impression_id": "varchar", "campaign_id": "varchar", "is_clicked": "boolean",
        "is_converted": "boolean", "impression_time": TIME, "conversion_time": TIME,
        "cost": "decimal(18,6)", "revenue": "decimal(18,6)",
        "revenue_out_of_window": "decimal(38,6)", "last_updated_ts": TIME,
        "engaged": "boolean", "events_state": "varchar",
    },
    "bronze.ad_events": {
        "kafka_topic": "varchar", "kafka_partition": "integer", "kafka_offset": "bigint",
        "ingest_ts": TIME, "reject_reason": "varchar", "event_id": "varchar",
        "impression_id": "varchar",
    },
    "dims.dim_campaigns": {
        "campaign_id": "varchar", "name": "varchar", "channel": "varchar", "start_ts": TIME,
        "is_current": "boolean",
    },
    **{
        f'{table}$history"': {
            "made_current_at": "timestamp(3) with time zone", "snapshot_id": "bigint",
            "is_current_ancestor": "boolean",
        }
        for table in ('gold."ad_performance_state', 'bronze."ad_events')
    },
    **{
        f'{table}$snapshots"': {
            "committed_at": "timestamp(3) with time zone", "snapshot_id": "bigint",
            "summary": "map(varchar, varchar)",
        }
        for table in ('gold."ad_performance_state', 'bronze."ad_events')
    },
}  # fmt: skip


def utc(text: str) -> datetime:
    """`10:00` of the test's day, or a full ISO time."""
    full = text if "-" in text else f"2026-11-01T{text}"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Snapshot:
    """One hand-made snapshot, committed `age_seconds` ago; on main, or staged or rolled back."""

    snapshot_id: int
    age_seconds: int
    summary: dict[str, str]
    is_current_ancestor: bool = True


class MetricsLake:
    """Empty tables in the catalog `memory`, and ways to fill them."""

    def __init__(self, client: TrinoClient) -> None:
        self.client = client
        self.now = datetime.now(UTC).replace(microsecond=0)

    def create(self) -> None:
        """Start from empty tables."""
        self.drop()
        for schema in ("gold", "bronze", "dims"):
            self.run(f"CREATE SCHEMA IF NOT EXISTS memory.{schema}")
        for table, columns in TABLES.items():
            listed = ", ".join(f"{name} {type_name}" for name, type_name in columns.items())
            self.run(f"CREATE TABLE memory.{table} ({listed})")

    def drop(self) -> None:
        """Remove every table."""
        for table in TABLES:
            self.run(f"DROP TABLE IF EXISTS memory.{table}")

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of values in the table's column order; columns left out at the end are NULL."""
        types = list(TABLES[table].values())
        rows = [(*row, *[None] * (len(types) - len(row))) for row in rows]
        one_row = "(" + ", ".join(f"CAST(? AS {type_name})" for type_name in types) + ")"
        values = [value for row in rows for value in row]
        self.run(f"INSERT INTO memory.{table} VALUES {', '.join([one_row] * len(rows))}", values)

    def add_impression(
        self, row_id: str, campaign: str, at: str | None, *, cost: str | None,
        clicked: bool = False, converted_at: str | None = None, revenue: str = "0",
        out_of_window: str = "0", updated_hours_ago: float = 24,
    ) -> None:  # fmt: skip
        """One Gold row; `at` None makes it an orphan."""
        self.insert("gold.ad_performance_state", [(
            row_id, campaign, clicked, converted_at is not None, utc(at) if at else None,
            utc(converted_at) if converted_at else None, cost and Decimal(cost), Decimal(revenue),
            Decimal(out_of_window), self.now - timedelta(hours=updated_hours_ago),
        )])  # fmt: skip

    def add_snapshot(self, table: str, snapshot: Snapshot) -> None:
        """A snapshot with its summary, and its entry in the history."""
        schema, name = table.split(".")
        keys = ", ".join("?" for _ in snapshot.summary)
        committed_at = self.now - timedelta(seconds=snapshot.age_seconds)
        self.run(
            f'INSERT INTO memory.{schema}."{name}$snapshots" '
            f"VALUES (?, ?, MAP(CAST(ARRAY[{keys}] AS array(varchar)), "
            f"CAST(ARRAY[{keys}] AS array(varchar))))",
            [committed_at, snapshot.snapshot_id, *snapshot.summary.keys(),
             *snapshot.summary.values()],
        )  # fmt: skip
        self.insert(
            f'{schema}."{name}$history"',
            [(committed_at, snapshot.snapshot_id, snapshot.is_current_ancestor)],
        )

    def batch_summary(
        self, batch_id: int, age_seconds: int, *, events: int, rejected: int = 0,
        took_ms: int = 4_000, ages_ms: tuple[int, int, int] | None = None, offsets: str = "{}",
    ) -> dict[str, str]:  # fmt: skip
        """A stamp; `ages_ms` are p50, p95 and p99 of event age at publication."""
        published_ms = int((self.now - timedelta(seconds=age_seconds)).timestamp() * 1000)
        summary = {
            stamps.QUERY_ID: "q-1",
            stamps.BATCH_ID: str(batch_id),
            stamps.BATCH_STARTED_MS: str(published_ms - took_ms),
            stamps.BATCH_ROWS: str(events),
            stamps.BATCH_REJECTED: str(rejected),
            stamps.TOPIC: "ad_events",
            stamps.TOPIC_ID: "topic-1",
            stamps.NEXT_OFFSETS: offsets,
        }
        if ages_ms:
            names = (stamps.INGEST_MS_P50, stamps.INGEST_MS_P05, stamps.INGEST_MS_P01)
            summary |= {n: str(published_ms - a) for n, a in zip(names, ages_ms, strict=True)}
        return summary

    def run(self, sql: str, params: Sequence[Any] = ()) -> None:
        """One statement of the test's own; the tables are in the catalog `memory`."""
        list(self.client.rows(sql, params))


def answer(lake: MetricsLake, name: str, **given: str) -> list[dict[str, Any]]:
    """All rows of a metric."""
    return list(run_metric(lake.client, name, given).records())


def only(lake: MetricsLake, name: str, **given: str) -> dict[str, Any]:
    """The one row of a metric."""
    (record,) = answer(lake, name, **given)
    return record
