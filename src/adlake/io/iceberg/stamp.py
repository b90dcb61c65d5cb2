"""A stamp: the properties that a commit of the streaming job carries in its snapshot summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adlake.contracts import stamps
from adlake.contracts.record_time import GREGORIAN_MS, ingest_ms


@dataclass(frozen=True)
class PartitionCounts:
    """What one batch read of one partition (`next_offset` is exclusive), and its verdicts."""

    first_offset: int
    next_offset: int
    admitted: int
    rejected: int

    @property
    def missing(self) -> int:
        """Offsets without a verdict."""
        return self.next_offset - self.first_offset - self.admitted - self.rejected


@dataclass(frozen=True)
class LastRecord:
    """The last record read of one partition: enough to tell it from any other."""

    offset: int
    timestamp_ms: int
    crc32: int
    """Of the payload; 0 when there is none."""

    def is_same(self, of_broker: LastRecord) -> bool:
        """Whether the broker's record is the one that the lake read.

        Its time is compared as the lake keeps it. Drivers of before that was exact may have stamped
        one of before 1582 in another calendar: then the payload alone has to do.
        """
        kept_ms = ingest_ms(of_broker.timestamp_ms)
        is_ancient = kept_ms < GREGORIAN_MS and self.timestamp_ms < GREGORIAN_MS
        is_same_time = is_ancient or kept_ms == ingest_ms(self.timestamp_ms)
        return is_same_time and (self.offset, self.crc32) == (of_broker.offset, of_broker.crc32)


_OF_RECORDS: Final = (
    stamps.TOPIC, stamps.TOPIC_ID, stamps.START_OFFSETS, stamps.NEXT_OFFSETS,
    stamps.BRONZE_SNAPSHOT, stamps.LAW_VERSION,
)  # fmt: skip


@dataclass(frozen=True)
class Stamp:
    """What one commit said about itself, with the snapshot that carries it."""

    snapshot_id: int
    properties: Mapping[str, str]

    @property
    def of_records(self) -> dict[str, str]:
        """What a commit that is made of the same records, under the same law, says of them too."""
        return {key: self.properties[key] for key in _OF_RECORDS if key in self.properties}

    @property
    def next_offsets(self) -> dict[int, int]:
        """Partition -> first offset not yet contained."""
        return parse_offsets(self.properties[stamps.NEXT_OFFSETS])

    @property
    def start_offsets(self) -> dict[int, int]:
        """Partition -> first offset of the source incarnation; empty for the first incarnation."""
        return parse_offsets(self.properties.get(stamps.START_OFFSETS, "{}"))

    @property
    def last_records(self) -> dict[int, LastRecord]:
        """Partition -> the record before its next offset; empty in stamps of older drivers."""
        return parse_last_records(self.properties.get(stamps.LAST_RECORDS, "{}"))

    @property
    def source_label(self) -> str:
        """The topic's history that the offsets belong to (contracts.source)."""
        return self.properties[stamps.TOPIC]

    @property
    def topic_id(self) -> str:
        """Kafka's id of the topic the offsets belong to."""
        return self.properties[stamps.TOPIC_ID]


def parse_offsets(text: str) -> dict[int, int]:
    """Read the JSON form of offsets by partition."""
    return {int(partition): int(offset) for partition, offset in json.loads(text).items()}


def offsets_text(offsets: Mapping[int, int]) -> str:
    """Canonical JSON form of offsets by partition."""
    return json.dumps({str(p): offsets[p] for p in sorted(offsets)}, separators=(",", ":"))


def parse_last_records(text: str) -> dict[int, LastRecord]:
    """Read the JSON form of last records by partition (`stamps.LAST_RECORDS`)."""
    return {int(partition): LastRecord(*found) for partition, found in json.loads(text).items()}


def last_records_text(records: Mapping[int, LastRecord]) -> str:
    """Canonical JSON form of last records by partition."""
    members = {str(p): list(vars(records[p]).values()) for p in sorted(records)}
    return json.dumps(members, separators=(",", ":"))


def parse_counts(text: str) -> dict[int, PartitionCounts]:
    """Read the JSON form of counts by partition (`stamps.BATCH_COUNTS`)."""
    return {
        int(partition): PartitionCounts(*found) for partition, found in json.loads(text).items()
    }


def counts_text(counts: Mapping[int, PartitionCounts]) -> str:
    """Canonical JSON form of counts by partition."""
    members = {str(p): list(vars(counts[p]).values()) for p in sorted(counts)}
    return json.dumps(members, separators=(",", ":"))
