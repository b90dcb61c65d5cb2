"""Spark admission of business events equals the plain Python form; rows fit their Bronze table."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import BRONZE_COLUMNS, CONTRACT_VERSION, TIME_ZONES, BusinessType
from adlake.business.spark import ADMITTED_COLUMNS, admit, bronze_rows
from adlake.contracts.law import DAY_MS
from tests.fixtures.business import CASES, INGEST_MS
from tests.fixtures.business.case import event, key_of
from tests.fixtures.business.mutations import deliveries
from tests.fixtures.business.parity import differences, records

pytestmark = pytest.mark.spark

CORPUS = [(case.payload, case.key, case.ingest_ms) for case in CASES]


def test_corpus_is_equal_in_every_column(spark: SparkSession) -> None:
    assert differences(spark, CORPUS) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_random_payloads_are_equal_in_every_column(spark: SparkSession, seed: int) -> None:
    assert differences(spark, deliveries(seed, 3_000)) == []


def test_columns_are_the_contract(spark: SparkSession) -> None:
    judged = admit(records(spark, [(event(BusinessType.ORDER), b"usr-1", INGEST_MS)]))
    assert tuple(judged.columns) == ADMITTED_COLUMNS
    types = dict(judged.dtypes)
    whole = ("ts_ms", "micros", "budget_micros", "flight_start_ms", "flight_end_ms")
    assert {types[name] for name in whole} == {"bigint"}
    assert types["has_own_key"] == "boolean"


def test_every_time_zone_of_the_contract_is_known_to_the_engine(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(name,) for name in TIME_ZONES], "zone string")
    local = F.from_utc_timestamp(F.timestamp_millis(F.lit(INGEST_MS)), F.col("zone"))
    assert frame.where(local.isNotNull()).count() == len(TIME_ZONES)


def test_a_row_of_bronze_says_the_verdict_the_bytes_and_the_contract(spark: SparkSession) -> None:
    late_ms = INGEST_MS + 3 * DAY_MS
    sent = [
        (event(BusinessType.AD_CLICK, event_id=..., budget_value=-1), b"adv-1", late_ms),
        (event(BusinessType.ORDER, order_id=5), b"usr-1", late_ms),
        (b"\xff", None, late_ms),
        (None, key_of(BusinessType.ORDER), late_ms),
    ]
    rows = bronze_rows(admit(records(spark, sent)))
    assert tuple(rows.columns) == BRONZE_COLUMNS
    click, bad, noise, tombstone = rows.orderBy("kafka_offset").collect()
    assert (click.event_id, click.advertiser_id, click.user_id) == ("clk-1", "adv-1", None)
    assert (click.reject_reason, click.reject_detail) == (None, "BAD_BUDGET_VALUE")
    assert click.partition_ts == click.event_timestamp
    assert (bad.reject_reason, bad.user_id) == ("BAD_ID", "usr-1")
    assert bad.partition_ts == bad.ingest_ts != bad.event_timestamp
    assert (noise.raw_payload, bytes(noise.raw_bytes)) == (None, b"\xff")
    assert (tombstone.raw_payload, tombstone.raw_bytes) == (None, None)
    assert {row.contract_version for row in (click, bad, noise, tombstone)} == {CONTRACT_VERSION}


def _default_parser(frame: DataFrame) -> DataFrame:
    """The planted bug: amounts through a double, and letters lowered by the engine."""
    read = F.from_json(F.col("raw_payload"), "struct<amount:double,region:string>")
    return (
        admit(frame)
        .withColumn("micros", (read["amount"] * 1_000_000).try_cast("bigint"))
        .withColumn("region", F.lower(F.trim(read["region"])))
    )


def test_default_parser_is_caught(spark: SparkSession) -> None:
    assert len(differences(spark, CORPUS, _default_parser)) > 20
