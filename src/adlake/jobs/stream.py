"""The attribution stream: Kafka -> bronze.ad_events + gold.ad_performance_state, exactly once.

One stateless query. The order of each batch is: admit, append Bronze, merge Gold; each commit is
stamped with the offsets it contains, and a lease with an epoch fences every other writer.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io import failpoints
from adlake.io.ddl import provision_tables
from adlake.io.gold_writer import GoldWriter
from adlake.io.iceberg import IcebergTable
from adlake.io.kafka_source import kafka_records
from adlake.io.lease import Connect, Lease, LeaseKeeper, acquire
from adlake.io.spark import CatalogAccess, SparkResources, build_session, connect_catalog
from adlake.io.topic import TopicWatch, topic_facts
from adlake.jobs.batch import BatchProcessor, WriterIdentity
from adlake.jobs.dims import load_first_versions
from adlake.jobs.housekeep import HousekeepingPlan, keep_house
from adlake.jobs.requests import RequestDesk
from adlake.jobs.start import (
    TopicRecreatedError,
    catch_up_gold,
    check_topic,
    starting_offsets,
    trusted_stamp,
)
from adlake.jobs.stopping import StopSignals

log = logging.getLogger(__name__)

LEASE_NAME = "attribution"
MAX_ATTEMPTS = 4
"""A batch is tried this often before the job stops and says why."""
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class StreamConfig:
    """Everything one run needs; seconds and bytes as named."""

    bootstrap_servers: str
    topic: str
    catalog: CatalogAccess
    lease_connect: Connect
    lease_ttl_seconds: float
    checkpoint_dir: Path
    seed_dir: Path
    marker_dir: Path
    resources: SparkResources
    trigger_seconds: float
    max_offsets_per_trigger: int
    housekeeping: HousekeepingPlan
    ready_file: Path
    failpoints: str = ""


def run_stream(config: StreamConfig) -> int:
    """Run until SIGTERM or SIGINT (returns 0), or until the lease is lost (returns 1).

    Raises:
        LeaseHeldError: another driver works on these tables.
        TopicRecreatedError, BrokerLostDataError, RetentionGapError: see jobs.start.
    """
    config.ready_file.unlink(missing_ok=True)
    lease = acquire(config.lease_connect, LEASE_NAME, config.lease_ttl_seconds)
    log.info("holding lease %s, epoch %d", lease.name, lease.epoch)
    run = _Run(config, lease)
    keeper = LeaseKeeper(lease, config.lease_ttl_seconds, run.lose_lease)
    keeper.start()
    try:
        run.until_stopped()
    finally:
        keeper.stop()
        lease.release()
    return 1 if run.lease_lost else 0


class _Run:
    def __init__(self, config: StreamConfig, lease: Lease) -> None:
        self._config = config
        self._lease = lease
        self._stopping = threading.Event()
        self._between_batches = threading.Lock()
        self._batches_done = 0
        self._signals = StopSignals()
        self._processor: BatchProcessor | None = None
        self.lease_lost = False

    def lose_lease(self) -> None:
        log.error("the lease was taken over: stopping")
        self.lease_lost = True
        self._stopping.set()

    def until_stopped(self) -> None:
        self._signals.listen()
        session = self._open_session()
        try:
            self._run_query(session)
        finally:
            session.stop()

    def _open_session(self) -> SparkSession:
        config = self._config
        if config.resources.local_dir is not None:
            # What killed drivers left; this one holds the lease, so nobody uses it.
            shutil.rmtree(config.resources.local_dir, ignore_errors=True)
        session = build_session("adlake attribution", config.resources)
        access = CatalogAccess(**(vars(config.catalog) | {"lease_epoch": self._lease.epoch}))
        connect_catalog(session, access)
        jvm: Any = session._jvm
        jvm_pid = jvm.java.lang.ProcessHandle.current().pid()
        failpoints.arm(config.failpoints, config.marker_dir, jvm_pid)
        return session

    def _run_query(self, session: SparkSession) -> None:
        config = self._config
        provision_tables(session)
        load_first_versions(session, config.seed_dir)
        topic = topic_facts(config.bootstrap_servers, config.topic)
        stamp = trusted_stamp(IcebergTable(session, BRONZE_EVENTS))
        check_topic(stamp, topic)
        self._desk = RequestDesk(session, config.lease_connect, self._between_batches, self._reset)
        catch_up_gold(session, GoldWriter(session, self._desk.law_in_force()))
        self._desk.serve_all()
        offsets = starting_offsets(stamp, topic)
        self._topic_id = topic.topic_id
        self._topic = TopicWatch(config.bootstrap_servers, config.topic)
        failpoints.reach("stream.before_start")
        records = kafka_records(
            session, config.bootstrap_servers, config.topic, offsets, config.max_offsets_per_trigger
        )
        query = (
            records.writeStream.queryName("attribution")
            .foreachBatch(self._on_batch)
            .option("checkpointLocation", f"file://{self._fresh_checkpoint()}")
            .trigger(processingTime=f"{int(config.trigger_seconds * 1000)} milliseconds")
            .start()
        )
        config.ready_file.parent.mkdir(parents=True, exist_ok=True)
        config.ready_file.write_text(str(os.getpid()))
        log.info("streaming from %s", offsets)
        self._signals.listen()
        while not (self._signals.came or self._stopping.is_set()) and query.isActive:
            time.sleep(POLL_SECONDS)
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
            self._process_with_retries(processor, records, batch_id)
            self._batches_done += 1
            self._keep_house(records.sparkSession)

    def _processor_of(self, session: SparkSession) -> BatchProcessor:
        if self._processor is None:
            identity = WriterIdentity(
                topic=self._config.topic,
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

    def _process_with_retries(
        self, processor: BatchProcessor, records: DataFrame, batch_id: int
    ) -> None:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                if attempt > 1:
                    # Whether the failed commit was applied is unknown: the stamps know.
                    processor.refresh()
                processor.process(records, batch_id)
            except Exception as error:
                if self._stopping.is_set() and not self.lease_lost:
                    log.warning("batch %d is left to the next run: %s", batch_id, error)
                    return
                if attempt == MAX_ATTEMPTS or self.lease_lost or _is_final(error):
                    raise
                log.warning("batch %d failed (attempt %d): %s", batch_id, attempt, error)
                self._stopping.wait(2**attempt)
            else:
                return

    def _keep_house(self, session: SparkSession) -> None:
        if self._stopping.is_set():
            return
        try:
            keep_house(session, self._config.housekeeping, self._batches_done)
        except Exception as error:
            if _is_final(error):
                raise
            # The batch is committed; the house can wait.
            log.warning("housekeeping failed, comes again later: %s", error)


def _is_final(error: Exception) -> bool:
    """Trying again cannot help: another writer took over, or the topic is another one."""
    return isinstance(error, TopicRecreatedError) or "fenced:" in str(error)
