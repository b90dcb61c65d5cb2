"""Blocks until Gold contains every record that was in the topic when it was called."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.io.lake_reader import LakeReader
from adlake.io.topic import topic_facts

POLL_SECONDS = 0.5


class NotCaughtUpError(AdlakeError):
    """The timeout passed; the message names what is missing by partition."""


@dataclass(frozen=True)
class CaughtUp:
    """Gold contains every awaited offset in `gold_snapshot`."""

    gold_snapshot: int
    bronze_snapshot: int
    records: int
    seconds: float


def wait_for_gold(
    lake: LakeReader,
    bootstrap_servers: str,
    topic: str,
    timeout_seconds: float,
    report: Callable[[str], None] = lambda _line: None,
) -> CaughtUp:
    """Wait for the topic's present end offsets.

    Raises:
        NotCaughtUpError: after `timeout_seconds`.
        TopicError: Kafka does not answer.
    """
    started = time.monotonic()
    facts = topic_facts(bootstrap_servers, topic)
    while True:
        stamp = lake.gold_stamp()
        contained = stamp.next_offsets if stamp and stamp.topic_id == facts.topic_id else {}
        missing = {
            partition: end - contained.get(partition, facts.begin_offsets[partition])
            for partition, end in facts.end_offsets.items()
            if end > contained.get(partition, facts.begin_offsets[partition])
        }
        elapsed = time.monotonic() - started
        if not missing:
            records = sum(facts.end_offsets.values()) - sum(facts.begin_offsets.values())
            if stamp is None:
                return CaughtUp(0, 0, records, elapsed)
            bronze_snapshot = int(stamp.properties[stamps.BRONZE_SNAPSHOT])
            return CaughtUp(stamp.snapshot_id, bronze_snapshot, records, elapsed)
        if elapsed > timeout_seconds:
            raise NotCaughtUpError(
                f"after {timeout_seconds:.0f} s Gold still misses {sum(missing.values())} records "
                f"(by partition: {missing}); is the stream running? see `make status`"
            )
        report(f"{sum(missing.values())} records to go")
        time.sleep(POLL_SECONDS)
