"""What the generator asks of whatever takes its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from adlake.io.kafka.acks import PartitionAcks

Record = tuple[bytes | None, bytes | None, int]
"""Kafka key, value, timestamp (epoch ms)."""


class Publisher(Protocol):
    """Takes records in order, and knows what was acknowledged."""

    acked: int
    acks: dict[int, PartitionAcks]
    on_resend: Callable[[int], None]
    """Told how many records are about to be sent again that may have arrived."""

    def publish(self, records: Sequence[Record], should_stop: Callable[[], bool]) -> None:
        """Send; may wait."""

    def flush(self, timeout_seconds: float, should_stop: Callable[[], bool]) -> bool:
        """True when all records are acknowledged, False when told to stop waiting."""
