"""The attribution stream: Kafka -> bronze.ad_events + gold.ad_performance_state, exactly once.

One stateless query. The order of each batch is: admit, append Bronze, merge Gold; each commit is
stamped with the offsets it contains, and a lease with an epoch fences every other writer.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from adlake.contracts.errors import AdlakeError
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io import failpoints
from adlake.io.ddl import provision_tables
from adlake.io.gold_writer import GoldWriter
from adlake.io.iceberg import IcebergTable
from adlake.io.kafka_stream import kafka_records
from adlake.io.last_records import with_last_records
from adlake.io.lease import REPLAY_LEASE, Lease, LeaseKeeper, acquire, is_held
from adlake.io.source_epochs import newest_source_epoch
from adlake.io.spark import build_session, connect_catalog
from adlake.io.table_heads import HeadsBook
from adlake.io.topic import TopicWatch, topic_facts
from adlake.io.topic_holes import ranges_without_records
from adlake.jobs.attempts import Attempts, is_final
from adlake.jobs.batch import BatchProcessor, WriterIdentity
from adlake.jobs.clock_wait import ClockWait, behind_tables, never_behind
from adlake.jobs.completeness import forget_lost_bronze
from adlake.jobs.dims import load_first_versions
from adlake.jobs.empty_offsets import PresentLog
from adlake.jobs.heads import refuse_lost_tables
from adlake.jobs.housekeep import close_books, keep_house
from adlake.jobs.place import claim_place
from adlake.jobs.ready_file import WAITING, ReadyFile
from adlake.jobs.requests import RequestDesk
from adlake.jobs.reread import SecondReader
from adlake.jobs.snapshot_ages import SnapshotAges
from adlake.jobs.source import (
    TopicRecreatedError,
    check_topic,
    source_position,
    starting_offsets,
)
from adlake.jobs.start import catch_up_gold, trusted_stamp
from adlake.jobs.stopping import StopSignals
from adlake.jobs.stream_config import StreamConfig

log = logging.getLogger(__name__)

LEASE_NAME = "attribution"
POLL_SECONDS = 0.2
_TOPIC_GREW = "you must specify all TopicPartitions"
"""What Spark says when partitions came between the reading of offsets and its first batch."""


class JvmGoneError(AdlakeError):
    """The JVM died under its Python driver."""


def run_stream(config: StreamConfig) -> int:
    """Run until SIGTERM or SIGINT (returns 0), or until the lease is lost (returns 1).

    Raises:
        LeaseHeldError: another driver works on these tables.
        LakePlaceError: the lake was copied, moved or restored (jobs.place).
        TopicRecreatedError, BrokerLostDataError, RetentionGapError: see jobs.source.
        JvmGoneError: Spark died.
    """
    ready = ReadyFile(config.ready_file)
    ready.withdraw()
    lease = acquire(config.lease_connect, LEASE_NAME, config.lease_ttl_seconds)
    log.info("holding lease %s, epoch %d", lease.name, lease.epoch)
    run = _Run(config, lease, ready)
    keeper = LeaseKeeper(lease, config.lease_ttl_seconds, run.lose_lease)
    keeper.start()
    try:
        claim_place(config.lease_connect, config.place)
        run.until_stopped()
    finally:
        keeper.stop()
        lease.release()
    return 1 if run.lease_lost else 0


class _Run:
    def __init__(self, config: StreamConfig, lease: Lease, ready: ReadyFile) -> None:
        self._config = config
        self._ready = ready
        self._lease = lease
        self._stopping = threading.Event()
        self._between_batches = threading.Lock()
        self._batches_done = 0
        self._batch_failure: Exception | None = None
        self._signals = StopSignals()
        self._clock = never_behind()
        self._attempts = Attempts(self._stopping, lambda: self.lease_lost)
        self._processor: BatchProcessor | None = None
        self._heads = HeadsBook(config.lease_connect)
        self.lease_lost = False

    def _is_asked_to_stop(self) -> bool:
        return self._signals.came or self._stopping.is_set()

    def lose_lease(self) -> None:
        log.error("the lease was taken over: stopping")
        self.lease_lost = True
        self._stopping.set()

    def until_stopped(self) -> None:
        self._signals.listen()
        session = self._open_session()
        try:
            self._run_query(session)
        except (Py4JNetworkError, ConnectionError) as error:
            raise JvmGoneError(
                "the Spark JVM of this driver is gone (killed, or out of memory; see the log "
                "above): run `make up` again, it goes on exactly where the tables are"
            ) from error
        finally:
            self._heads.close()
            with suppress(Py4JError, OSError):
                session.stop()

    def _open_session(self) -> SparkSession:
        config = self._config
        if config.resources.local_dir is not None:
            # What killed drivers left; this one holds the lease, so nobody uses it.
            shutil.rmtree(config.resources.local_dir, ignore_errors=True)
        session = build_session("adlake attribution", config.resources)
        connect_catalog(session, replace(config.catalog, lease_epoch=self._lease.epoch))
        jvm: Any = session._jvm
        jvm_pid = jvm.java.lang.ProcessHandle.current().pid()
        failpoints.arm(config.failpoints, config.marker_dir, jvm_pid)
        return session

    def _run_query(self, session: SparkSession) -> None:
        config = self._config
        refuse_lost_tables(config.lease_connect, lambda name: IcebergTable(session, name).head())
        self._signals.listen()
        note_file = config.ready_file.with_name(WAITING)
        self._clock = ClockWait(behind_tables(session), self._is_asked_to_stop, note_file)
        self._attempts = Attempts(self._stopping, lambda: self.lease_lost, self._clock)
        if not self._clock.passes():
            return
        provision_tables(session)
        load_first_versions(session, config.seed_dir)
        self._ages = SnapshotAges(IcebergTable(session, BRONZE_EVENTS).last_commit_ms())
        while True:
            query = self._start_query(session, self._checked_offsets(session))
            self._signals.listen()
            try:
                self._watch(query)
                if not self.lease_lost:
                    close_books(session, config.housekeeping, self._broker_log())
                return
            except StreamingQueryException as error:
                if self._batches_done or _TOPIC_GREW not in str(error):
                    # Spark wraps what ended a batch in text; what was raised says it better.
                    raise (self._batch_failure or error) from error
                log.info("partitions were added while the stream started: starting again")
                self._stopping.clear()

    def _checked_offsets(self, session: SparkSession) -> str:
        """Where reading goes on, after the topic was checked and Gold brought up to Bronze."""
        config = self._config
        topic = topic_facts(config.bootstrap_servers, config.topic)
        self._epoch = newest_source_epoch(config.lease_connect, config.topic)
        stamp = trusted_stamp(IcebergTable(session, BRONZE_EVENTS))
        forget_lost_bronze(session, stamp)
        position = source_position(stamp, self._epoch)
        contained = position.last_records if position else {}
        topic = with_last_records(topic, config.bootstrap_servers, contained)
        check_topic(position, topic)
        self._desk = RequestDesk(
            session, config.lease_connect, self._between_batches, self._reset, self._clock
        )
        catch_up_gold(session, GoldWriter(session, self._desk.law_in_force()))
        self._desk.serve_all()
        self._desk.renew_views()
        self._topic_id = topic.topic_id
        self._topic = TopicWatch(config.bootstrap_servers, config.topic)
        return starting_offsets(position, topic)

    def _start_query(self, session: SparkSession, offsets: str) -> StreamingQuery:
        config = self._config
        failpoints.reach("stream.before_start")
        log.info("streaming %s from %s", self._epoch.label, offsets)
        checkpoint = self._fresh_checkpoint()
        self._second_reader = SecondReader(
            config.bootstrap_servers, config.topic, self._topic_id, self._epoch.label, checkpoint
        )
        records = kafka_records(
            session, config.bootstrap_servers, config.topic, label=self._epoch.label,
            starting_offsets=offsets, most_per_batch=config.max_offsets_per_trigger,
        )  # fmt: skip
        return (
            records.writeStream.queryName("attribution")
            .foreachBatch(self._on_batch)
            .option("checkpointLocation", f"file://{checkpoint}")
            .trigger(processingTime=f"{int(config.trigger_seconds * 1000)} milliseconds")
            .start()
        )

    def _watch(self, query: StreamingQuery) -> None:
        """Return when the run is asked to stop; raise what ended the query."""
        while not self._is_asked_to_stop() and query.isActive:
            time.sleep(POLL_SECONDS)
            if not self._ready.is_written:
                self._ready.look(self._batches_done, query.status)
            self._pass_between_batches(query)
            self._desk.serve_due()
        self._stopping.set()
        # Stop between batches: an interrupted MERGE kills the stream thread. A batch that begins
        # after this one sees the flag and returns at once.
        with self._between_batches:
            failure = query.exception()
        query.stop()
        if failure is not None and not self.lease_lost:
            raise failure

    def _pass_between_batches(self, query: StreamingQuery) -> None:
        if failpoints.are_planted() and self._batches_done and not query.status["isTriggerActive"]:
            failpoints.reach("stream.between_batches")

    def _reset(self) -> None:
        self._processor = None  # another law may be in force, and the stamps moved

    def _fresh_checkpoint(self) -> Path:
        """The stamps are the memory; a checkpoint only serves the run that made it."""
        root = self._config.checkpoint_dir
        shutil.rmtree(root, ignore_errors=True)
        checkpoint = root / f"epoch-{self._lease.epoch}"
        checkpoint.mkdir(parents=True)
        return checkpoint

    def _on_batch(self, records: DataFrame, batch_id: int) -> None:
        with self._between_batches:
            if self._stopping.is_set():
                return  # not contained in any stamp, so the next run reads it again
            processor = self._processor_of(records.sparkSession)
            try:
                self._attempts.process(processor, records, batch_id, self._second_reader)
                self._heads.record(processor.heads)
            except Exception as error:
                self._batch_failure = error
                raise
            self._batches_done += 1
            self._keep_house(records.sparkSession)

    def _processor_of(self, session: SparkSession) -> BatchProcessor:
        if self._processor is None:
            identity = WriterIdentity(
                source=self._epoch,
                topic_id=self._topic_id,
                epoch=self._lease.epoch,
                query_id=f"epoch-{self._lease.epoch}",
            )
            self._processor = BatchProcessor(
                session, identity, self._confirm_topic, self._desk.law_in_force()
            )
        return self._processor

    def _confirm_topic(self) -> None:
        """The same topic as at the start; a new one would count its offsets from 0 again."""
        found = self._topic.current_id()
        if found != self._topic_id:
            raise TopicRecreatedError(
                f"topic {self._config.topic} was deleted and made again: {self._topic_id}, {found}"
            )

    def _broker_log(self) -> PresentLog:
        config = self._config
        find_holes = partial(ranges_without_records, config.bootstrap_servers, config.topic)
        return PresentLog(self._epoch.label, self._topic_id, find_holes)

    def _keep_house(self, session: SparkSession) -> None:
        if self._stopping.is_set():
            return
        try:
            keep_house(
                session, self._config.housekeeping, self._batches_done,
                partial(is_held, self._config.lease_connect, REPLAY_LEASE), self._ages,
                broker_log=self._broker_log(),
            )  # fmt: skip
        except Exception as error:
            if is_final(error):
                raise
            # The batch is committed; the house can wait, and the next batch waits for the clock.
            if not self._clock.is_behind():
                log.warning("housekeeping failed, comes again later: %s", error)
