"""What the stream refuses before its first batch, and where it begins."""

from __future__ import annotations

import json

import pytest
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io.ddl import provision_tables
from adlake.io.iceberg import IcebergTable, stamped
from adlake.io.spark import CatalogAccess, connect_catalog
from adlake.io.stamp import Stamp, offsets_text
from adlake.io.topic import TopicFacts
from adlake.jobs.start import (
    BrokerLostDataError,
    RetentionGapError,
    StampLostError,
    TopicRecreatedError,
    check_topic,
    starting_offsets,
    trusted_stamp,
)

pytestmark = pytest.mark.spark

TOPIC = TopicFacts("ads", "id-1", begin_offsets={0: 5, 1: 0}, end_offsets={0: 20, 1: 10})


def stamp(topic_id: str = "id-1", **next_offsets: int) -> Stamp:
    offsets = {int(name.removeprefix("p")): offset for name, offset in next_offsets.items()}
    return Stamp(1, {stamps.NEXT_OFFSETS: offsets_text(offsets), stamps.TOPIC_ID: topic_id})


def test_healthy_topics_pass() -> None:
    for healthy in (None, stamp(p0=5, p1=0), stamp(p0=20, p1=10), stamp(p0=7)):
        check_topic(healthy, TOPIC)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (stamp("id-2", p0=7, p1=0), TopicRecreatedError),
        (stamp(p0=21, p1=0), BrokerLostDataError),
        (stamp(p0=7, p1=0, p2=1), BrokerLostDataError),
        (stamp(p0=4, p1=0), RetentionGapError),
    ],
)
def test_unsafe_topics_are_refused_by_name(found: Stamp, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_topic(found, TOPIC)


def test_reading_begins_behind_the_stamp_and_new_partitions_at_their_first_offset() -> None:
    assert json.loads(starting_offsets(stamp(p0=7), TOPIC)) == {"ads": {"0": 7, "1": -2}}
    assert json.loads(starting_offsets(None, TOPIC)) == {"ads": {"0": -2, "1": -2}}


def test_rows_without_a_stamp_stop_the_job(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    session = spark.newSession()
    warehouse = tmp_path_factory.mktemp("stampless")
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{warehouse}"))
    provision_tables(session)
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
