"""What the stream refuses and repairs before its first batch."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.spark.session import CatalogAccess, connect_catalog
from adlake.streaming.heads import finding
from adlake.streaming.repair import StampLostError, not_contained, trusted_stamp
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark


def test_rows_without_a_stamp_stop_the_job(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    warehouse = tmp_path_factory.mktemp("stampless")
    session = lake_at(spark, warehouse)
    bronze = IcebergTable(session, BRONZE_EVENTS)
    assert trusted_stamp(bronze) is None
    row = session.sql(
        "SELECT 't' AS kafka_topic, 0 AS kafka_partition, 0L AS kafka_offset, "
        "current_timestamp() AS ingest_ts, current_timestamp() AS partition_ts"
    )
    row.createOrReplaceTempView("one_delivery")
    columns = "kafka_topic, kafka_partition, kafka_offset, ingest_ts, partition_ts"
    insert = f"INSERT INTO {bronze.full_name} ({columns}) SELECT {columns} FROM one_delivery"
    session.sql(insert)
    with pytest.raises(StampLostError, match="1 rows"):
        trusted_stamp(bronze)
    with stamped(session, {stamps.NEXT_OFFSETS: offsets_text({0: 1}), stamps.TOPIC_ID: "t"}):
        session.sql(insert)
    found = trusted_stamp(bronze)
    assert found is not None
    assert found.next_offsets == {0: 1}


def test_heads_tell_a_roll_back_from_a_loss(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    session = spark.newSession()
    warehouse = tmp_path_factory.mktemp("heads")
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{warehouse}"))
    bronze = IcebergTable(session, BRONZE_EVENTS)
    assert bronze.head() is None
    provision_tables(session)
    columns = "kafka_topic, kafka_partition, kafka_offset, ingest_ts, partition_ts"
    one = "SELECT 't', 0, 0L, current_timestamp(), current_timestamp()"
    session.sql(f"INSERT INTO {bronze.full_name} ({columns}) {one}")
    first = bronze.current_snapshot_id()
    session.sql(f"INSERT INTO {bronze.full_name} ({columns}) {one}")
    known = bronze.head()
    assert known is not None
    assert (known.rows, known.head_sequence, known.last_sequence) == (2, 2, 2)
    bronze.java_table().manageSnapshots().rollbackTo(first).commit()
    assert finding(BRONZE_EVENTS, known, bronze.head()) == ""
    session.sql(f"DELETE FROM {bronze.full_name}")
    assert "holds only 0 rows" in finding(BRONZE_EVENTS, known, bronze.head())
    session.sql(f"DROP TABLE {bronze.full_name}")
    assert "is gone" in finding(BRONZE_EVENTS, known, bronze.head())
    provision_tables(session)
    assert "is another table" in finding(BRONZE_EVENTS, known, bronze.head())


def test_rows_that_gold_misses_are_found_over_all_source_incarnations(spark: SparkSession) -> None:
    stored = spark.createDataFrame(
        [
            (label, partition, offset, reason)
            for label in ("ads", "ads@2", "ads@3")
            for partition in (0, 1)
            for offset, reason in ((6, None), (7, None), (8, "BAD_ID"))
        ],
        "kafka_topic STRING, kafka_partition INT, kafka_offset LONG, reject_reason STRING",
    )
    admitted_rows = 12
    assert not_contained(stored, None).count() == admitted_rows
    stamp = Stamp(1, {stamps.TOPIC: "ads@2", stamps.NEXT_OFFSETS: offsets_text({0: 7, 1: 9})})
    found = {
        (row.kafka_topic, row.kafka_partition, row.kafka_offset)
        for row in not_contained(stored, stamp).collect()
    }
    newer = {("ads@3", partition, offset) for partition in (0, 1) for offset in (6, 7)}
    assert found == newer | {("ads@2", 0, 7)}
