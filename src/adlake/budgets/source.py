"""Which records the budget tables are made of, and which of them they lack by their stamps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.budgets.contract import EventType
from adlake.contracts import stamps
from adlake.contracts.source import incarnation_of_label
from adlake.contracts.tables import BUSINESS_EVENTS, SERVING_FLIPS
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.iceberg.table import IcebergTable

SINK: Final = "budgets"


@dataclass(frozen=True)
class Source:
    """One snapshot of the records."""

    stamp: Stamp

    @property
    def snapshot(self) -> int:
        """That carries the stamp, so that both are of the same records while batches come."""
        return self.stamp.snapshot_id

    def rows(self, session: SparkSession) -> DataFrame:
        """The admitted ones about advertisers, each once: a crash may have stored some twice."""
        types = [str(one) for one in EventType]
        rows = IcebergTable(session, BUSINESS_EVENTS).at(self.snapshot)
        admitted = rows.where(F.col("reject_reason").isNull() & F.col("event_type").isin(types))
        return admitted.dropDuplicates(["kafka_topic", "kafka_partition", "kafka_offset"])

    def stamp_of(self, flips_snapshot: int | None) -> dict[str, str]:
        """What a commit of these records says, and with which snapshot of the flips it was made."""
        said = {stamps.SINK: SINK, stamps.SOURCE_SNAPSHOT: str(self.snapshot)}
        if flips_snapshot is not None:
            said[stamps.MADE_OF] = json.dumps({SERVING_FLIPS: flips_snapshot})
        return self.stamp.of_records | said


def newest_source(session: SparkSession) -> Source | None:
    """The newest snapshot of the records that says what it contains; None: there is none yet."""
    stamp = IcebergTable(session, BUSINESS_EVENTS).newest_stamp()
    return None if stamp is None else Source(stamp)


def contained_in_all(found: Sequence[Stamp | None], newest: Stamp) -> Stamp | None:
    """What every table has of the records, as a stamp; None: the tables are to be made whole.

    Tables that are ahead of the records were made of some that are lost.
    """
    known = [one for one in found if one is not None]
    if len(known) < len(found) or any(_is_ahead(one, newest) for one in known):
        return None
    first = min(incarnation_of_label(one.source_label) for one in known)
    oldest = [one for one in known if incarnation_of_label(one.source_label) == first]
    offsets = [one.next_offsets for one in oldest]
    partitions = set(offsets[0]).intersection(*offsets[1:])
    least = {one: min(next_[one] for next_ in offsets) for one in partitions}
    return Stamp(oldest[0].snapshot_id, dict(oldest[0].properties) | _says(least))


def is_same_place(one: Stamp, other: Stamp) -> bool:
    """Whether two stamps contain the same records."""
    return (one.source_label, one.next_offsets) == (other.source_label, other.next_offsets)


def _is_ahead(one: Stamp, newest: Stamp) -> bool:
    numbers = [incarnation_of_label(stamp.source_label) for stamp in (one, newest)]
    if numbers[0] != numbers[1]:
        return numbers[0] > numbers[1]
    return any(
        offset > newest.next_offsets.get(partition, 0)
        for partition, offset in one.next_offsets.items()
    )


def _says(offsets: Mapping[int, int]) -> dict[str, str]:
    return {stamps.NEXT_OFFSETS: offsets_text(offsets)}
