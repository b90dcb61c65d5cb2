"""What the streaming job checks and repairs before its first batch.

The stamps in the tables are the only memory. A checkpoint is made new at each start, so a lost,
damaged or rolled-back one cannot matter; what would lose or repeat data is refused by name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from pyspark import StorageLevel
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io import failpoints
from adlake.io.gold_writer import GoldWriter
from adlake.io.iceberg import IcebergTable
from adlake.io.stamp import Stamp, offsets_text
from adlake.io.topic import TopicFacts
from adlake.jobs.batch import beyond
from adlake.transforms.admit import admit
from adlake.transforms.bronze import records_of_bronze

log = logging.getLogger(__name__)

EARLIEST = -2
"""Spark's name for the first offset of a partition."""


class TopicRecreatedError(AdlakeError):
    """The topic is not the one the tables were built from."""


class BrokerLostDataError(AdlakeError):
    """The broker holds less than the tables already contain."""


class RetentionGapError(AdlakeError):
    """The broker deleted records that were never read."""


class StampLostError(AdlakeError):
    """Bronze has rows, but no snapshot is left that says which offsets they are."""


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


def check_topic(stamp: Stamp | None, topic: TopicFacts) -> None:
    """Compare the newest Bronze stamp with the broker.

    Raises:
        TopicRecreatedError, BrokerLostDataError, RetentionGapError: going on would lose or
            misplace records; the message names the partitions.
    """
    if stamp is None:
        return
    if stamp.topic_id != topic.topic_id:
        raise TopicRecreatedError(
            f"topic {topic.name} has id {topic.topic_id}, but the lake was filled from id "
            f"{stamp.topic_id}: it was deleted and made again. Its offsets mean other records now; "
            "use a fresh ADLAKE_HOME, or restore the old broker data"
        )
    lost = {
        p: (offset, topic.end_offsets.get(p, 0))
        for p, offset in stamp.next_offsets.items()
        if offset > topic.end_offsets.get(p, 0)
    }
    if lost:
        raise BrokerLostDataError(
            "the broker ends before what the lake contains (partition: lake, broker): "
            f"{lost}; the broker lost its tail"
        )
    gaps = {
        p: (offset, topic.begin_offsets.get(p, 0))
        for p, offset in _expected(stamp, topic).items()
        if offset < topic.begin_offsets.get(p, 0)
    }
    if gaps:
        raise RetentionGapError(
            "retention deleted records that were never read (partition: next, first left): "
            f"{gaps}; raise ADLAKE_TOPIC_RETENTION_BYTES"
        )


def _expected(stamp: Stamp, topic: TopicFacts) -> dict[int, int]:
    return {p: stamp.next_offsets.get(p, 0) for p in topic.end_offsets}


def catch_up_gold(session: SparkSession, gold: GoldWriter) -> None:
    """Bring Gold up to Bronze: the repair after a crash between the two commits."""
    bronze = IcebergTable(session, BRONZE_EVENTS)
    bronze_stamp, gold_stamp = bronze.newest_stamp(), gold.table.newest_stamp()
    if bronze_stamp is None:
        return
    gold_next: Mapping[int, int] = gold_stamp.next_offsets if gold_stamp else {}
    if gold_next == bronze_stamp.next_offsets:
        return
    failpoints.reach("recovery.start")
    log.warning(
        "gold is behind bronze: %s < %s; repairing",
        offsets_text(gold_next), offsets_text(bronze_stamp.next_offsets),
    )  # fmt: skip
    missing = beyond(session.table(bronze.full_name), gold_next).where("reject_reason IS NULL")
    once = missing.dropDuplicates(["kafka_topic", "kafka_partition", "kafka_offset"])
    stamp = dict(bronze_stamp.properties) | {
        stamps.SINK: "gold",
        stamps.BRONZE_SNAPSHOT: str(bronze.current_snapshot_id()),
    }
    # Persisted as in a batch: one long plan from Bronze to Gold overflows the planner's stack.
    deliveries = admit(records_of_bronze(once)).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        failpoints.reach("recovery.before_commit")
        gold.apply(deliveries.where("reject_reason IS NULL"), stamp)
    finally:
        deliveries.unpersist()


def starting_offsets(stamp: Stamp | None, topic: TopicFacts) -> str:
    """Spark's `startingOffsets`: after the newest stamp, from the beginning where there is none."""
    known = stamp.next_offsets if stamp else {}
    return json.dumps({topic.name: {str(p): known.get(p, EARLIEST) for p in topic.end_offsets}})
