"""The streaming application: N pipelines, one Spark, one lease, exactly once.

Each pipeline is a stateless query of its own. The order of a batch is: judge, append the records,
bring the derived tables up; each commit is stamped with the offsets it contains, and a lease with
a generation fences every other writer. Batches of all pipelines, operations and maintenance take
turns: one process commits, one thing at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress

from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.errors import AdlakeError
from adlake.contracts.registry import STREAM_LEASE
from adlake.io import failpoints
from adlake.io.iceberg.rest_catalog import NO_FENCE
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.lease import Lease, LeaseKeeper, acquire
from adlake.io.postgres.table_heads import HeadsRecorder
from adlake.io.prometheus.endpoint import served
from adlake.streaming.attempts import Attempts, is_final
from adlake.streaming.clock_wait import ClockWait, behind_tables, never_behind
from adlake.streaming.config import ApplicationConfig
from adlake.streaming.heads import refuse_lost_tables
from adlake.streaming.metering import BatchMeters
from adlake.streaming.operations import OperationRunner
from adlake.streaming.place import claim_place
from adlake.streaming.probes import Probes, questions
from adlake.streaming.reading import Reading
from adlake.streaming.ready_file import ReadyFile, WaitingNote
from adlake.streaming.schedule import Schedule
from adlake.streaming.session import leased_session
from adlake.streaming.stopping import StopSignals

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2


class JvmGoneError(AdlakeError):
    """The JVM died under its Python driver."""


def run_application(config: ApplicationConfig) -> int:
    """Run until SIGTERM or SIGINT (returns 0), or until the lease is lost (returns 1).

    Raises:
        LeaseHeldError: another driver works on these tables.
        LakePlaceError: the lake was copied, moved or restored (streaming.place).
        TopicRecreatedError, BrokerLostDataError, RetentionGapError: see streaming.source.
        JvmGoneError: Spark died.
    """
    ready = ReadyFile(config.ready_file)
    ready.withdraw()
    is_fenced = config.catalog.has_fence
    lease = acquire(
        config.lease_connect, STREAM_LEASE, config.lease_ttl_seconds, is_fenced=is_fenced
    )
    if not is_fenced:
        log.warning("%s", NO_FENCE)
    log.info("holding lease %s, generation %d", lease.name, lease.generation)
    run = _Run(config, lease, ready)
    keeper = LeaseKeeper(lease, config.lease_ttl_seconds, run.lose_lease)
    keeper.start()
    try:
        with served(config.meters, config.metrics_port, config.metrics_address):
            claim_place(config.lease_connect, config.place)
            run.until_stopped()
    finally:
        keeper.stop()
        lease.release()
    return 1 if run.lease_lost else 0


class _Run:
    def __init__(self, config: ApplicationConfig, lease: Lease, ready: ReadyFile) -> None:
        self._config = config
        self._ready = ready
        self._lease = lease
        self._stopping = threading.Event()
        self._between_batches = threading.Lock()
        self._signals = StopSignals()
        self._clock = never_behind()
        self._attempts = Attempts(self._stopping, lambda: self.lease_lost)
        self._heads = HeadsRecorder(config.lease_connect)
        self._schedule = Schedule(config.lease_connect, config.every_seconds)
        self._readings = [
            Reading(
                pipeline,
                config,
                lease.generation,
                self._take,
                BatchMeters(config.meters, pipeline.name),
            )
            for pipeline in config.pipelines
        ]
        self.lease_lost = False

    def _is_asked_to_stop(self) -> bool:
        return self._signals.came or self._stopping.is_set()

    def lose_lease(self) -> None:
        log.error("the lease was taken over: stopping")
        self.lease_lost = True
        self._stopping.set()

    def until_stopped(self) -> None:
        self._signals.listen()
        session = leased_session("adlake", self._config, self._lease)
        places = [one.place for one in self._readings]
        try:
            with Probes(self._config.meters, questions(self._config, session, places)):
                self._run_queries(session)
        except (Py4JNetworkError, ConnectionError) as error:
            raise JvmGoneError(
                "the Spark JVM of this driver is gone (killed, or out of memory; see the log "
                "above): run `make up` again, it goes on exactly where the tables are"
            ) from error
        finally:
            self._heads.close()
            with suppress(Py4JError, OSError):
                session.stop()

    def _run_queries(self, session: SparkSession) -> None:
        config = self._config
        refuse_lost_tables(config.lease_connect, lambda name: IcebergTable(session, name).head())
        self._signals.listen()
        note = WaitingNote(config.ready_file)
        self._clock = ClockWait(behind_tables(session), self._is_asked_to_stop, note)
        self._attempts = Attempts(self._stopping, lambda: self.lease_lost, self._clock)
        if not self._clock.passes():
            return None
        for prepare in config.preparations:
            prepare(session)
        config.maintenance.begin(session, config.pipelines)
        while True:
            self._start(session)
            try:
                self._watch(session)
                return None if self.lease_lost else self._close(session)
            except StreamingQueryException as error:
                self._raise_unless_grown(error)
                log.info("partitions were added while the stream started: starting again")
                self._stopping.clear()

    def _close(self, session: SparkSession) -> None:
        logs = {one.pipeline.name: one.broker_log for one in self._readings}
        self._config.maintenance.record_final_counts(session, logs)

    def _start(self, session: SparkSession) -> None:
        """Check and repair every pipeline before the first query writes anything."""
        self._operations = OperationRunner(
            session, self._config.lease_connect, self._config.handlers,
            between_batches=self._between_batches, on_moved=self._reset,
            renew=lambda: self._renew(session), clock=self._clock,
        )  # fmt: skip
        for reading in self._readings:
            reading.begin(session)
        self._operations.run_all()
        self._renew(session)
        failpoints.reach("stream.before_start")
        for reading in self._readings:
            reading.start(session)
        self._signals.listen()

    def _renew(self, session: SparkSession) -> None:
        for reading in self._readings:
            try:
                reading.pipeline.renew(session)
            except Exception as error:
                name = reading.pipeline.name
                log.warning("views and sums of %s stay as they were until a start: %s", name, error)

    def _raise_unless_grown(self, error: StreamingQueryException) -> None:
        failures = [reading.failure for reading in self._readings if reading.failure]
        if failures or not all(reading.has_only_grown(error) for reading in self._readings):
            raise (failures[0] if failures else error) from error

    def _watch(self, session: SparkSession) -> None:
        """Return when the run is asked to stop; raise what ended a query."""
        queries = [reading.query for reading in self._readings]
        while not self._is_asked_to_stop() and all(query.isActive for query in queries):
            time.sleep(POLL_SECONDS)
            if not self._ready.is_written and all(one.has_worked for one in self._readings):
                self._ready.write()
            if failpoints.are_planted():
                for reading in self._readings:
                    reading.pass_between_batches()
            # Where no batch has come there is nothing new, or nothing at all.
            if any(reading.batches_done for reading in self._readings):
                self._schedule.ask_due()
            self._operations.run_due()
            self._keep_tables_up(session)
        self._stopping.set()
        # Stop between batches: an interrupted MERGE kills the stream thread. A batch that begins
        # after this one sees the flag and returns at once.
        with self._between_batches:
            failures = [failure for query in queries if (failure := query.exception())]
        for query in queries:
            query.stop()
        if failures and not self.lease_lost:
            raise failures[0]

    def _keep_tables_up(self, session: SparkSession) -> None:
        for keeper in self._config.keepers:
            if not keeper.is_due():
                continue
            try:
                keeper.run(session, self._between_batches)
            except Exception as error:
                if is_final(error):
                    raise
                log.warning("a table stays as it was until later: %s", error)

    def _reset(self) -> None:
        for reading in self._readings:
            reading.forget_processor()

    def _take(self, reading: Reading, records: DataFrame, batch_id: int) -> None:
        with self._between_batches:
            if self._stopping.is_set():
                return  # not contained in any stamp, so the next run reads it again
            began = time.monotonic()
            with reading.meters.batch():
                self._take_batch(reading, records, batch_id)
                is_behind = time.monotonic() - began > self._config.trigger_seconds
                self._keep_up(records.sparkSession, reading, is_behind=is_behind)

    def _take_batch(self, reading: Reading, records: DataFrame, batch_id: int) -> None:
        processor = reading.processor(records.sparkSession)
        try:
            self._attempts.process(processor, records, batch_id, reading.second_reader)
            self._heads.record(processor.heads)
        except Exception as error:
            reading.failure = error
            raise
        reading.batch_done(processor)

    def _keep_up(self, session: SparkSession, reading: Reading, *, is_behind: bool) -> None:
        if self._stopping.is_set():
            return
        try:
            with reading.meters.maintenance():
                self._config.maintenance.run_maintenance(
                    session, reading.pipeline.name, reading.batches_done, reading.broker_log,
                    is_behind=is_behind,
                )  # fmt: skip
        except Exception as error:
            if is_final(error):
                raise
            # The batch is committed; maintenance can wait, and the next batch waits for the clock.
            if not self._clock.is_behind():
                log.warning("maintenance failed, comes again later: %s", error)
