"""Tables that take whole batches, each guarded by its own stamp.

A batch is repeated after any fault. What a table contains already is known from its newest stamp
alone, so each sink adds exactly what is missing and says in the same commit how far it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.source import incarnation_of_label
from adlake.io import failpoints
from adlake.io.iceberg.stamp import LastRecord, Stamp, counts_text, last_records_text, offsets_text
from adlake.io.iceberg.table import IcebergTable, head_of, stamped
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.postgres.table_heads import RecordedHead, TableHead
from adlake.streaming.batch_facts import BatchFacts, batch_facts, missing_rows
from adlake.streaming.filing import HOUR_MS, MOST_PARTITIONS, partition_width_ms
from adlake.streaming.pipeline import Writer, Written


@dataclass(frozen=True)
class Batch:
    """One micro-batch, judged and counted; `stamp` is what every commit of it carries."""

    deliveries: DataFrame
    facts: BatchFacts
    stamp: Mapping[str, str]


def began_ms(stamp: Stamp) -> int | None:
    """When the batch of a stamp began, by the wall clock; None: the stamp does not say."""
    said = stamp.properties.get(stamps.BATCH_STARTED_MS)
    return None if said is None else int(said)


class StampedSink:
    """What one table contains by its newest stamp; partition -> first offset not contained."""

    def __init__(self, table: IcebergTable, source: SourceIncarnation) -> None:
        self.table = table
        self.contained: dict[int, int] = {}
        self.recorded: RecordedHead | None = None
        """What the last commit left, to be put on record."""
        self.committed_ms: int | None = None
        """Wall clock of its newest commit of a batch (of an older run: when that batch began)."""
        self._source = source

    def refresh(self) -> None:
        """Read the newest stamp: at start and after any unknown outcome of a commit."""
        newest = self.table.newest_stamp()
        if self.committed_ms is None and newest is not None:
            self.committed_ms = began_ms(newest)
        self._take_up(newest)

    def _take_up(self, newest: Stamp | None) -> None:
        stamp = self._of_now(newest)
        self.contained = dict(stamp.next_offsets if stamp else self._source.start_offsets)

    def _of_now(self, newest: Stamp | None) -> Stamp | None:
        """The stamp, unless it is of an older history of the topic: its offsets say nothing."""
        number = self._source.number
        is_of_now = newest is not None and incarnation_of_label(newest.source_label) >= number
        return newest if is_of_now else None

    def offsets_after(self, facts: BatchFacts) -> dict[int, int]:
        """What it will contain once it has the batch."""
        batch = facts.next_offsets
        return {
            partition: max(self.contained.get(partition, 0), batch.get(partition, 0))
            for partition in self.contained.keys() | batch.keys()
        }

    def missing(self, batch: Batch) -> DataFrame:
        """The deliveries that it lacks."""
        return missing_rows(batch.deliveries, batch.facts, self.contained)

    def properties(self, batch: Batch, next_offsets: Mapping[int, int]) -> dict[str, str]:
        """The stamp of a commit after which it contains these offsets."""
        return {
            **batch.stamp,
            stamps.SINK: self.table.name.partition(".")[0],
            stamps.NEXT_OFFSETS: offsets_text(next_offsets),
        }

    def note_head(self, head: TableHead) -> None:
        """Remember what the table is after a commit."""
        self.recorded = RecordedHead(head, self._source.label, offsets_text(self.contained))


class RecordsSink(StampedSink):
    """Appends every record with its verdict: the first sink of a pipeline.

    `rows` turns judged records into rows of the table (see `Pipeline.rows`).
    """

    def __init__(
        self,
        session: SparkSession,
        table: IcebergTable,
        source: SourceIncarnation,
        rows: Callable[[DataFrame, int], DataFrame],
    ) -> None:
        super().__init__(table, source)
        self._session = session
        self._rows = rows
        self._last_records: dict[int, LastRecord] = {}

    def _take_up(self, newest: Stamp | None) -> None:
        super()._take_up(newest)
        stamp = self._of_now(newest)
        self._last_records = dict(stamp.last_records) if stamp else {}

    def take(self, batch: Batch) -> int | None:
        """Append what is missing; returns the snapshot that holds the batch."""
        next_offsets = self.offsets_after(batch.facts)
        if next_offsets != self.contained:
            self._append(batch, next_offsets)
        table = self.table.java_table()
        self.note_head(head_of(table))
        snapshot = table.currentSnapshot()
        return None if snapshot is None else int(snapshot.snapshotId())

    def _append(self, batch: Batch, next_offsets: dict[int, int]) -> None:
        missing = self.missing(batch)
        # Some of the batch may be there already: only what this commit appends is counted.
        appended = batch.facts if missing is batch.deliveries else batch_facts(missing)
        last_records = self._last_records | (appended.last_records if appended else {})
        properties = self.properties(batch, next_offsets) | {
            stamps.BATCH_COUNTS: counts_text(appended.counts if appended else {}),
            stamps.LAST_RECORDS: last_records_text(last_records),
        }
        is_wide = batch.facts.hours > MOST_PARTITIONS
        rows = self._rows(missing, partition_width_ms(missing) if is_wide else HOUR_MS)
        failpoints.reach("bronze.before_commit")
        with stamped(self._session, properties):
            rows.coalesce(2).writeTo(self.table.full_name).append()
        self.committed_ms = int(time.time() * 1_000)
        failpoints.reach("bronze.after_commit")
        self.contained, self._last_records = next_offsets, last_records


class DerivedSink(StampedSink):
    """Brings a derived table up to the records, by its writer."""

    def __init__(self, writer: Writer, source: SourceIncarnation, records: IcebergTable) -> None:
        super().__init__(writer.table, source)
        self._writer = writer
        self._records = records
        self._is_of_lost_records = False
        self.written: Written | None = None
        """What the last batch did to the table; None when it had the batch already."""

    def _take_up(self, newest: Stamp | None) -> None:
        super()._take_up(newest)
        # Of an older history too: it names its records all the same.
        self._is_of_lost_records = newest is not None and not self._records.holds_snapshot(
            int(newest.properties[stamps.BRONZE_SNAPSHOT])
        )

    def take(self, batch: Batch, records: RecordsSink, records_snapshot: int | None) -> str:
        """Merge what is missing; returns what was done, in words."""
        self.written = None
        next_offsets = self.offsets_after(batch.facts)
        # Records that were lost and are filled again: no proof can read what the stamp names.
        to_stamp = self._is_of_lost_records and next_offsets == records.contained
        if next_offsets == self.contained and not to_stamp:
            return f"{self.table.name} already contains it"
        stamp = self.properties(batch, next_offsets) | {
            stamps.BRONZE_SNAPSHOT: str(records_snapshot)
        }
        written = self._writer.apply(self.missing(batch).where("reject_reason IS NULL"), stamp)
        self.committed_ms = int(time.time() * 1_000)
        failpoints.reach("gold.after_commit")
        self.contained = next_offsets
        self._is_of_lost_records = False
        self.written = written
        if written.head is not None:
            self.note_head(written.head)
        return written.in_words
