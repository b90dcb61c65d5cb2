"""Channel and region in Spark: the same as in plain Python, and in Bronze, also in an older one."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from adlake.attribution.law.admission import Admitted
from adlake.attribution.law.admission import admit as python_admit
from adlake.attribution.law.rules import Segments, delivery_of
from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.bronze import bronze_rows
from adlake.attribution.spark.fold import all_states, batch_states, merged_states
from adlake.attribution.spark.gold import gold_rows
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_LAW_COLUMNS
from adlake.io.iceberg.ddl import DDL_DIR, provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.session import CatalogAccess, connect_catalog
from tests.fixtures.admit_parity import records
from tests.fixtures.lawful_rows import differences, python_rows, spark_rows
from tests.fixtures.segment_sets import TS_MS, segment_payloads, segments_by_hand

pytestmark = pytest.mark.spark


def test_segments_of_spark_are_those_of_python(spark: SparkSession) -> None:
    payloads = segment_payloads(Random(5), impressions=400)
    verdicts = [python_admit(payload, TS_MS) for payload in payloads]
    deliveries = [
        delivery_of(verdict, TS_MS, "ads", 3, offset)
        for offset, verdict in enumerate(verdicts)
        if isinstance(verdict, Admitted)
    ]
    judged = admit(records(spark, [(payload, TS_MS) for payload in payloads])).localCheckpoint()
    admitted = judged.where("reject_reason IS NULL")
    middle = len(payloads) // 2
    first = gold_rows(batch_states(admitted.where(f"kafka_offset < {middle}"))).localCheckpoint()
    # Those of the first half come again, so nearly each event has several deliveries on both sides.
    known = first.select("impression_id", "events_state", "engaged")
    merged = merged_states(batch_states(admitted).localCheckpoint(), known)
    new = batch_states(admitted).join(first, "impression_id", "left_anti")
    expected = python_rows(deliveries)
    for found in (
        gold_rows(batch_states(admitted)),
        gold_rows(all_states(judged, tasks=3)),
        gold_rows(merged.select(*new.columns).unionByName(new)),
    ):
        assert differences(expected, spark_rows(found)) == []
    named = segments_by_hand(deliveries)
    place = len(GOLD_LAW_COLUMNS)
    assert {name: Segments(*row[place : place + 2]) for name, row in expected.items()} == named


def test_bronze_of_an_older_lake_gets_the_columns_once(spark: SparkSession, tmp_path: Path) -> None:
    session = spark.newSession()
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{tmp_path}"))
    bronze = IcebergTable(session, BRONZE_EVENTS)
    older = (DDL_DIR / "bronze" / "ad_events.sql").read_text()
    lines = [line for line in older.splitlines() if not line.startswith(("  channel", "  region"))]
    session.sql(f"CREATE NAMESPACE {CATALOG}.bronze")
    session.sql("\n".join(lines).replace("clamped to ingest time',", "clamped to ingest time'"))
    assert "channel" not in session.table(bronze.full_name).columns
    payloads = segment_payloads(Random(6), impressions=3)
    rows = bronze_rows(admit(records(session, [(one, TS_MS) for one in payloads])))
    rows.drop("channel", "region").writeTo(bronze.full_name).append()

    provision_tables(session)
    changed_ms = bronze.last_commit_ms()
    provision_tables(session)
    assert bronze.last_commit_ms() == changed_ms, "the second time there is nothing to change"
    fresh = (DDL_DIR / "bronze" / "ad_events.sql").read_text()
    assert [name for name in session.table(bronze.full_name).columns if name not in fresh] == []
    rows.writeTo(bronze.full_name).append()
    found = session.table(bronze.full_name).orderBy("kafka_offset", "channel", "region").collect()
    judged = [python_admit(one, TS_MS) for one in payloads]
    named = [(one.channel, one.region) for one in judged if isinstance(one, Admitted)]
    assert any(channel for channel, _ in named)
    assert any(region for _, region in named)
    assert sorted(map(str, ((row.channel, row.region) for row in found))) == sorted(
        map(str, [*named, *[(None, None)] * len(payloads)])
    )
