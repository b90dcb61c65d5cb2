"""One pipeline in one run of the application: its place in the topic, its query, its batches."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from adlake.io import failpoints
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.holes import ranges_without_records
from adlake.io.kafka.last_records import with_last_records
from adlake.io.kafka.topic import TopicWatch, topic_facts
from adlake.io.postgres.source_incarnations import newest_incarnation
from adlake.io.spark.kafka_source import kafka_records
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.broker_log import BrokerLog
from adlake.streaming.config import ApplicationConfig
from adlake.streaming.metering import BatchMeters
from adlake.streaming.pipeline import Pipeline, writers_in_order
from adlake.streaming.probes import TopicPlace
from adlake.streaming.ready_file import has_worked
from adlake.streaming.repair import catch_up, trusted_stamp
from adlake.streaming.reread import SecondReader
from adlake.streaming.sink import began_ms
from adlake.streaming.source import (
    TopicRecreatedError,
    check_topic,
    source_position,
    starting_offsets,
)

log = logging.getLogger(__name__)

_TOPIC_GREW = "you must specify all TopicPartitions"
"""What Spark says when partitions came between the reading of offsets and its first batch. It has
no class of its own, so its words are all there is to go by."""

TakeBatch = Callable[["Reading", DataFrame, int], None]


@dataclass
class Reading:
    """Reads one topic into the tables of its pipeline, batch by batch.

    `take` is called for each batch of Spark's query, in a thread of Spark's.
    """

    pipeline: Pipeline
    config: ApplicationConfig
    generation: int
    """Of the lease."""
    take: TakeBatch
    meters: BatchMeters
    batches_done: int = 0
    _processor: BatchProcessor | None = None
    failure: Exception | None = None
    """What ended the last batch: Spark wraps it in text, this says it better."""
    contained: Mapping[int, int] | None = None
    """Partition -> the first offset that some table lacks; None before `begin` has looked."""

    def begin(self, session: SparkSession) -> None:
        """Check the topic, and bring the derived tables up to the records.

        Raises:
            StampLostError, UnsafeSourceError: going on would lose or repeat records.
        """
        self._offsets = self._checked_offsets(session)
        catch_up(session, self.pipeline)
        for writer in writers_in_order(self.pipeline, session):
            self._tell_commit(writer.table, writer.table.newest_stamp())

    def _checked_offsets(self, session: SparkSession) -> str:
        config, topic_name = self.config, self.pipeline.topic
        topic = topic_facts(config.brokers, topic_name)
        self._incarnation = newest_incarnation(config.lease_connect, topic_name)
        records = IcebergTable(session, self.pipeline.records_table)
        stamp = trusted_stamp(records)
        self._tell_commit(records, stamp)
        position = source_position(stamp, self._incarnation)
        read = position.next_offsets if position else {}
        self.contained = {**topic.begin_offsets, **read}
        last_records = position.last_records if position else {}
        topic = with_last_records(topic, config.brokers, last_records)
        check_topic(position, topic)
        self._topic_id = topic.topic_id
        self._watch = TopicWatch(config.brokers, topic_name)
        return starting_offsets(position, topic)

    def start(self, session: SparkSession) -> None:
        """Start Spark's query where `begin` left off."""
        config, label = self.config, self._incarnation.label
        log.info("streaming %s from %s", label, self._offsets)
        self.forget_processor()
        checkpoint = self._fresh_checkpoint()
        self.second_reader = SecondReader(
            config.brokers, self.pipeline.topic, self._topic_id, label, checkpoint
        )
        records = kafka_records(
            session, config.brokers, self.pipeline.topic, label=label,
            starting_offsets=self._offsets, most_per_batch=config.max_offsets_per_trigger,
            secrets_dir=config.secrets_dir,
        )  # fmt: skip
        self.query: StreamingQuery = (
            records.writeStream.queryName(self.pipeline.name)
            .foreachBatch(lambda frame, batch_id: self.take(self, frame, batch_id))
            .option("checkpointLocation", f"file://{checkpoint}")
            .trigger(processingTime=f"{int(config.trigger_seconds * 1000)} milliseconds")
            .start()
        )

    def _fresh_checkpoint(self) -> Path:
        """The stamps are the memory; a checkpoint only serves the run that made it."""
        root = self.config.checkpoint_dir / self.pipeline.name
        shutil.rmtree(root, ignore_errors=True)
        checkpoint = root / f"generation-{self.generation}"
        checkpoint.mkdir(parents=True)
        return checkpoint

    @property
    def has_worked(self) -> bool:
        """Its first batch is in the lake, or there was nothing to read."""
        return has_worked(self.batches_done, self.query.status)

    def processor(self, session: SparkSession) -> BatchProcessor:
        """What applies its batches; made anew after `forget_processor`."""
        if self._processor is None:
            name = f"{self.pipeline.name}-generation-{self.generation}"
            identity = WriterIdentity(self._incarnation, self._topic_id, self.generation, name)
            self._processor = BatchProcessor(
                session, self.pipeline, identity, self._confirm_topic, self.meters
            )
        return self._processor

    def batch_done(self, processor: BatchProcessor) -> None:
        """One more batch is in all tables."""
        self.batches_done += 1
        self.contained = {**(self.contained or {}), **processor.contained_in_all}

    @property
    def place(self) -> TopicPlace:
        """How far it is, for those who watch."""
        return TopicPlace(self.pipeline.name, self.pipeline.topic, lambda: self.contained)

    def _tell_commit(self, table: IcebergTable, stamp: Stamp | None) -> None:
        if stamp is not None:
            self.meters.committed(table.name, began_ms(stamp))

    def forget_processor(self) -> None:
        """Other rules may be in force, and the stamps moved."""
        self._processor = None

    def _confirm_topic(self) -> None:
        """The same topic as at the start; a new one would count its offsets from 0 again."""
        found = self._watch.current_id()
        if found != self._topic_id:
            raise TopicRecreatedError(
                f"topic {self.pipeline.topic} was deleted and made again: {self._topic_id}, {found}"
            )

    @property
    def broker_log(self) -> BrokerLog:
        """What the broker has of this topic, for those who ask about single offsets."""
        find_holes = partial(ranges_without_records, self.config.brokers, self.pipeline.topic)
        return BrokerLog(self._incarnation.label, self._topic_id, find_holes)

    def pass_between_batches(self) -> None:
        """A place where tests make the job fail."""
        if self.batches_done and not self.query.status["isTriggerActive"]:
            failpoints.reach("stream.between_batches")

    def has_only_grown(self, error: StreamingQueryException) -> bool:
        """Whether its query ended because partitions were added while it started."""
        return not self.batches_done and _TOPIC_GREW in str(error)
