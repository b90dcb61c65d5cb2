"""Copies what each batch counted from the stamps of Bronze into audit.completeness_ledger.

Runs between batches, now and then: a walk over the newest snapshots and one small append. The
append is stamped with the newest Bronze snapshot it holds, so the next one goes on behind it and
no batch is copied twice, whatever was killed in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import gauges, stamps
from adlake.contracts.registry import FIRST_RECORDS
from adlake.contracts.source import topic_of_label
from adlake.contracts.tables import (
    BATCH_COUNT_COLUMNS,
    BATCH_COUNT_KEY,
    BATCH_COUNTS,
)
from adlake.io.iceberg.stamp import PartitionCounts, Stamp
from adlake.io.iceberg.table import COMMITTED_MS, ROWS, ROWS_ADDED, SEQUENCE, IcebergTable, stamped
from adlake.io.prometheus.meters import Meters
from adlake.io.spark.rows import frame_of
from adlake.maintenance.empty_offsets import (
    Empty,
    EmptyOffsets,
    counts_of,
    empty_offsets,
    seam_before,
)
from adlake.streaming.broker_log import BrokerLog

log = logging.getLogger(__name__)

_SCHEMA: Final = (
    "kafka_topic string, topic_id string, epoch bigint, batch_id bigint, kafka_partition int, "
    "first_offset bigint, next_offset bigint, admitted bigint, rejected bigint, "
    "bronze_snapshot_id bigint, bronze_sequence bigint, bronze_rows_added bigint, "
    "bronze_rows bigint, committed_at timestamp, empty_before bigint, empty_within bigint"
)


def record_batches(
    session: SparkSession,
    records: IcebergTable,
    broker_log: BrokerLog | None = None,
    meters: Meters | None = None,
) -> int:
    """Copy the counts of every stamped commit of a table of records not yet recorded.

    Args:
        session: a session that may write the table of batch counts.
        records: the table of records.
        broker_log: asked which of the offsets that batches left out hold no record; None: nobody
            is asked, and all of them are gaps.
        meters: told how many batches were recorded, and each gap.

    Returns:
        The rows written.

    Raises:
        TopicError: offsets are missing and the broker does not answer: nothing was recorded.
    """
    started = time.monotonic()
    counted = IcebergTable(session, BATCH_COUNTS)
    newest = _newest_of(counted, records.name)
    recorded = None if newest is None else int(newest.properties[stamps.BRONZE_SNAPSHOT])
    found, is_gapless = records.stamps_after(recorded)
    if not any(counts_of(stamp) for stamp in found):
        return 0
    before = records.counted_stamp(recorded) if recorded is not None and is_gapless else None
    empty = empty_offsets(records, found, before, broker_log)
    rows = list(count_rows(found, empty))
    problems = list(count_mismatches(found, before, empty))
    for problem in problems:
        log.error("completeness: %s", problem)
    frame = frame_of(session, rows, _SCHEMA).coalesce(1)
    if not is_gapless:
        # Records were rolled back, or the snapshot expired: the key tells what is there already.
        frame = _unknown_rows(session, counted, frame)
    with stamped(session, _stamp(records.name, found[-1])):
        frame.select(*BATCH_COUNT_COLUMNS).writeTo(counted.full_name).append()
    log.info(
        "batch counts: %d rows of %d batches in %.2f s", len(rows), len(found), _since(started)
    )
    if meters is not None:
        meters.add(gauges.COUNTED_BATCHES, len(found), table=records.name)
        meters.add(gauges.COMPLETENESS_GAPS, len(problems), table=records.name)
    return len(rows)


def _stamp(records: str, newest: Stamp) -> dict[str, str]:
    return {
        stamps.SINK: stamps.COUNTS_SINK,
        stamps.RECORDS_TABLE: records,
        stamps.BRONZE_SNAPSHOT: str(newest.snapshot_id),
        stamps.NEXT_OFFSETS: newest.properties[stamps.NEXT_OFFSETS],
        stamps.TOPIC_ID: newest.topic_id,
    }


def _newest_of(counted: IcebergTable, records: str) -> Stamp | None:
    """The newest commit of batch counts of one table of records; None when it has expired, too."""
    return next(
        (
            stamp
            for stamp in counted.stamps()
            if (stamp.properties.get(stamps.RECORDS_TABLE) or FIRST_RECORDS) == records
        ),
        None,
    )


def forget_lost_records(session: SparkSession, records: IcebergTable, topic: str) -> None:
    """Forget the batches of a topic whose table of records has none: they are of one that was lost.

    Whoever accepted that loss is on record (ADR 0013). Kept, the old batches would not fit those
    that fill the table again, and no proof could succeed any more.
    """
    if records.newest_stamp() is not None or records.row_count():
        return
    counted = IcebergTable(session, BATCH_COUNTS)
    known = session.table(counted.full_name).select("kafka_topic").distinct().collect()
    labels = [row.kafka_topic for row in known if topic_of_label(row.kafka_topic) == topic]
    if labels:
        log.warning("the batch counts of %s are of a table that was lost: forgotten", records.name)
        gone = ", ".join(f"'{label}'" for label in labels)
        session.sql(f"DELETE FROM {counted.full_name} WHERE kafka_topic IN ({gone})")  # noqa: S608 - names of ours


def count_rows(found: Sequence[Stamp], empty: EmptyOffsets) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of BATCH_COUNT_COLUMNS; stamps from before there were counts give none."""
    for stamp in found:
        said = stamp.properties
        for partition, counts in counts_of(stamp).items():
            yield (
                said[stamps.TOPIC],
                stamp.topic_id,
                int(said[stamps.LEASE_GENERATION]),
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
                *astuple(empty.get((stamp.snapshot_id, partition), Empty())),
            )


def count_mismatches(
    found: Sequence[Stamp],
    before: Stamp | None = None,
    empty: EmptyOffsets = MappingProxyType({}),
) -> Iterator[str]:
    """What does not add up within a batch and since the one before it: the alarm in the log.

    The same four rules as audit.completeness_gaps, which says it for ever.
    """
    for stamp, earlier in zip(found, [before, *found], strict=False):
        counts = counts_of(stamp)
        names = stamp.properties
        batch = f"generation {names[stamps.LEASE_GENERATION]} batch {names[stamps.BATCH_ID]}"
        if earlier is not None and counts:
            changed = _changed_between(earlier, stamp, counts, empty)
            yield from (f"{batch}{problem}" for problem in changed)
        records = sum(said.admitted + said.rejected for said in counts.values())
        for partition, said in counts.items():
            without_record = empty.get((stamp.snapshot_id, partition), Empty()).within
            if missing := said.missing - without_record:
                yield f"{batch}, partition {partition}: {missing} offsets have no verdict"
        if counts and (written := int(stamp.properties.get(ROWS_ADDED) or 0)) != records:
            yield f"{batch}: {records} records have a verdict, Bronze got {written} rows"


def _changed_between(
    earlier: Stamp, stamp: Stamp, counts: Mapping[int, PartitionCounts], empty: EmptyOffsets
) -> Iterator[str]:
    for partition, said in counts.items():
        seam = seam_before(earlier, stamp, partition, said)
        if seam.width != empty.get((stamp.snapshot_id, partition), Empty()).before:
            yield (
                f", partition {partition}: begins at offset {seam.next}, but the one before ended "
                f"at {seam.first}"
            )
    rows, added = (int(stamp.properties.get(name) or 0) for name in (ROWS, ROWS_ADDED))
    rows_before = int(earlier.properties.get(ROWS) or 0)
    if rows_before + added != rows:
        yield f": Bronze had {rows_before} rows, got {added} and has {rows} now"


def _unknown_rows(session: SparkSession, counted: IcebergTable, frame: DataFrame) -> DataFrame:
    known = session.table(counted.full_name).select(*BATCH_COUNT_KEY)
    return frame.join(known, list(BATCH_COUNT_KEY), "left_anti").coalesce(1)


def _since(started: float) -> float:
    return time.monotonic() - started
