"""What Spark wrote of customers is proven by Trino's own form; views tell it in both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from adlake.business.pipeline import BusinessPipeline, provision_business_views
from adlake.contracts.tables import CATALOG, CUSTOMER_360, CUSTOMER_EVENTS
from adlake.customers.event_writer import CustomerEventWriter
from adlake.customers.plain import Customer
from adlake.customers.writer import CustomerWriter
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import connect
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.business import CASES
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records
from tests.fixtures.customers.story import (
    START_MS,
    customers,
    messages,
    order,
    orders,
    profile,
    random_story,
)
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.trino.audited_lake import Engines

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]

SHOWN = 5
PIPELINE = BusinessPipeline(derived=(CustomerEventWriter, CustomerWriter))
SENT: list[Delivery] = [
    profile("one", START_MS, name="Ada", email="Ada@x.de"),
    *orders("one", START_MS + 1, 3, 1_500), *messages("one", START_MS + 9, 2, 1),
    *orders("rich", START_MS, 12, 9_000), *messages("rich", START_MS + 99, 9, 1),
    order("two", "one-o0", START_MS - 1, 7),
    *random_story(seed=3, count=500, ids=60, users=9),
    *(
        (case.payload, case.key, case.ingest_ms)
        for case in CASES
        if len(case.payload or b"") < 100_000
    ),
    *mutated(seed=8, count=300),
]  # fmt: skip


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, made_tables: MadeTables
) -> Iterator[Engines]:
    """Both engines on what the stream made of SENT."""
    made_tables.provision(spark)
    assert "gold.customer_segments" in provision_business_views(spark)
    identity = WriterIdentity(SourceIncarnation("business_events"), "t", generation=1, query_id="q")
    BatchProcessor(spark, PIPELINE, identity, lambda: None).process(records(spark, SENT), 0)
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


def facts_of(engines: Engines, table: str) -> DerivedFacts:
    """By what the events hold, which says the same as the records themselves."""
    events = verify_derived(engines.trino, CUSTOMER_EVENTS, SHOWN)
    assert events is not None
    found = verify_derived(engines.trino, table, SHOWN, before={CUSTOMER_EVENTS: events})
    assert found is not None
    assert found == verify_derived(engines.trino, table, SHOWN)
    return found


@pytest.mark.parametrize("table", [CUSTOMER_EVENTS, CUSTOMER_360])
def test_what_spark_made_is_what_trino_makes(engines: Engines, table: str) -> None:
    found = facts_of(engines, table)
    assert found.failures == []
    assert found.rows > 10
    assert "as its records give them" in found.lines()[0]


SPOILT = {
    "an amount": (CUSTOMER_EVENTS, "UPDATE {table} SET amount = amount + 0.000001"),
    "an order is another one's": (
        CUSTOMER_EVENTS,
        "UPDATE {table} SET is_counted = NOT is_counted",
    ),
    "an event is gone": (CUSTOMER_EVENTS, "DELETE FROM {table}"),
    "a rate": (CUSTOMER_360, "UPDATE {table} SET engagement_rate = 0.6666"),
    "a score": (CUSTOMER_360, "UPDATE {table} SET propensity_score = 0.373334"),
    "a segment": (CUSTOMER_360, "UPDATE {table} SET segments = array('prospects')"),
    "a day": (CUSTOMER_360, "UPDATE {table} SET as_of_date = DATE '2020-01-01'"),
    "a history": (CUSTOMER_360, "UPDATE {table} SET stage_history = slice(stage_history, 1, 1)"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_planted_difference_is_seen(spark: SparkSession, engines: Engines, name: str) -> None:
    table, statement = SPOILT[name]
    before = IcebergTable(spark, table).current_snapshot_id()
    where = " WHERE user_id = 'one'" + " AND event_type = 'ORDER'" * (table == CUSTOMER_EVENTS)
    try:
        spark.sql(statement.format(table=f"{CATALOG}.{table}") + where)
        [failure] = facts_of(engines, table).failures
        # A day of its own makes all other rows differ: the table must have one day.
        assert name == "a day" or "one" in {row["user_id"] for row in failure.rows}
    finally:
        spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{table}', {before})")


def test_segments_and_histories_are_those_of_plain_python_in_both_engines(
    engines: Engines,
) -> None:
    expected = customers(SENT)
    segments = {(one.user_id, segment, 1, None) for one in expected for segment in one.segments}
    for engine, rows in engines.ask("customer_segments", "gold").items():
        found = [tuple(row.values()) for row in rows]
        assert set(found) == segments, engine
        assert len(found) == len(segments), engine
    histories = {row for one in expected for row in history(one)}
    for engine, rows in engines.ask("customer_stage_history", "gold").items():
        found = [tuple(row.values()) for row in rows]
        assert set(found) == histories, engine
        assert len(found) == len(histories) > len(expected), engine


def history(one: Customer) -> list[tuple[object, ...]]:
    return [
        (
            one.user_id, moment(entry.entered_ms), entry.stage,
            None if entry.left_ms is None else moment(entry.left_ms), entry.standing.order_count,
            Decimal(entry.standing.lifetime_micros).scaleb(-6), entry.standing.engagement_rate,
        )
        for entry in one.history
    ]  # fmt: skip


def moment(epoch_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)
