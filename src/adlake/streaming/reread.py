"""A batch that Spark's Kafka source cannot read, read again by the second client.

Spark turns the time of a record into its own type by way of another calendar: it is wrong before
1582, and far away it overflows and fails the batch, for ever. The records themselves are fine.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.ranges import fetch_ranges
from adlake.io.kafka.topic import topic_facts
from adlake.io.spark.checkpoint import batch_end_offsets
from adlake.streaming.source import SourcePosition, check_topic

log = logging.getLogger(__name__)


class InexactTimesError(AdlakeError):
    """The batch holds record times that Spark reads in another calendar."""


def is_unreadable(error: Exception) -> bool:
    """Whether a batch failed by the times of its records, and can be read in the other way."""
    if isinstance(error, InexactTimesError):
        return True
    is_of_spark = isinstance(error, (Py4JJavaError, PySparkException))
    text = str(error) if is_of_spark else ""
    return "ArithmeticException" in text and "sql.kafka010." in text


@dataclass
class SecondReader:
    """Reads batches of one run again; `checkpoint` is the run's own.

    Args:
        brokers: their addresses, and the login where they want one.
        topic: name of the topic.
        topic_id: Kafka's id of it at the start of the run.
        label: what Bronze calls this history of the topic (contracts.source).
        checkpoint: where Spark keeps the offsets of each batch, on this machine.
    """

    brokers: Brokers
    topic: str
    topic_id: str
    label: str
    checkpoint: Path
    batches: int = field(default=0, init=False)
    """How many were read so far."""

    def frame(
        self, session: SparkSession, batch_id: int, contained: Mapping[int, int]
    ) -> DataFrame:
        """The records of a batch from the first one not contained on, as `kafka_records` has them.

        Raises:
            UnsafeSourceError: the broker does not have them any more.
            TopicError, UnreadableRecordsError: see io.kafka.ranges.
        """
        beyond = batch_end_offsets(self.checkpoint, batch_id, self.topic)
        now = topic_facts(self.brokers, self.topic)
        first = {p: contained.get(p, now.begin_offsets.get(p, 0)) for p in beyond}
        check_topic(SourcePosition(self.topic_id, first), now)
        folder = self.checkpoint / "reread"
        shutil.rmtree(folder, ignore_errors=True)  # of the batch before
        folder.mkdir()
        file = folder / f"{batch_id}.parquet"
        fetched = fetch_ranges(self.brokers, self.topic, first, beyond, file)
        self.batches += 1
        log.warning(
            "batch %d holds record times that Spark cannot read: %d records read by the second "
            "client, %d with a time outside of the years 1 to 9999 (batch no %d of this run)",
            batch_id, fetched.records, fetched.clamped, self.batches,
        )  # fmt: skip
        return session.read.parquet(f"file://{file}").select(
            "value",
            F.lit(self.label).alias("kafka_topic"),
            "kafka_partition",
            "kafka_offset",
            "kafka_key",
            F.timestamp_millis("ingest_ms").alias("ingest_ts"),
        )
