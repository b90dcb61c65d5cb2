"""The topic as a stream of Kafka records."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.record_time import FIRST_INGEST_MS, LAST_INGEST_MS
from adlake.io.kafka.access import Brokers, spark_options


def kafka_records(
    session: SparkSession,
    brokers: Brokers,
    topic: str,
    *,
    label: str,
    starting_offsets: str,
    most_per_batch: int,
    secrets_dir: Path | None = None,
) -> DataFrame:
    """Streaming frame of the topic's records.

    Args:
        session: the driver's session.
        brokers: their addresses, and the login where they want one.
        topic: name of the topic.
        label: what Bronze calls this history of the topic (contracts.source).
        starting_offsets: Spark's JSON form, inclusive, by topic and partition.
        most_per_batch: rate limit, records in one micro-batch.
        secrets_dir: takes the file that the JVM reads a login from.

    Returns:
        value, kafka_topic (the label), kafka_partition, kafka_offset, kafka_key, ingest_ts.
        Records of aborted transactions never appear; lost ones fail the query.
    """
    # Times before 1582 are in another calendar here: the batch sees that and has them read again.
    first, last = (F.timestamp_millis(F.lit(ms)) for ms in (FIRST_INGEST_MS, LAST_INGEST_MS))
    return (
        session.readStream.format("kafka")
        .options(**spark_options(brokers, secrets_dir))
        .option("kafka.isolation.level", "read_committed")
        .option("subscribe", topic)
        .option("startingOffsets", starting_offsets)
        .option("maxOffsetsPerTrigger", most_per_batch)
        .option("failOnDataLoss", "true")
        .load()
        .select(
            "value",
            F.lit(label).alias("kafka_topic"),
            F.col("partition").alias("kafka_partition"),
            F.col("offset").alias("kafka_offset"),
            F.col("key").alias("kafka_key"),
            F.least(F.greatest("timestamp", first), last).alias("ingest_ts"),
        )
    )
