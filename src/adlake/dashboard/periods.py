"""The time that a page is about, and the same elapsed part of the period before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from adlake.dashboard import formats

TODAY: Final = "Today"
DATES: Final = "Dates"
ALL: Final = "All"
ROLLING: Final[dict[str, tuple[timedelta, str]]] = {
    "Last hour": (timedelta(hours=1), "minute"),
    "24 hours": (timedelta(days=1), "hour"),
    "7 days": (timedelta(days=7), "hour"),
    "30 days": (timedelta(days=30), "day"),
}
RANGES: Final = ("Last hour", TODAY, "24 hours", "7 days", "30 days", ALL, DATES)
_HOURS_IN_DAYS: Final = 14
"""So many days are still drawn hour by hour."""


@dataclass(frozen=True)
class Period:
    """[since, until); None: no bound on that side, so `until` None goes on with the traffic."""

    name: str
    bucket: str
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, datetime] | None = None
    """The same elapsed part of the period before; None: there is none."""

    @property
    def parameters(self) -> dict[str, str]:
        """As parameters of a metric."""
        return bounds(self.since, self.until)

    @property
    def parameters_before(self) -> dict[str, str]:
        """Of the same elapsed part of the period before."""
        return bounds(*(self.before or (None, None)))

    @property
    def in_words(self) -> str:
        """What the numbers of the period before are of."""
        if self.before is None:
            return "no period before"
        since, until = self.before
        return f"{formats.minute(since)} to {formats.minute(until)}"


def period_of(name: str, now: datetime, dates: tuple[date, ...] = ()) -> Period:
    """The period of a range, cut to the minute so that answers can be kept.

    Args:
        name: one of `RANGES`.
        now: the reader's clock.
        dates: first and last day of `DATES`; of one day alone both.
    """
    now = now.astimezone(UTC).replace(second=0, microsecond=0)
    if name in ROLLING:
        length, bucket = ROLLING[name]
        return Period(name, bucket, now - length, None, (now - 2 * length, now - length))
    if name == TODAY:
        return _of_days(name, now.date(), now.date(), now)
    if name == DATES and dates:
        return _of_days(name, dates[0], dates[-1], now)
    return Period(ALL, "day")


def _of_days(name: str, first: date, last: date, now: datetime) -> Period:
    """Whole days; of one that is not over, the part that has elapsed is compared."""
    since, end = midnight(first), midnight(last) + timedelta(days=1)
    length = end - since
    elapsed = max(timedelta(0), min(now, end) - since)
    before = (since - length, since - length + elapsed)
    bucket = "hour" if length <= timedelta(days=_HOURS_IN_DAYS) else "day"
    return Period(name, bucket, since, end, before)


def midnight(day: date) -> datetime:
    """When a day of UTC begins."""
    return datetime.combine(day, time.min, UTC)


def bounds(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """As parameters of a metric; None: no bound on that side."""
    bounds = {"since": since, "until": until}
    return {name: at.isoformat() for name, at in bounds.items() if at is not None}
