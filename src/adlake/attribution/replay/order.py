"""What a replay is asked to build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from adlake.attribution.replay.shadow import SlotRange
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import DAY_MS
from adlake.contracts.slot import END_SLOT, SLOTS_PER_DAY, days_from_civil

MOST_LOOKBACK_DAYS = 10_000
"""27 years: longer than events may be apart in any lake, and far from what a BIGINT holds."""


@dataclass(frozen=True)
class ReplayOrder:
    """What to build: days of impressions (None: all), a recorded law, another lookback.

    `passes` parts are built one after another; None lets the size decide. `to_publish` says that
    the build is meant to become Gold: what cannot is refused before the work.
    """

    slots: SlotRange | None = None
    law_version: int | None = None
    lookback_ms: int | None = None
    passes: int | None = None
    to_publish: bool = False

    def __post_init__(self) -> None:
        if self.lookback_ms is not None and self.lookback_ms > MOST_LOOKBACK_DAYS * DAY_MS:
            raise AdlakeError(
                f"--lookback is at most {MOST_LOOKBACK_DAYS:,} days: give a shorter one"
            )


def slots_of_days(first: date | None, last: date | None) -> SlotRange | None:
    """Slots of the impressions of these days (UTC, both included); None for all of them.

    An impression belongs to the day in its id. Ids without a time are filed under 1970-01-01.

    Raises:
        AdlakeError: the days are in the wrong order.
    """
    if first is None and last is None:
        return None
    if first is not None and last is not None and first > last:
        raise AdlakeError(f"--from {first} is after --to {last}")
    first_slot = 0 if first is None else _first_slot(first)
    return first_slot, END_SLOT if last is None else _first_slot(last) + SLOTS_PER_DAY


def _first_slot(day: date) -> int:
    return days_from_civil(day.year, day.month, day.day) * SLOTS_PER_DAY
