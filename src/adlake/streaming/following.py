"""Follows the batches of a driver that runs elsewhere, by what its commits say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from adlake.contracts import stamps
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.lease import Holder

POLL_SECONDS = 1.0
NAP_SECONDS = 0.1
Report = Callable[[str], None]


@dataclass(frozen=True)
class Followed:
    """What is looked at."""

    look: Callable[[], Holder | None]
    """Who holds the lease; None: nobody."""
    newest: Callable[[], Mapping[str, Stamp | None]]
    """Topic -> the newest stamp of its records."""


def follow(followed: Followed, is_over: Callable[[], bool], report: Report) -> bool:
    """Report each batch; True when `is_over` said so, False when the lease is free."""
    holder = followed.look()
    if holder is None:
        return False
    report(f"{sentence(holder)}; its batches follow, Ctrl-C ends this view alone")
    seen = {topic: _batch(stamp) for topic, stamp in followed.newest().items()}
    while not _is_over_soon(is_over):
        now = followed.look()
        if now is None:
            report(f"{holder.name} holds the lease no longer: nobody runs the stream")
            return False
        if now.generation != holder.generation:
            holder = now
            report(sentence(holder))
        for topic, stamp in followed.newest().items():
            if stamp is not None and _batch(stamp) != seen.get(topic):
                seen[topic] = _batch(stamp)
                report(_line(topic, stamp))
    return True


def sentence(holder: Holder) -> str:
    """Who runs the stream, and since when."""
    since = f" since {holder.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if holder.since else ""
    return (
        f"the stream runs already: {holder.name} holds its lease{since} "
        f"(generation {holder.generation})"
    )


def _batch(stamp: Stamp | None) -> tuple[str, str] | None:
    if stamp is None:
        return None
    said = stamp.properties
    return said.get(stamps.LEASE_GENERATION, ""), said.get(stamps.BATCH_ID, "")


def _line(topic: str, stamp: Stamp) -> str:
    said = stamp.properties
    rows, rejected = (int(said.get(name, 0)) for name in (stamps.BATCH_ROWS, stamps.BATCH_REJECTED))
    number = said.get(stamps.BATCH_ID, "?")
    return f"{topic} batch {number}: {rows:,} records, {rejected:,} rejected"


def _is_over_soon(is_over: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + POLL_SECONDS
    while time.monotonic() < deadline:
        if is_over():
            return True
        time.sleep(NAP_SECONDS)
    return is_over()
