"""A lake for the audit views, what the plain Python law says of it, and both engines' answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.tables import CATALOG, COMPLETENESS_LEDGER, LEDGER_COLUMNS
from adlake.domain.law import AdmittedDelivery, delivery_of, event_outcomes, states_of, units
from adlake.io import views
from adlake.io.sql_files import sql_text
from adlake.io.trino import TrinoClient, connect
from adlake.settings import Settings
from tests.contract.oracle_lake import OracleLake, Row, lake_of, publish, utc_of
from tests.contract.payload_cases import PAYLOAD_CASES
from tests.fixtures.law_modules import REAL_LAW
from tests.fixtures.law_sets import law_sets
from tests.golden import law_cases

SETS = 1_500
HOUR_MS = 3_600_000
EVENT_TYPES = ("IMPRESSION", "CLICK", "CONVERSION")


def audited_lake() -> OracleLake:
    """Truth table, random sets and hard payloads; every third delivery has the key it should."""
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    for law_set in law_sets(seed=23, count=SETS, with_future=True):
        records += [(d.payload, d.ingest_ms) for d in law_set.deliveries]
    records += [(case.payload, case.ingest_ms) for case in PAYLOAD_CASES]
    lake = lake_of(records + orphans_around_the_limit(records))
    for number, row in enumerate(lake.bronze):
        text = row["impression_id"] or "none"
        row["kafka_key"] = (text.encode(), text.upper().encode(), None)[number % 3]
    # A crash may store an offset twice: still one delivery.
    lake.bronze += [dict(row) for row in lake.bronze[::50]]
    return lake


def orphans_around_the_limit(records: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    """Clicks without an impression: six hours before the newest arrival, one ms either side."""
    newest_ms = max(ingest_ms for _, ingest_ms in records) + 6 * HOUR_MS
    ages_ms = {"newest": 0, "at": 6 * HOUR_MS, "after": 6 * HOUR_MS - 1, "before": 6 * HOUR_MS + 1}
    return [
        (
            json.dumps({
                "event_id": "k1", "event_type": "CLICK", "impression_id": f"orphan-{name}",
                "event_timestamp": newest_ms - age_ms,
            }).encode(),
            newest_ms - age_ms,
        )
        for name, age_ms in ages_ms.items()
    ]  # fmt: skip


def admitted(lake: OracleLake) -> dict[tuple[str, int, int], tuple[Row, AdmittedDelivery]]:
    """Bronze row and delivery by position, judged by the plain law."""
    found = {}
    for row in lake.bronze:
        ingest_ms = round(row["ingest_ts"].timestamp() * 1000)
        verdict = REAL_LAW.admission.admit(row["raw_payload"].encode(), ingest_ms)
        if not isinstance(verdict, REAL_LAW.admission.Rejected):
            position = (row["kafka_topic"], row["kafka_partition"], row["kafka_offset"])
            found[position] = (row, delivery_of(verdict, ingest_ms, *position))
    return found


class Engines:
    """One question to both engines; rows as dicts without order, times aware."""

    def __init__(self, trino: TrinoClient, spark: SparkSession) -> None:
        self._trino = trino
        self._spark = spark

    def ask(self, view: str) -> dict[str, list[Row]]:
        columns = "*"
        trino = self._trino.records(f"SELECT {columns} FROM audit.{view}")
        spark = self._spark.sql(f"SELECT {columns} FROM {CATALOG}.audit.{view}").toArrow()
        return {"trino": trino, "spark": spark.to_pylist()}


@contextmanager
def audited_engines(
    settings: Settings, spark: SparkSession, lake: OracleLake, catalog: SqlCatalog
) -> Iterator[Engines]:
    """Both engines on the published lake, with its audit views and an empty ledger."""
    publish(catalog, lake)
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.audit")
    spark.sql(sql_text("ddl/audit/completeness_ledger"))
    views.provision_views(spark)
    with connect(settings.ports.trino_port) as client:
        yield Engines(client, spark)


def by_position(rows: list[Row]) -> dict[tuple[str, int, int], Row]:
    keyed = {(r["kafka_topic"], r["kafka_partition"], r["kafka_offset"]): r for r in rows}
    assert len(keyed) == len(rows), "a position comes twice"
    return keyed


def expected_outcomes(
    lake: OracleLake, law: LawConstants = LAW_V1
) -> Iterator[tuple[tuple[str, str], tuple[Any, ...]]]:
    states = states_of(delivery for _, delivery in admitted(lake).values())
    for impression_id, state in states.items():
        for event, outcome in zip(state, event_outcomes(state, law), strict=True):
            yield (
                (impression_id, event.event_id),
                (
                    EVENT_TYPES[event.type_rank],
                    utc_of(event.ts_ms),
                    utc_of(event.first_ingest_ms),
                    None if event.type_rank == 1 else units(event.micros),
                    outcome.disposition,
                    outcome.is_credited_click,
                    sorted(outcome.flags),
                ),
            )


@dataclass(frozen=True)
class Use:
    """One row of audit.reused_event_ids."""

    event_id: str
    impressions: int
    disposition: str | None
    use_number: int
    revenue: Decimal
    revenue_at_stake: Decimal
    cost: Decimal
    cost_at_stake: Decimal


def reuse_in(row: Row) -> Use:
    """A row of the view, columns that event_outcomes has too left out."""
    return Use(**{field.name: row[field.name] for field in fields(Use)})


def expected_reuse(lake: OracleLake) -> Iterator[tuple[tuple[str, str], Use]]:
    """By (event_id, impression_id): sorted uses of each id that has more than one."""
    uses: dict[str, list[Any]] = defaultdict(list)
    for (impression_id, event_id), outcome in expected_outcomes(lake):
        event_type, event_ts, _, amount, disposition, _, flags = outcome
        rank, money = EVENT_TYPES.index(event_type), amount or Decimal(0)
        revenue = money if disposition == "ATTRIBUTED" else Decimal(0)
        cost = money if rank == 0 and "DUPLICATE_IMPRESSION" not in flags else Decimal(0)
        order = (event_ts, rank, money, impression_id.encode())
        uses[event_id].append((order, impression_id, disposition, revenue, cost))
    for event_id, found in uses.items():
        for number, use in enumerate(sorted(found), start=1):
            _, impression_id, disposition, revenue, cost = use
            at_stake = (Decimal(0), Decimal(0)) if number == 1 else (revenue, cost)
            if len(found) > 1:
                yield (event_id, impression_id), Use(
                    event_id, len(found), disposition, number,
                    revenue, at_stake[0], cost, at_stake[1],
                )  # fmt: skip


def counted_batches(lake: OracleLake) -> list[Row]:
    """The ledger of a stream that read the lake in three batches."""
    verdicts = {
        (row["kafka_partition"], row["kafka_offset"]): row["reject_reason"] is None
        for row in lake.bronze
    }
    ends = {p: max(o for q, o in verdicts if q == p) + 1 for p, _ in verdicts}
    rows: list[Row] = []
    total = 0
    for batch in range(3):
        counts = []
        for partition, end in ends.items():
            first, following = end * batch // 3, end * (batch + 1) // 3
            said = [verdicts[partition, offset] for offset in range(first, following)]
            counts.append((partition, first, following, sum(said), len(said) - sum(said)))
        added = sum(following - first for _, first, following, _, _ in counts)
        total += added
        place = (100 + batch, batch + 1, added, total, utc_of(1_000 * batch), None, None)
        rows += [
            dict(zip(LEDGER_COLUMNS, ("ad_events", "t1", 1, batch, *count, *place), strict=True))
            for count in counts
        ]
    return rows


def write_ledger(spark: SparkSession, rows: list[Row]) -> None:
    table = f"{CATALOG}.{COMPLETENESS_LEDGER}"
    spark.sql(f"DELETE FROM {table}")
    columns = spark.table(table).schema
    ordered = [tuple(row[name] for name in LEDGER_COLUMNS) for row in rows]
    spark.createDataFrame(ordered, columns).writeTo(table).append()
