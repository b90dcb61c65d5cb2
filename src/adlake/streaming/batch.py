"""One micro-batch of one pipeline: judge, append the records, bring the derived tables up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.record_time import GREGORIAN_MS
from adlake.io import failpoints
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import IcebergTable
from adlake.io.phases import Phases, shown
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.postgres.table_heads import RecordedHead
from adlake.io.prometheus.meters import Meters
from adlake.io.spark.threads import side_by_side
from adlake.streaming.batch_facts import BatchFacts, batch_facts
from adlake.streaming.metering import DERIVED, BatchMeters
from adlake.streaming.pipeline import Pipeline, kept_deliveries
from adlake.streaming.reread import InexactTimesError
from adlake.streaming.sink import Batch, DerivedSink, RecordsSink, StampedSink

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WriterIdentity:
    """Who writes: goes into every stamp."""

    source: SourceIncarnation
    topic_id: str
    generation: int
    """Of the lease."""
    query_id: str


class BatchProcessor:
    """Applies micro-batches to the tables of a pipeline; safe to call again with the same rows.

    `confirm_topic` raises when the topic is no longer the one that the identity names; it is
    called before anything is written.
    """

    def __init__(
        self,
        session: SparkSession,
        pipeline: Pipeline,
        identity: WriterIdentity,
        confirm_topic: Callable[[], None],
        meters: BatchMeters | None = None,
    ) -> None:
        self._confirm_topic = confirm_topic
        self._meters = meters or BatchMeters(Meters(), pipeline.name)
        self._pipeline = pipeline
        self._identity = identity
        source, records = identity.source, IcebergTable(session, pipeline.records_table)
        self._records = RecordsSink(session, records, source, pipeline.rows)
        self._session = session
        self._steps = [
            [DerivedSink(writer, source, records) for writer in step]
            for step in pipeline.writers(session)
        ]
        self._derived = [*chain.from_iterable(self._steps)]
        self.refresh()

    @property
    def sinks(self) -> tuple[StampedSink, ...]:
        """All tables, in the order in which they commit, or are named where they do so at once."""
        return (self._records, *self._derived)

    def refresh(self) -> None:
        """Read the newest stamp of each table: at start and after any unknown commit outcome."""
        for sink in self.sinks:
            sink.refresh()

    @property
    def heads(self) -> dict[str, RecordedHead]:
        """What the last commits left, to be recorded."""
        return {sink.table.name: sink.recorded for sink in self.sinks if sink.recorded}

    @property
    def contained_in_all(self) -> dict[int, int]:
        """First offset that some table lacks, for partitions that all know."""
        known = [sink.contained for sink in self.sinks]
        partitions = set(known[0]).intersection(*known[1:])
        return {p: min(contained[p] for contained in known) for p in partitions}

    def process(
        self, records: DataFrame, batch_id: int, *, has_exact_times: bool = True
    ) -> BatchFacts | None:
        """Bring all tables up to the end of these Kafka records.

        Args:
            records: columns value, kafka_topic, kafka_partition, kafka_offset, kafka_key,
                ingest_ts.
            batch_id: number of the batch in this run, for stamps and logs.
            has_exact_times: False for what Spark's Kafka source read.

        Returns:
            What the batch held; None when nothing.

        Raises:
            InexactTimesError: a time is in another calendar; nothing was written.
        """
        try:
            return self._processed(records, batch_id, has_exact_times=has_exact_times)
        except Exception:
            self._meters.attempt_failed()
            raise

    def _processed(
        self, records: DataFrame, batch_id: int, *, has_exact_times: bool
    ) -> BatchFacts | None:
        started_ms, phases = int(time.time() * 1000), Phases()
        failpoints.enter_batch(batch_id, self._pipeline.name)
        failpoints.reach("batch.start")
        with kept_deliveries(self._pipeline, records) as deliveries:
            with phases.timed("admit"):
                facts = batch_facts(deliveries)
            if facts is None:
                return None
            if not has_exact_times and facts.oldest_ingest_ms < GREGORIAN_MS:
                raise InexactTimesError(f"batch {batch_id} holds record times before 1582")
            self._confirm_topic()
            batch = Batch(deliveries, facts, self._stamp(facts, batch_id, started_ms))
            with phases.timed("records"):
                snapshot = self._records.take(batch)
            with phases.timed(DERIVED):
                done = self._bring_up(batch, snapshot)
        self._tell(batch_id, facts, phases.seconds, done)
        failpoints.reach("batch.end")
        return facts

    def _bring_up(self, batch: Batch, snapshot: int | None) -> list[str]:
        """The derived tables, step by step; returns what was done to each, in words."""
        done: list[str] = []
        for step in self._steps:
            takes = [partial(sink.take, batch, self._records, snapshot) for sink in step]
            done += side_by_side(self._session, takes)
        return done

    def _tell(
        self,
        batch_id: int,
        facts: BatchFacts,
        seconds: Mapping[str, float],
        done: Sequence[str],
    ) -> None:
        """One line in the log, and the metrics."""
        log.info(
            "%s batch %d: %d rows, %d rejected%s; %s", self._pipeline.name, batch_id,
            facts.rows, facts.rejected, "".join(f", {words}" for words in done), shown(seconds),
        )  # fmt: skip
        written = {sink.table.name: sink.written for sink in self._derived if sink.written}
        self._meters.batch_done(facts, seconds, written)
        for sink in self.sinks:
            self._meters.committed(sink.table.name, sink.committed_ms)

    def _stamp(self, facts: BatchFacts, batch_id: int, started_ms: int) -> dict[str, str]:
        p01, p05, p50 = facts.ingest_ms
        start_offsets = self._identity.source.start_offsets
        return {
            stamps.QUERY_ID: self._identity.query_id,
            stamps.BATCH_ID: str(batch_id),
            stamps.TOPIC: self._identity.source.label,
            stamps.TOPIC_ID: self._identity.topic_id,
            stamps.LEASE_GENERATION: str(self._identity.generation),
            stamps.BATCH_STARTED_MS: str(started_ms),
            stamps.BATCH_ROWS: str(facts.rows),
            stamps.BATCH_REJECTED: str(facts.rejected),
            stamps.INGEST_MS_P01: str(p01),
            stamps.INGEST_MS_P05: str(p05),
            stamps.INGEST_MS_P50: str(p50),
        } | ({stamps.START_OFFSETS: offsets_text(start_offsets)} if start_offsets else {})
