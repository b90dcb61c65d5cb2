"""A producer's own counts: what the broker acknowledged, partition by partition.

They outlive the broker's memory. A broker that loses the end of its log and gives the same offsets
to other records looks complete to every reader; only the producer still knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNPLACED: Final = -1
"""In place of a partition: records that were acknowledged without a word on where they are."""


@dataclass
class PartitionAcks:
    """Acknowledged records of one partition."""

    records: int = 0
    next_offset: int = 0
    """One past the highest acknowledged offset."""
    reused: int = 0
    """Acknowledgements with an offset that an earlier record of this producer had already."""

    def add(self, offset: int) -> None:
        """Count one acknowledgement; offset -1: the broker knows the record, but not where."""
        self.records += 1
        if offset >= self.next_offset:
            self.next_offset = offset + 1
        elif offset >= 0:
            # One producer's records of one partition are acknowledged in the order of the log.
            self.reused += 1
