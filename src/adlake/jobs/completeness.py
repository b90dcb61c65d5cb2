"""Copies what each batch counted from the stamps of Bronze into audit.completeness_ledger.

Runs between batches, now and then: a walk over the newest snapshots and one small append. The
append is stamped with the newest Bronze snapshot it holds, so the next one goes on behind it and
no batch is copied twice, whatever was killed in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import (
    BRONZE_EVENTS,
    COMPLETENESS_LEDGER,
    LEDGER_COLUMNS,
    LEDGER_KEY,
)
from adlake.io.iceberg import COMMITTED_MS, ROWS, ROWS_ADDED, SEQUENCE, IcebergTable, stamped
from adlake.io.stamp import PartitionCounts, Stamp, parse_counts

log = logging.getLogger(__name__)

_SCHEMA: Final = (
    "kafka_topic string, topic_id string, epoch bigint, batch_id bigint, kafka_partition int, "
    "first_offset bigint, next_offset bigint, admitted bigint, rejected bigint, "
    "bronze_snapshot_id bigint, bronze_sequence bigint, bronze_rows_added bigint, "
    "bronze_rows bigint, committed_at timestamp"
)


def record_batches(session: SparkSession) -> int:
    """Copy the counts of every stamped Bronze commit not yet recorded; returns the rows written."""
    started = time.monotonic()
    ledger = IcebergTable(session, COMPLETENESS_LEDGER)
    newest = ledger.newest_stamp()
    recorded = None if newest is None else int(newest.properties[stamps.BRONZE_SNAPSHOT])
    bronze = IcebergTable(session, BRONZE_EVENTS)
    found, is_gapless = bronze.stamps_after(recorded)
    rows = list(ledger_rows(found))
    if not rows:
        return 0
    before = bronze.counted_stamp(recorded) if recorded is not None and is_gapless else None
    for problem in open_books(found, before):
        log.error("completeness: %s", problem)
    frame = session.createDataFrame(rows, _SCHEMA).coalesce(1)
    if newest is not None and not is_gapless:
        # Bronze was rolled back, or the snapshot expired: the key tells what is there already.
        frame = _unknown_rows(session, ledger, frame)
    stamp = {
        stamps.SINK: "ledger",
        stamps.BRONZE_SNAPSHOT: str(found[-1].snapshot_id),
        stamps.NEXT_OFFSETS: found[-1].properties[stamps.NEXT_OFFSETS],
        stamps.TOPIC_ID: found[-1].topic_id,
    }
    with stamped(session, stamp):
        frame.select(*LEDGER_COLUMNS).writeTo(ledger.full_name).append()
    log.info("ledger: %d rows of %d batches in %.2f s", len(rows), len(found), _since(started))
    return len(rows)


def forget_lost_bronze(session: SparkSession, bronze: Stamp | None) -> None:
    """Empty the ledger when Bronze has no batch: what it holds is of a Bronze that was lost.

    `bronze` is Bronze's newest stamp, None for a table without rows (jobs.start).

    Whoever accepted that loss is on record (ADR 0013). Kept, the old batches would not fit those
    that fill Bronze again, and no proof could succeed any more.
    """
    if bronze is not None:
        return
    ledger = IcebergTable(session, COMPLETENESS_LEDGER)
    if ledger.row_count():
        log.warning("the ledger is emptied: its batches are those of a Bronze that was lost")
        session.sql(f"DELETE FROM {ledger.full_name}")  # noqa: S608 - a name of ours


def ledger_rows(found: Sequence[Stamp]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of LEDGER_COLUMNS; stamps from before there were counts give none."""
    for stamp in found:
        said = stamp.properties
        for partition, counts in parse_counts(said.get(stamps.LEDGER, "{}")).items():
            yield (
                said[stamps.TOPIC],
                stamp.topic_id,
                int(said[stamps.EPOCH]),
                int(said[stamps.BATCH_ID]),
                partition,
                counts.first_offset,
                counts.next_offset,
                counts.admitted,
                counts.rejected,
                stamp.snapshot_id,
                int(said[SEQUENCE]),
                int(said.get(ROWS_ADDED) or 0),
                int(said.get(ROWS) or 0),
                datetime.fromtimestamp(int(said[COMMITTED_MS]) / 1000, UTC),
            )


def open_books(found: Sequence[Stamp], before: Stamp | None = None) -> Iterator[str]:
    """What does not add up within a batch and since the one before it: the alarm in the log.

    The same four rules as audit.completeness_gaps, which says it for ever.
    """
    for stamp, earlier in zip(found, [before, *found], strict=False):
        counts = parse_counts(stamp.properties.get(stamps.LEDGER, "{}"))
        batch = f"epoch {stamp.properties[stamps.EPOCH]} batch {stamp.properties[stamps.BATCH_ID]}"
        if earlier is not None and counts:
            yield from (f"{batch}{problem}" for problem in _changed_between(earlier, stamp, counts))
        records = sum(said.admitted + said.rejected for said in counts.values())
        for partition, said in counts.items():
            missing = said.next_offset - said.first_offset - said.admitted - said.rejected
            if missing:
                yield f"{batch}, partition {partition}: {missing} offsets have no verdict"
        if counts and (written := int(stamp.properties.get(ROWS_ADDED) or 0)) != records:
            yield f"{batch}: {records} records have a verdict, Bronze got {written} rows"


def _changed_between(
    earlier: Stamp, stamp: Stamp, counts: Mapping[int, PartitionCounts]
) -> Iterator[str]:
    if (earlier.source_label, earlier.topic_id) == (stamp.source_label, stamp.topic_id):
        for partition, said in counts.items():
            expected = earlier.next_offsets.get(partition, said.first_offset)
            if said.first_offset != expected:
                yield (
                    f", partition {partition}: begins at offset {said.first_offset}, but the one "
                    f"before ended at {expected}"
                )
    rows, added = (int(stamp.properties.get(name) or 0) for name in (ROWS, ROWS_ADDED))
    rows_before = int(earlier.properties.get(ROWS) or 0)
    if rows_before + added != rows:
        yield f": Bronze had {rows_before} rows, got {added} and has {rows} now"


def _unknown_rows(session: SparkSession, ledger: IcebergTable, frame: DataFrame) -> DataFrame:
    known = session.table(ledger.full_name).select(*LEDGER_KEY)
    return frame.join(known, list(LEDGER_KEY), "left_anti").coalesce(1)


def _since(started: float) -> float:
    return time.monotonic() - started
