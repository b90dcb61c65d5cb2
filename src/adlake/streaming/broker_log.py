"""The log that the broker has now, as far as others may ask about it."""

from __future__ import annotations

from dataclasses import dataclass

from adlake.io.iceberg.stamp import Stamp
from adlake.io.kafka.holes import FindHoles


@dataclass(frozen=True)
class BrokerLog:
    """The log that the broker has now: of any other, it cannot tell anything."""

    source_label: str
    topic_id: str
    find_holes: FindHoles

    def is_of(self, stamp: Stamp) -> bool:
        """Whether the stamp's offsets are those of this log."""
        return (stamp.source_label, stamp.topic_id) == (self.source_label, self.topic_id)
