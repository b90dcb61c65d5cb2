"""What Spark wrote of campaigns is proven by Trino's own form; every planted difference is seen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import CAMPAIGN_UPDATES, CATALOG, DIM_CAMPAIGNS, GOLD_STATE
from adlake.dims.pipeline import CampaignPipeline
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import TrinoClient, connect
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.dims.updates import CASES, INGEST_MS, odd_payloads, random_payloads, update
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.tiers import in_tiers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHOWN = 5
GOLD_CONSTANTS = {
    "is_clicked": "FALSE", "is_converted": "FALSE", "revenue": "0", "late_by_ms": "0",
    "is_late": "FALSE", "revenue_out_of_window": "0", "last_updated_ts": "TIMESTAMP '2026-01-01'",
    "events_state": "'[]'", "law_version": "1", "slot": "1", "engaged": "FALSE",
}  # fmt: skip
"""What a row of Gold must hold beside what the view is about."""
DIM = f"{CATALOG}.{DIM_CAMPAIGNS}"
_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


def records(session: SparkSession, payloads: Sequence[bytes | None]) -> DataFrame:
    rows = [
        (None if one is None else bytearray(one), "campaign_updates", 0, offset, None, INGEST_MS)
        for offset, one in enumerate(payloads)
    ]
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


EXTREMES = [
    update(event_id=f"x{number}", campaign_id=f"money-{number}", budget_amount=None).replace(
        b'"budget_amount": null', b'"budget_amount": ' + text.encode()
    )
    for number, text in enumerate((
        "0", "-0", "1e3", "1.5E+2", "1E-7", "0.0000005", "0.00000049", "999999999999.9999994",
        "1e-400", "0e400", "12345678901.123456", "1e11", "0.1e1",
    ))
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(spark: SparkSession, made_tables: MadeTables) -> SparkSession:
    """Campaigns made by Spark from sound, odd and random updates, in several batches."""
    made_tables.provision(spark)
    dice = random.Random(5)
    payloads = [
        *(case.payload for case in CASES), *odd_payloads(9, 300), *EXTREMES,
        *random_payloads(dice, 200),
    ]  # fmt: skip
    identity = WriterIdentity(
        SourceIncarnation("campaign_updates"), "t", generation=1, query_id="q"
    )
    processor = BatchProcessor(spark, CampaignPipeline(), identity, lambda: None)
    for batch, end in enumerate((100, 350, len(payloads))):
        processor.process(records(spark, payloads[:end]), batch)
    return spark


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def proven(trino: TrinoClient) -> DerivedFacts:
    found = verify_derived(trino, DIM_CAMPAIGNS, SHOWN)
    assert found is not None
    return found


def test_what_spark_made_is_what_trino_makes(lake: SparkSession, trino: TrinoClient) -> None:
    facts = proven(trino)
    assert facts.failures == []
    assert facts.rows == lake.table(DIM).count() > 200
    assert facts.rows > lake.table(DIM).select("campaign_id").distinct().count() + 50
    assert "as its records give them" in facts.lines()[0]


SPOILT = {
    "a micro of a budget": ("UPDATE {dim} SET budget_amount = budget_amount + 0.000001 {one}", 1),
    "a status": ("UPDATE {dim} SET status = 'DELETED' {one}", 1),
    "an end": ("UPDATE {dim} SET end_ts = end_ts + INTERVAL 1 SECOND {one}", 2),
    "the current one": ("UPDATE {dim} SET is_current = NOT is_current {one}", 2),
    "one is gone": ("DELETE FROM {dim} {one}", 2),
    "one is there twice": ("INSERT INTO {dim} SELECT * FROM {dim} {one}", 2),
}
QUICK = ("a micro of a budget", "one is gone")


@pytest.mark.parametrize("name", in_tiers(SPOILT, QUICK))
def test_a_planted_difference_is_seen(lake: SparkSession, trino: TrinoClient, name: str) -> None:
    spoilt, problems = SPOILT[name]
    before = IcebergTable(lake, DIM_CAMPAIGNS).current_snapshot_id()
    key = lake.sql(
        f"SELECT min(d.campaign_key) FROM {DIM} AS d JOIN {DIM} AS earlier "
        "ON earlier.campaign_id = d.campaign_id AND earlier.end_ts = d.start_ts "
        "WHERE NOT d.is_current AND d.status <> 'DELETED' AND d.budget_amount < 900000000000"
    ).first()
    assert key is not None
    assert key[0] is not None
    try:
        lake.sql(spoilt.format(dim=DIM, one=f"WHERE campaign_key = {key[0]}"))
        facts = proven(trino)
        assert len(facts.failures) == problems, facts.failures
        assert 0 < len(facts.failures[0].rows) <= SHOWN
    finally:
        lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{DIM_CAMPAIGNS}', {before})")
    assert proven(trino).failures == []


def test_rows_of_a_file_are_no_part_of_the_comparison(
    lake: SparkSession, trino: TrinoClient
) -> None:
    before = IcebergTable(lake, DIM_CAMPAIGNS).current_snapshot_id()
    lake.sql(
        f"INSERT INTO {DIM} SELECT 1, 'of-a-file', 'x', NULL, NULL, NULL, NULL, 5.0, 'ACTIVE', "
        "TIMESTAMP '2024-01-01', TIMESTAMP '9999-12-31', TRUE, NULL"
    )
    assert proven(trino).failures == []
    lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{DIM_CAMPAIGNS}', {before})")


def test_the_budget_and_state_in_force_at_each_impression(
    lake: SparkSession, trino: TrinoClient
) -> None:
    def at(seconds: int) -> str:
        moment = datetime.fromtimestamp(INGEST_MS / 1_000 + seconds, UTC)
        return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'"

    payloads = [
        update(event_id="a", campaign_id="view", event_timestamp=INGEST_MS - 50_000,
               budget_amount=100, status="ACTIVE"),
        update(event_id="b", campaign_id="view", event_timestamp=INGEST_MS - 20_000,
               budget_amount=250, status="PAUSED"),
    ]  # fmt: skip
    head = lake.table(f"{CATALOG}.{CAMPAIGN_UPDATES}").count()
    identity = WriterIdentity(
        SourceIncarnation("campaign_updates"), "t", generation=1, query_id="q"
    )
    frame = records(lake, payloads).withColumn("kafka_offset", F.col("kafka_offset") + head)
    BatchProcessor(lake, CampaignPipeline(), identity, lambda: None).process(frame, 9)
    lake.sql(f"DELETE FROM {CATALOG}.{GOLD_STATE} WHERE TRUE")
    impressions = {"before": -60, "at-start": -50, "within": -30, "at-change": -20, "after": 0}
    rows = [(name, "view", at(seconds)) for name, seconds in impressions.items()]
    rows += [("orphan", "view", "NULL"), ("other", "none", at(0))]
    values = ", ".join(f"('{name}', '{campaign}', {moment})" for name, campaign, moment in rows)
    columns = ", ".join(("impression_id", "campaign_id", "impression_time", *GOLD_CONSTANTS))
    lake.sql(
        f"INSERT INTO {CATALOG}.{GOLD_STATE} ({columns}) "
        f"SELECT *, {', '.join(GOLD_CONSTANTS.values())} FROM VALUES {values}"
    )
    provision_views(lake, ("gold.ad_performance_with_campaigns",))
    asked = (
        "SELECT impression_id, budget_amount, campaign_status "
        "FROM gold.ad_performance_with_campaigns"
    )
    expected = {
        "before": (None, None), "at-start": (Decimal(100), "ACTIVE"),
        "within": (Decimal(100), "ACTIVE"), "at-change": (Decimal(250), "PAUSED"),
        "after": (Decimal(250), "PAUSED"), "orphan": (None, None), "other": (None, None),
    }  # fmt: skip
    assert {row[0]: tuple(row[1:]) for row in trino.rows(asked)} == expected
    in_spark = lake.sql(asked.replace("FROM ", f"FROM {CATALOG}.")).collect()
    assert {row[0]: tuple(row)[1:] for row in in_spark} == expected
