"""Which of the offsets that a batch left out hold no record, so that nobody can have lost them.

Transactions leave marks and aborted records: offsets that Kafka counts and no reader sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adlake.contracts import stamps
from adlake.io.iceberg.stamp import PartitionCounts, Stamp, parse_counts
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.holes import OffsetRange, counted_within, judged
from adlake.streaming.broker_log import BrokerLog


@dataclass(frozen=True)
class Empty:
    """Offsets without a record: between the batch before and this one, and within this one."""

    before: int = 0
    within: int = 0


EmptyOffsets = Mapping[tuple[int, int], Empty]
"""By Bronze snapshot and partition; what is not there is 0."""


def empty_offsets(
    records: IcebergTable, found: Sequence[Stamp], before: Stamp | None, log: BrokerLog | None
) -> dict[tuple[int, int], Empty]:
    """What the broker says of the offsets that these batches and their seams left out.

    It is asked only when some were left out.

    Args:
        records: the table of records.
        found: its stamps, oldest first.
        before: the stamp before them, when it is known.
        log: what to ask; None: nobody is asked.

    Raises:
        TopicError: the broker does not answer.
    """
    if log is None:
        return {}
    seams: dict[OffsetRange, tuple[int, int]] = {}
    gappy: dict[OffsetRange, tuple[int, int]] = {}
    for stamp, earlier in zip(found, [before, *found], strict=False):
        if not log.is_of(stamp):
            continue
        for partition, said in counts_of(stamp).items():
            place = (stamp.snapshot_id, partition)
            if said.missing > 0:
                gappy[OffsetRange(partition, said.first_offset, said.next_offset)] = place
            seam = seam_before(earlier, stamp, partition, said)
            if seam.width > 0:
                seams[seam] = place
    if not seams and not gappy:
        return {}
    # Between two such batches Bronze shows the seam as well.
    gaps = sorted({*seams, *_gaps_of(records, log.source_label, list(gappy))})
    holes = (gap for gap, is_hole in judged(gaps, log.find_holes) if is_hole)
    counted = counted_within([*seams, *gappy], holes)
    places = {*seams.values(), *gappy.values()}
    outside = {place: counted[seam] for seam, place in seams.items()}
    inside = {place: counted[batch] for batch, place in gappy.items()}
    return {place: Empty(outside.get(place, 0), inside.get(place, 0)) for place in places}


def counts_of(stamp: Stamp) -> dict[int, PartitionCounts]:
    """What the batch counted, by partition; stamps from before there were counts give none."""
    return parse_counts(stamp.properties.get(stamps.BATCH_COUNTS, "{}"))


def seam_before(
    earlier: Stamp | None, stamp: Stamp, partition: int, said: PartitionCounts
) -> OffsetRange:
    """From the end of the batch before to the beginning of this one; its width should be 0."""
    expected = said.first_offset
    if earlier is not None and _is_same_log(earlier, stamp):
        expected = earlier.next_offsets.get(partition, expected)
    return OffsetRange(partition, expected, said.first_offset)


def _is_same_log(earlier: Stamp, stamp: Stamp) -> bool:
    return (earlier.source_label, earlier.topic_id) == (stamp.source_label, stamp.topic_id)


def _gaps_of(
    records: IcebergTable, source_label: str, batches: Sequence[OffsetRange]
) -> list[OffsetRange]:
    """The ranges that a table of records lacks within these."""
    if not batches:
        return []
    wanted: dict[int, OffsetRange] = {}
    for one in batches:
        so_far = wanted.get(one.partition, one)
        first, following = min(so_far.first, one.first), max(so_far.next, one.next)
        wanted[one.partition] = OffsetRange(one.partition, first, following)
    chosen = " OR ".join(
        f"(kafka_partition = {one.partition} AND kafka_offset >= {one.first} "
        f"AND kafka_offset < {one.next})"
        for one in wanted.values()
    )
    # Bounds go by literals, so that Iceberg leaves out the files of all other batches.
    rows = records.session.sql(
        "SELECT kafka_partition, kafka_offset + 1 AS first_offset, following AS next_offset FROM ("  # noqa: S608
        "SELECT kafka_partition, kafka_offset, lead(kafka_offset) OVER "
        "(PARTITION BY kafka_partition ORDER BY kafka_offset ASC) AS following "
        f"FROM {records.full_name} WHERE kafka_topic = :label AND ({chosen})) "
        "WHERE following > kafka_offset + 1",
        {"label": source_label},
    ).collect()
    return [OffsetRange(*row) for row in rows]
