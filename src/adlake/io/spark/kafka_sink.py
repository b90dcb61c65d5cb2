"""Records of a frame into a topic, by Spark's own writer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.io.kafka.access import Brokers, spark_options

_BOUNDS: Final = {
    "acks": "all",
    "enable.idempotence": "true",
    # Who sends waits, and the stream's stop waits for who sends: a broker that is away is told
    # soon, and the same records come again.
    "delivery.timeout.ms": "20000",
    "request.timeout.ms": "10000",
    "max.block.ms": "10000",
}


def send_records(
    records: DataFrame, brokers: Brokers, topic: str, secrets_dir: Path | None = None
) -> None:
    """Send record_key and payload; returns when the broker has all of them.

    Records of one key keep the order that they have in a partition of the frame. Some may be sent
    although it fails.

    Args:
        records: a payload that is NULL is sent as a record without a value.
        brokers: their addresses, and the login where they want one.
        topic: as the broker calls it.
        secrets_dir: takes the file that the JVM reads a login from.
    """
    options = spark_options(brokers, secrets_dir)
    options |= {f"kafka.{name}": value for name, value in _BOUNDS.items()}
    told = records.select(F.col("record_key").alias("key"), F.col("payload").alias("value"))
    told.write.format("kafka").options(**options).option("topic", topic).save()
