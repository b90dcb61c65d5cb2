"""The topic as a stream of records."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession


def kafka_records(
    session: SparkSession, bootstrap_servers: str, topic: str, starting_offsets: str, most: int
) -> DataFrame:
    """Committed records of a topic; a lost one stops the query.

    Args:
        session: the session that reads.
        bootstrap_servers: broker list.
        topic: name of the topic.
        starting_offsets: Spark's JSON of the first offset by partition.
        most: most records in one micro-batch.

    Returns:
        A streaming frame: value, kafka_topic, kafka_partition, kafka_offset, kafka_key, ingest_ts.
    """
    return (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap_servers)
        .option("kafka.isolation.level", "read_committed")
        .option("subscribe", topic)
        .option("startingOffsets", starting_offsets)
        .option("maxOffsetsPerTrigger", most)
        .option("failOnDataLoss", "true")
        .load()
        .selectExpr(
            "value",
            "topic AS kafka_topic",
            "partition AS kafka_partition",
            "offset AS kafka_offset",
            "key AS kafka_key",
            "timestamp AS ingest_ts",
        )
    )
