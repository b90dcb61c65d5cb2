"""What Spark wrote of the funnel is proven by Trino's own form; its windows are those of Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import BusinessType
from adlake.business.funnel import funnel_events, funnel_windows
from adlake.business.pipeline import BusinessPipeline, provision_business_views
from adlake.contracts.tables import CATALOG, FUNNEL_EVENTS
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import connect
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.business import CASES
from tests.fixtures.business.funnel import HOUR_MS, MINUTE_MS, START_MS, judged, random_steps, step
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.audited_lake import Engines

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHOWN = 5
T = BusinessType
TABLE = f"{CATALOG}.{FUNNEL_EVENTS}"
ONE = "WHERE event_type = 'SIGNUP' AND event_id = 'one'"
LATE_MS = START_MS + 5 * MINUTE_MS + HOUR_MS + 1
SENT: list[Delivery] = [
    step(T.SIGNUP, "one", START_MS, channel="own", impression_id="imp-1"),
    *random_steps(seed=3, count=400, ids=60),
    *(
        (case.payload, case.key, case.ingest_ms)
        for case in CASES
        if len(case.payload or b"") < 100_000
    ),
    *mutated(seed=8, count=1_000),
    # The counts of P1, P2 and P5, and an event as late as that of P6.
    *(
        step(event_type, f"{hour}-{channel}-{event_type}-{number}", START_MS + hour * HOUR_MS,
             campaign_id="camp_1", channel=channel)
        for hour, event_type, channel, count in (
            (0, T.SIGNUP, "search", 10), (0, T.ACTIVATION, "search", 4),
            (1, T.SIGNUP, "email", 2), (1, T.SIGNUP, "push", 6),
        )
        for number in range(count)
    ),
    step(T.SHARE, "late", START_MS, LATE_MS, campaign_id="camp_late"),
    step(T.SHARE, "in time", START_MS, LATE_MS - 1, campaign_id="camp_late"),
]  # fmt: skip


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, made_tables: MadeTables
) -> Iterator[Engines]:
    """Both engines on what the stream made of SENT in two batches."""
    made_tables.provision(spark)
    assert "gold.funnel_metrics_5m" in provision_business_views(spark)
    identity = WriterIdentity(SourceIncarnation("business_events"), "t", generation=1, query_id="q")
    processor = BatchProcessor(spark, BusinessPipeline(), identity, lambda: None)
    for batch, (first, end) in enumerate(((0, 200), (200, len(SENT)))):
        frame = records(spark, SENT[first:end])
        frame = frame.withColumn("kafka_offset", F.col("kafka_offset") + first)
        processor.process(frame, batch)
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


@pytest.fixture
def proven(engines: Engines) -> DerivedFacts:
    return facts_of(engines)


def facts_of(engines: Engines) -> DerivedFacts:
    found = verify_derived(engines.trino, FUNNEL_EVENTS, SHOWN)
    assert found is not None
    return found


def test_what_spark_made_is_what_trino_makes(proven: DerivedFacts) -> None:
    assert proven.failures == []
    assert proven.rows == len(funnel_events(judged(SENT))) > 150
    assert "as its records give them" in proven.lines()[0]


SPOILT = {
    "a time": "UPDATE {table} SET event_time = event_time + INTERVAL 1 MILLISECOND {one}",
    "an arrival": "UPDATE {table} SET first_ingest_ts = event_time {one}",
    "a channel": "UPDATE {table} SET channel = 'other' {one}",
    "an impression": "UPDATE {table} SET impression_id = NULL {one}",
    "a content": "UPDATE {table} SET content = '{{}}' {one}",
    "one is gone": "DELETE FROM {table} {one}",
    "one is there twice": "INSERT INTO {table} SELECT * FROM {table} {one}",
}
QUICK = ("an arrival", "one is there twice")


@pytest.mark.parametrize("name", in_tiers(SPOILT, QUICK))
def test_a_planted_difference_is_seen(spark: SparkSession, engines: Engines, name: str) -> None:
    before = IcebergTable(spark, FUNNEL_EVENTS).current_snapshot_id()
    try:
        spark.sql(SPOILT[name].format(table=TABLE, one=ONE))
        [failure] = facts_of(engines).failures
        assert {row["event_id"] for row in failure.rows} == {"one"}
        assert len(failure.rows) == (1 if name.startswith("one is") else 2)
    finally:
        spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{FUNNEL_EVENTS}', {before})")
    assert facts_of(engines).failures == []


def test_windows_are_those_of_plain_python_in_both_engines(engines: Engines) -> None:
    counts = ("signups", "activations", "shares", "completions", "late_events")
    expected = {
        (*grain[:3], moment(grain[3])): (
            moment(one.end_ms), *(getattr(one, name) for name in counts),
            moment(one.last_updated_ms),
        )
        for grain, one in funnel_windows(funnel_events(judged(SENT))).items()
    }  # fmt: skip
    assert any(values[5] for values in expected.values()), "nothing is late"
    for engine, rows in engines.ask("funnel_metrics_5m", "gold").items():
        found = {
            (row["campaign_id"], row["channel"], row["region"], row["window_start"]): (
                row["window_end"], *(row[name] for name in counts), row["last_updated_ts"],
            )
            for row in rows
        }  # fmt: skip
        assert len(found) == len(rows), engine
        assert found == expected, engine


def moment(epoch_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)


@pytest.mark.parametrize(
    ("hour", "by_channel", "activations"),
    [
        pytest.param(0, {"search": 10}, 4, id="P1"),
        pytest.param(1, {"email": 2, "push": 6}, 0, id="P5"),
    ],
)
def test_counts_of_an_hour(
    engines: Engines, hour: int, by_channel: dict[str, int], activations: int
) -> None:
    begin = f"from_unixtime({(START_MS + hour * HOUR_MS) // 1_000})"
    rows = list(
        engines.trino.rows(
            "SELECT channel, sum(signups), sum(activations) FROM gold.funnel_metrics_5m "
            f"WHERE campaign_id = 'camp_1' AND window_start >= {begin} "
            f"AND window_start < {begin} + INTERVAL '1' HOUR GROUP BY channel"
        )
    )
    assert {channel: signups for channel, signups, _ in rows} == by_channel
    assert sum(count for *_, count in rows) == activations


def test_p2_a_day_is_the_sum_of_its_hours(engines: Engines) -> None:
    day = "SELECT sum(signups) FROM gold.funnel_metrics_5m WHERE campaign_id = 'camp_1'"
    assert list(engines.trino.rows(day)) == [(18,)]


def test_p6_a_late_event_counts_in_the_window_of_its_own_time(engines: Engines) -> None:
    [found] = engines.trino.rows(
        "SELECT to_unixtime(window_start) * 1000, shares, late_events "
        "FROM gold.funnel_metrics_5m WHERE campaign_id = 'camp_late'"
    )
    assert found == (START_MS, 2, 1)
