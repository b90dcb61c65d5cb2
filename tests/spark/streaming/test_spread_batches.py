"""Batches whose records are spread over thousands of hours or many years."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.replay.build import build_shadow
from adlake.contracts.law import LAW_V1
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_REPLAY, GOLD_STATE
from adlake.streaming.filing import MOST_PARTITIONS
from tests.fixtures.engine import attribution_processor
from tests.fixtures.lawful_rows import admitted_deliveries, differences, python_rows, spark_rows
from tests.fixtures.sessions import lake_at
from tests.fixtures.tiers import in_tiers
from tests.golden import DeliveryFixture

pytestmark = pytest.mark.spark
HOUR_MS = 3_600_000
NOW_MS = 1_772_445_600_000
ESTIMATE = 1.2
"""Partitions are counted about."""
SCHEMA = (
    "value binary, kafka_partition int, kafka_offset bigint, kafka_key binary, ingest_ms bigint"
)
# How the n-th record of a batch is stamped: (event time, Kafka time), hours before now.
Stamping = Callable[[int], tuple[int, int]]
STAMPINGS: dict[str, Stamping] = {
    "by event time, long after they happened": lambda hour: (hour, 0),
    "by Kafka time, with events that no clock can explain": lambda hour: (0, hour),
    "by both, as a backfill with kept times": lambda hour: (hour, hour),
}


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> SparkSession:
    return lake_at(spark, tmp_path)


def drawn(count: int, hours_apart: int, stamping: Stamping) -> list[DeliveryFixture]:
    """One impression or click a record, `hours_apart` each, and an id that names the same day."""
    deliveries = []
    for number in range(count):
        event_hour, kafka_hour = stamping(number * hours_apart)
        ts_ms = NOW_MS - event_hour * HOUR_MS
        payload = {
            "event_id": f"e{number}", "event_type": "CLICK" if number % 7 == 0 else "IMPRESSION",
            "event_timestamp": ts_ms, "impression_id": f"undated-{number % (count - 10)}",
            "campaign_id": "c1", "bid_price": 1.5,
        }  # fmt: skip
        deliveries.append(
            DeliveryFixture(
                payload=json.dumps(payload).encode(), ingest_ms=NOW_MS - kafka_hour * HOUR_MS,
                partition=0, offset=number,
            )
        )  # fmt: skip
    return deliveries


def records(session: SparkSession, deliveries: Sequence[DeliveryFixture]) -> DataFrame:
    rows = [(bytearray(d.payload), d.partition, d.offset, b"k", d.ingest_ms) for d in deliveries]
    return session.createDataFrame(rows, SCHEMA).select(
        "value", F.lit("ad_events").alias("kafka_topic"), "kafka_partition", "kafka_offset",
        "kafka_key", F.timestamp_millis("ingest_ms").alias("ingest_ts"),
    )  # fmt: skip


def apply(session: SparkSession, deliveries: Sequence[DeliveryFixture]) -> None:
    attribution_processor(session).process(records(session, deliveries), 0)


def assert_exact_and_bounded(session: SparkSession, deliveries: Sequence[DeliveryFixture]) -> None:
    bronze = session.table(f"lakehouse.{BRONZE_EVENTS}")
    assert bronze.count() == len(deliveries)
    assert bronze.select("kafka_offset").distinct().count() == len(deliveries)
    partitions = session.table(f"lakehouse.{BRONZE_EVENTS}.partitions").count()
    assert partitions <= MOST_PARTITIONS * ESTIMATE
    gold = spark_rows(session.table(f"lakehouse.{GOLD_STATE}"))
    assert differences(python_rows(admitted_deliveries(deliveries)), gold) == []


BACKFILL = "by both, as a backfill with kept times"


@pytest.mark.parametrize("name", in_tiers(STAMPINGS, [BACKFILL]))
def test_a_batch_over_5000_hours_opens_few_partitions(lakehouse: SparkSession, name: str) -> None:
    deliveries = drawn(5_000, 1, STAMPINGS[name])
    apply(lakehouse, deliveries)
    assert_exact_and_bounded(lakehouse, deliveries)


@pytest.mark.chaos
def test_a_batch_over_ten_years_opens_few_partitions(lakehouse: SparkSession) -> None:
    deliveries = drawn(8_800, 10, STAMPINGS[BACKFILL])
    apply(lakehouse, deliveries)
    assert_exact_and_bounded(lakehouse, deliveries)


def test_a_batch_of_a_few_hours_keeps_a_partition_for_each(lakehouse: SparkSession) -> None:
    deliveries = drawn(48, 1, STAMPINGS[BACKFILL])
    apply(lakehouse, deliveries)
    assert lakehouse.table(f"lakehouse.{BRONZE_EVENTS}.partitions").count() == 48
    times = lakehouse.table(f"lakehouse.{BRONZE_EVENTS}").where("partition_ts <> event_timestamp")
    assert times.count() == 0


@pytest.mark.chaos
def test_impressions_of_a_thousand_days_are_written_and_replayed_one_file_at_a_time(
    lakehouse: SparkSession,
) -> None:
    deliveries = drawn(1_000, 24, STAMPINGS[BACKFILL])
    dated = [
        DeliveryFixture(
            payload=d.payload.replace(b"undated-", f"imp-{_day(d.ingest_ms)}-0000000".encode()),
            ingest_ms=d.ingest_ms, partition=d.partition, offset=d.offset,
        )
        for d in deliveries
    ]  # fmt: skip
    apply(lakehouse, dated)
    assert_exact_and_bounded(lakehouse, dated)
    days = lakehouse.table(f"lakehouse.{GOLD_STATE}.partitions").count()
    assert days == 1_000
    build_shadow(lakehouse, LAW_V1, "one")
    replayed = spark_rows(lakehouse.table(f"lakehouse.{GOLD_REPLAY}"))
    assert differences(python_rows(admitted_deliveries(dated)), replayed) == []


def _day(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y%m%d")
