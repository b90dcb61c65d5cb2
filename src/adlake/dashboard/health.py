"""Judges whether the stream keeps up; plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from adlake.dashboard.formats import count, duration

FRESHNESS_PROMISE_SECONDS: Final = 60


class Level(StrEnum):
    """How urgent a finding is."""

    GOOD = "good"
    NOTICE = "notice"
    ALARM = "alarm"


@dataclass(frozen=True)
class Health:
    """One sentence for the top of the page."""

    level: Level
    sentence: str


def lag_by_partition(
    end_offsets: Mapping[int, int], next_offsets: Mapping[int, int]
) -> dict[int, int]:
    """Records of each partition that Gold does not contain yet.

    A partition that no batch has read counts from offset 0.
    """
    return {
        partition: max(0, end - next_offsets.get(partition, 0))
        for partition, end in sorted(end_offsets.items())
    }


def judge(
    total_lag: int | None, seconds_since_commit: Decimal | None, freshness_p95: Decimal | None
) -> Health:
    """The stream's state, from facts that an event's own timestamp cannot change.

    Args:
        total_lag: records in Kafka that Gold lacks; None when Kafka does not answer.
        seconds_since_commit: age of the newest batch in Gold; None before the first.
        freshness_p95: seconds, of the newest batch; None when there was none lately.
    """
    if seconds_since_commit is None:
        return Health(
            Level.NOTICE, "Gold has no batch yet: the stream is starting, or is not running."
        )
    age = duration(seconds_since_commit)
    if total_lag is None:
        return Health(
            Level.NOTICE, f"Kafka does not answer, so the lag is unknown. Last commit {age} ago."
        )
    if total_lag == 0:
        return Health(Level.GOOD, f"Gold contains every event of the topic. Last commit {age} ago.")
    waiting = f"{count(total_lag)} events wait in Kafka"
    if seconds_since_commit > FRESHNESS_PROMISE_SECONDS:
        return Health(Level.ALARM, f"Stalled: {waiting}, and the last commit was {age} ago.")
    if freshness_p95 is not None and freshness_p95 > FRESHNESS_PROMISE_SECONDS:
        return Health(
            Level.NOTICE,
            f"Behind: {waiting}, and 95 % of the newest batch took up to "
            f"{duration(freshness_p95)} (promise: {FRESHNESS_PROMISE_SECONDS} s).",
        )
    return Health(Level.GOOD, f"Keeping up: {waiting}. Last commit {age} ago.")
