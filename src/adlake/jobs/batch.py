"""One micro-batch: admit, append to Bronze, merge into Gold, each guarded by its own stamp."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.record_time import GREGORIAN_MS
from adlake.contracts.source import epoch_of_label
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io import failpoints
from adlake.io.gold_writer import GoldWriter
from adlake.io.iceberg import IcebergTable, head_of, stamped
from adlake.io.phases import shown
from adlake.io.source_epochs import SourceEpoch
from adlake.io.stamp import LastRecord, Stamp, counts_text, last_records_text, offsets_text
from adlake.io.table_heads import RecordedHead, TableHead
from adlake.jobs.batch_facts import BatchFacts, batch_facts, missing_rows
from adlake.jobs.crowd_alarm import CrowdAlarm
from adlake.jobs.reread import InexactTimesError
from adlake.transforms.admit import admit
from adlake.transforms.bronze import (
    HOUR_MS,
    MOST_PARTITIONS,
    bronze_rows,
    partition_width_ms,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WriterIdentity:
    """Who writes: goes into every stamp."""

    source: SourceEpoch
    topic_id: str
    epoch: int
    query_id: str


@dataclass
class TableOffsets:
    """First offset not yet contained, by partition, for both tables."""

    bronze: dict[int, int] = field(default_factory=dict)
    gold: dict[int, int] = field(default_factory=dict)
    last_records: dict[int, LastRecord] = field(default_factory=dict)
    """Bronze's."""


class BatchProcessor:
    """Applies micro-batches to both tables; safe to call again with the same rows.

    `confirm_topic` raises when the topic is no longer the one that the identity names; it is
    called before anything is written.
    """

    def __init__(
        self,
        session: SparkSession,
        identity: WriterIdentity,
        confirm_topic: Callable[[], None],
        law: LawConstants = LAW_V1,
    ) -> None:
        self._confirm_topic = confirm_topic
        self._session = session
        self._identity = identity
        self._bronze = IcebergTable(session, BRONZE_EVENTS)
        self._gold = GoldWriter(session, law)
        self._crowd_alarm = CrowdAlarm()
        self.offsets = TableOffsets()
        self.heads: dict[str, RecordedHead] = {}
        """What the last commits left, to be recorded."""
        self.refresh()

    def refresh(self) -> None:
        """Read both tables' newest stamps: at start and after any unknown commit outcome."""
        bronze, gold = self._bronze.newest_stamp(), self._gold.table.newest_stamp()
        self.offsets = TableOffsets(
            bronze=self._contained(bronze),
            gold=self._contained(gold),
            last_records=bronze.last_records if bronze and not self._is_older(bronze) else {},
        )
        self._gold_is_of_a_lost_bronze = gold is not None and not self._bronze.holds_snapshot(
            int(gold.properties[stamps.BRONZE_SNAPSHOT])
        )

    @property
    def contained_in_both(self) -> dict[int, int]:
        """First offset that either table lacks, for partitions that both know."""
        bronze, gold = self.offsets.bronze, self.offsets.gold
        return {p: min(bronze[p], gold[p]) for p in bronze.keys() & gold.keys()}

    def _is_older(self, stamp: Stamp) -> bool:
        return epoch_of_label(stamp.source_label) < self._identity.source.number

    def _contained(self, stamp: Stamp | None) -> dict[int, int]:
        if stamp is None or self._is_older(stamp):
            # The offsets of an older history say nothing here.
            return dict(self._identity.source.start_offsets)
        return stamp.next_offsets

    def process(
        self, records: DataFrame, batch_id: int, *, has_exact_times: bool = True
    ) -> BatchFacts | None:
        """Bring both tables up to the end of these Kafka records.

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
        started_ms, started = int(time.time() * 1000), time.monotonic()
        failpoints.enter_batch(batch_id)
        failpoints.reach("batch.start")
        deliveries = admit(records).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            facts = batch_facts(deliveries)
            if facts is None:
                return None
            if not has_exact_times and facts.oldest_ingest_ms < GREGORIAN_MS:
                raise InexactTimesError(f"batch {batch_id} holds record times before 1582")
            self._confirm_topic()
            parsed = time.monotonic()
            stamp = self._stamp(facts, batch_id, started_ms)
            bronze_snapshot = self._append_bronze(deliveries, facts, stamp)
            appended = time.monotonic()
            change = self._merge_gold(deliveries, facts, stamp, bronze_snapshot)
        finally:
            deliveries.unpersist()
        log.info(
            "batch %d: %d rows, %d rejected, %s; admit %.2f s, bronze %.2f s, gold %.2f s",
            batch_id, facts.rows, facts.rejected, change,
            parsed - started, appended - parsed, time.monotonic() - appended,
        )  # fmt: skip
        failpoints.reach("batch.end")
        return facts

    def _append_bronze(
        self, deliveries: DataFrame, facts: BatchFacts, stamp: dict[str, str]
    ) -> int | None:
        missing = missing_rows(deliveries, facts, self.offsets.bronze)
        next_offsets = _furthest(self.offsets.bronze, facts.next_offsets)
        if next_offsets != self.offsets.bronze:
            # Some of the batch may be there already: only what this commit appends is counted.
            appended = facts if missing is deliveries else batch_facts(missing)
            last_records = self.offsets.last_records | (appended.last_records if appended else {})
            properties = stamp | {
                stamps.SINK: "bronze",
                stamps.NEXT_OFFSETS: offsets_text(next_offsets),
                stamps.LEDGER: counts_text(appended.counts if appended else {}),
                stamps.LAST_RECORDS: last_records_text(last_records),
            }
            is_wide = facts.hours > MOST_PARTITIONS
            width_ms = partition_width_ms(missing) if is_wide else HOUR_MS
            failpoints.reach("bronze.before_commit")
            with stamped(self._session, properties):
                bronze_rows(missing, width_ms).coalesce(2).writeTo(self._bronze.full_name).append()
            failpoints.reach("bronze.after_commit")
            self.offsets.bronze = next_offsets
            self.offsets.last_records = last_records
        table = self._bronze.java_table()
        self._note_head(BRONZE_EVENTS, head_of(table), self.offsets.bronze)
        snapshot = table.currentSnapshot()
        return None if snapshot is None else int(snapshot.snapshotId())

    def _note_head(self, name: str, head: TableHead, contained: Mapping[int, int]) -> None:
        label = self._identity.source.label
        self.heads[name] = RecordedHead(head, label, offsets_text(contained))

    def _merge_gold(
        self,
        deliveries: DataFrame,
        facts: BatchFacts,
        stamp: dict[str, str],
        bronze_snapshot: int | None,
    ) -> str:
        missing = missing_rows(deliveries, facts, self.offsets.gold)
        next_offsets = _furthest(self.offsets.gold, facts.next_offsets)
        # A Bronze that was lost and is filled again: no proof can read what Gold's stamp names.
        to_stamp = self._gold_is_of_a_lost_bronze and next_offsets == self.offsets.bronze
        if next_offsets == self.offsets.gold and not to_stamp:
            return "gold already contains it"
        properties = stamp | {
            stamps.SINK: "gold",
            stamps.NEXT_OFFSETS: offsets_text(next_offsets),
            stamps.BRONZE_SNAPSHOT: str(bronze_snapshot),
        }
        change = self._gold.apply(missing.where("reject_reason IS NULL"), properties)
        failpoints.reach("gold.after_commit")
        self.offsets.gold = next_offsets
        self._gold_is_of_a_lost_bronze = False
        self._note_head(GOLD_STATE, change.head, next_offsets)
        self._crowd_alarm.look(change.crowds)
        return (
            f"{change.impressions} impressions, {change.changed_rows} known ones changed "
            f"({shown(change.seconds)})"
        )

    def _stamp(self, facts: BatchFacts, batch_id: int, started_ms: int) -> dict[str, str]:
        p01, p05, p50 = facts.ingest_ms
        return {
            stamps.QUERY_ID: self._identity.query_id,
            stamps.BATCH_ID: str(batch_id),
            stamps.TOPIC: self._identity.source.label,
            stamps.TOPIC_ID: self._identity.topic_id,
            stamps.EPOCH: str(self._identity.epoch),
            stamps.BATCH_STARTED_MS: str(started_ms),
            stamps.BATCH_ROWS: str(facts.rows),
            stamps.BATCH_REJECTED: str(facts.rejected),
            stamps.INGEST_MS_P01: str(p01),
            stamps.INGEST_MS_P05: str(p05),
            stamps.INGEST_MS_P50: str(p50),
        } | self._start_offsets()

    def _start_offsets(self) -> dict[str, str]:
        offsets = self._identity.source.start_offsets
        return {stamps.START_OFFSETS: offsets_text(offsets)} if offsets else {}


def _furthest(contained: Mapping[int, int], batch: Mapping[int, int]) -> dict[int, int]:
    return {
        partition: max(contained.get(partition, 0), batch.get(partition, 0))
        for partition in contained.keys() | batch.keys()
    }
