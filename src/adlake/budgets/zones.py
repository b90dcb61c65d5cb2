"""Hours, days and months of an advertiser's own zone, on epoch milliseconds.

A day is what the wall clock calls one date: 23 or 25 hours long where the clock is changed. An hour
begins at a whole hour of the wall clock by the offset of the moment itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

HOUR_MS: Final = 3_600_000
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def day_of(at_ms: int, zone: str) -> date:
    """The date that the wall clock shows."""
    return _local(at_ms, zone).date()


def month_of(day: date) -> date:
    """Its first day."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return month_of(month_of(day) + timedelta(days=32))


def hour_start_ms(at_ms: int, zone: str) -> int:
    """When the hour began."""
    offset = _local(at_ms, zone).utcoffset() or timedelta()
    return at_ms - (at_ms + offset // _MS) % HOUR_MS


@lru_cache(maxsize=4_096)
def day_start_ms(day: date, zone: str) -> int:
    """The first moment of the date: where midnight was skipped, the one that came instead of it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (midnight.astimezone(UTC) - _BEGIN) // _MS


def day_starts(after_ms: int, until_ms: int, zone: str) -> Iterator[int]:
    """Starts of days in (after, until)."""
    day = day_of(after_ms, zone)
    while (start_ms := day_start_ms(day := day + timedelta(days=1), zone)) < until_ms:
        yield start_ms


def _local(at_ms: int, zone: str) -> datetime:
    return (_BEGIN + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
