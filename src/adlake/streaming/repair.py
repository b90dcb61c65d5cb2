"""What is checked and repaired before the first batch of a pipeline.

The stamps in the tables are the only memory. A checkpoint is made new at each start, so a lost,
damaged or rolled-back one cannot matter; what would lose or repeat data is refused by name.
"""

from __future__ import annotations

import logging

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import incarnation_of_label, source_label, topic_of_label
from adlake.io import failpoints
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.iceberg.table import IcebergTable
from adlake.streaming.batch_facts import beyond
from adlake.streaming.filing import records_of
from adlake.streaming.pipeline import Pipeline, Writer, kept_deliveries, writers_in_order

log = logging.getLogger(__name__)


class StampLostError(AdlakeError):
    """A table of records has rows, but no snapshot is left that says which offsets they are."""

    is_lasting = True


def trusted_stamp(records: IcebergTable) -> Stamp | None:
    """The newest stamp of a table of records; None only for a table without rows.

    Raises:
        StampLostError: beginning at the first offset would read everything twice.
    """
    stamp = records.newest_stamp()
    if stamp is None and records.row_count():
        raise StampLostError(
            f"{records.name} has {records.row_count():,} rows, but none of its snapshots says up "
            "to which offsets: somebody expired or rewrote its history. Roll the table back to a "
            "stamped snapshot, or use a fresh ADLAKE_HOME"
        )
    return stamp


def catch_up(session: SparkSession, pipeline: Pipeline) -> None:
    """Bring each derived table up to the records: the repair after a crash between two commits."""
    records = IcebergTable(session, pipeline.records_table)
    for writer in writers_in_order(pipeline, session):
        _catch_up(session, pipeline, records, writer)


def _catch_up(
    session: SparkSession, pipeline: Pipeline, records: IcebergTable, writer: Writer
) -> None:
    newest, contained = records.newest_stamp(), writer.table.newest_stamp()
    if newest is None or (contained is not None and _is_same_place(contained, newest)):
        return
    failpoints.reach("recovery.start")
    log.warning(
        "%s is behind %s: %s < %s; repairing",
        writer.table.name, records.name, _shown(contained), _shown(newest),
    )  # fmt: skip
    missing = not_contained(session.table(records.full_name), contained)
    once = missing.dropDuplicates(["kafka_topic", "kafka_partition", "kafka_offset"])
    stamp = dict(newest.properties) | {
        stamps.SINK: writer.table.name.partition(".")[0],
        stamps.BRONZE_SNAPSHOT: str(records.current_snapshot_id()),
    }
    # Kept as in a batch: one long plan from the records on overflows the planner's stack.
    with kept_deliveries(pipeline, records_of(once)) as deliveries:
        failpoints.reach("recovery.before_commit")
        writer.apply(deliveries.where("reject_reason IS NULL"), stamp)


def _is_same_place(contained: Stamp, newest: Stamp) -> bool:
    return (contained.source_label, contained.next_offsets) == (
        newest.source_label, newest.next_offsets,
    )  # fmt: skip


def _shown(stamp: Stamp | None) -> str:
    return f"{stamp.source_label} {offsets_text(stamp.next_offsets)}" if stamp else "nothing"


def contained(records: DataFrame, stamp: Stamp) -> DataFrame:
    """Admitted rows that a table has by its stamp, over all histories of the topic."""
    label = stamp.source_label
    topic, number = topic_of_label(label), incarnation_of_label(label)
    older = [source_label(topic, n) for n in range(1, number)]
    offsets = " OR ".join(
        f"(kafka_partition = {partition} AND kafka_offset < {offset})"
        for partition, offset in sorted(stamp.next_offsets.items())
    )
    is_held = (F.col("kafka_topic") == label) & F.expr(offsets or "FALSE")
    return records.where("reject_reason IS NULL").where(F.col("kafka_topic").isin(*older) | is_held)


def not_contained(records: DataFrame, contained: Stamp | None) -> DataFrame:
    """Admitted rows that a table lacks by its stamp, over all histories of the topic."""
    admitted = records.where("reject_reason IS NULL")
    if contained is None:
        return admitted
    label = contained.source_label
    topic, number = topic_of_label(label), incarnation_of_label(label)
    older = [source_label(topic, n) for n in range(1, number)]
    newer = admitted.where(~F.col("kafka_topic").isin(*older, label))
    same = beyond(admitted.where(F.col("kafka_topic") == label), contained.next_offsets)
    return same.unionAll(newer)
