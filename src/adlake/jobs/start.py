"""What the streaming job checks and repairs before its first batch.

The stamps in the tables are the only memory. A checkpoint is made new at each start, so a lost,
damaged or rolled-back one cannot matter; what would lose or repeat data is refused by name.
"""

from __future__ import annotations

import logging

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import epoch_of_label, source_label, topic_of_label
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io import failpoints
from adlake.io.gold_writer import GoldWriter
from adlake.io.iceberg import IcebergTable
from adlake.io.stamp import Stamp, offsets_text
from adlake.jobs.batch_facts import beyond
from adlake.jobs.crowd_alarm import CrowdAlarm
from adlake.transforms.admit import admit
from adlake.transforms.bronze import records_of_bronze

log = logging.getLogger(__name__)


class StampLostError(AdlakeError):
    """Bronze has rows, but no snapshot is left that says which offsets they are."""

    is_lasting = True


def trusted_stamp(bronze: IcebergTable) -> Stamp | None:
    """The newest stamp of Bronze; None only for a table without rows.

    Raises:
        StampLostError: beginning at the first offset would read everything twice.
    """
    stamp = bronze.newest_stamp()
    if stamp is None and bronze.row_count():
        raise StampLostError(
            f"{bronze.name} has {bronze.row_count():,} rows, but none of its snapshots says up to "
            "which offsets: somebody expired or rewrote its history. Roll the table back to a "
            "stamped snapshot, or use a fresh ADLAKE_HOME"
        )
    return stamp


def catch_up_gold(session: SparkSession, gold: GoldWriter) -> None:
    """Bring Gold up to Bronze: the repair after a crash between the two commits."""
    bronze = IcebergTable(session, BRONZE_EVENTS)
    bronze_stamp, gold_stamp = bronze.newest_stamp(), gold.table.newest_stamp()
    if bronze_stamp is None:
        return
    if gold_stamp is not None and _is_same_place(gold_stamp, bronze_stamp):
        return
    failpoints.reach("recovery.start")
    log.warning(
        "gold is behind bronze: %s < %s; repairing",
        _shown(gold_stamp), _shown(bronze_stamp),
    )  # fmt: skip
    missing = not_contained(session.table(bronze.full_name), gold_stamp)
    once = missing.dropDuplicates(["kafka_topic", "kafka_partition", "kafka_offset"])
    stamp = dict(bronze_stamp.properties) | {
        stamps.SINK: "gold",
        stamps.BRONZE_SNAPSHOT: str(bronze.current_snapshot_id()),
    }
    # Persisted as in a batch: one long plan from Bronze to Gold overflows the planner's stack.
    deliveries = admit(records_of_bronze(once)).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        failpoints.reach("recovery.before_commit")
        change = gold.apply(deliveries.where("reject_reason IS NULL"), stamp)
        CrowdAlarm().look(change.crowds)
    finally:
        deliveries.unpersist()


def _is_same_place(gold: Stamp, bronze: Stamp) -> bool:
    return (gold.source_label, gold.next_offsets) == (bronze.source_label, bronze.next_offsets)


def _shown(stamp: Stamp | None) -> str:
    return f"{stamp.source_label} {offsets_text(stamp.next_offsets)}" if stamp else "nothing"


def not_contained(bronze: DataFrame, gold_stamp: Stamp | None) -> DataFrame:
    """Admitted Bronze rows that Gold does not contain by its stamp, over all source epochs."""
    admitted = bronze.where("reject_reason IS NULL")
    if gold_stamp is None:
        return admitted
    label = gold_stamp.source_label
    topic, number = topic_of_label(label), epoch_of_label(label)
    older = [source_label(topic, n) for n in range(1, number)]
    newer = admitted.where(~F.col("kafka_topic").isin(*older, label))
    same = beyond(admitted.where(F.col("kafka_topic") == label), gold_stamp.next_offsets)
    return same.unionAll(newer)
