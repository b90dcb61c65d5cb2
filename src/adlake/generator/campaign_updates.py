"""What happens to the simulated campaigns: made, paused, resumed, given other budgets.

Pure functions of (seed, campaign, day), the same whichever run sends them: a run that begins, or
begins again, may send all of the past once more, and nothing changes. Some updates come late, so
out of order, some twice, and a few are damaged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from adlake.contracts.law import DAY_MS
from adlake.dims.contract import EVENT_TYPE
from adlake.generator.dimensions import campaign_rows
from adlake.generator.draws import Draws
from adlake.generator.model import Market

Record = tuple[bytes, bytes, int]
"""Kafka key, value, timestamp (epoch ms)."""
PAST_DAYS: Final = 30
"""Of a campaign's life before the run, beside its first update."""
BUDGET_SHARE: Final = 0.06
"""Of a campaign's days."""
PAUSE_SHARE: Final = 0.04
LATE_SHARE: Final = 0.2
TWICE_SHARE: Final = 0.05
DAMAGED_SHARE: Final = 0.02
_HOUR_MS: Final = 3_600_000
MOST_LATE_MS: Final = 2 * _HOUR_MS


class Update(NamedTuple):
    """One update of a campaign; `fields` as sent, budgets in whole units."""

    name: str
    ts_ms: int
    fields: dict[str, Any]


class CampaignUpdates:
    """The updates of one seed's campaigns, in the order in which they are delivered."""

    def __init__(self, seed: int, campaigns: Sequence[dict[str, Any]]) -> None:
        """Rows of `generator.dimensions.campaign_rows`."""
        self._key = f"campaign updates|{seed}".encode()
        self._tag = f"{seed:x}"
        self._campaigns = campaigns

    def due(self, after_ms: int, until_ms: int) -> list[Record]:
        """Records that are delivered after one moment and at or before another, in their order.

        Args:
            after_ms: negative: from the first update of each campaign on, then PAST_DAYS.
            until_ms: epoch ms.
        """
        oldest_ms = max(after_ms, until_ms - PAST_DAYS * DAY_MS)
        # A day's last pause may end in the next one, and come late and twice.
        days = range(oldest_ms // DAY_MS - 1, until_ms // DAY_MS + 1)
        records = [
            record
            for number in range(len(self._campaigns))
            for record in self._records(number, days, is_first=after_ms < 0)
            if after_ms < record[2] <= until_ms
        ]
        return sorted(records, key=lambda record: (record[2], record[1]))

    def _records(self, number: int, days: Iterable[int], *, is_first: bool) -> Iterator[Record]:
        row = self._campaigns[number]
        if is_first:
            made = _creation(row)
            yield self._record(number, made, made.ts_ms)
        for day in days:
            draws = Draws(self._key, f"{number}|{day}".encode())
            for update in _of_day(row, day, draws):
                due_ms = update.ts_ms
                if draws.chance(LATE_SHARE):
                    due_ms += draws.below(MOST_LATE_MS)
                is_damaged = draws.chance(DAMAGED_SHARE)
                yield self._record(number, update, due_ms, is_damaged=is_damaged)
                if draws.chance(TWICE_SHARE):
                    again_ms = due_ms + draws.below(_HOUR_MS)
                    yield self._record(number, update, again_ms, is_damaged=is_damaged)

    def _record(
        self, number: int, update: Update, due_ms: int, *, is_damaged: bool = False
    ) -> Record:
        campaign = str(self._campaigns[number]["campaign_id"])
        fields = {
            "event_id": f"c{self._tag}.{number}.{update.name}",
            "event_type": EVENT_TYPE,
            "event_timestamp": update.ts_ms,
            "campaign_id": campaign,
            **update.fields,
        }
        text = json.dumps(fields, separators=(",", ":"))
        return campaign.encode(), (text[:-1] if is_damaged else text).encode(), due_ms


def updates_of(seed: int) -> CampaignUpdates:
    """Of the campaigns that the market of this seed has."""
    return CampaignUpdates(seed, campaign_rows(seed, Market(seed)))


def _creation(row: dict[str, Any]) -> Update:
    fields = {name: value for name, value in row.items() if name not in ("campaign_id", "start_ts")}
    start_ms = round(row["start_ts"].timestamp() * 1_000)
    return Update("made", start_ms, fields | {"budget_amount": int(row["budget_amount"])})


def _of_day(row: dict[str, Any], day: int, draws: Draws) -> list[Update]:
    """What the campaign's manager does on a day (number since 1970, UTC)."""
    begin_ms = day * DAY_MS
    updates = []
    if draws.chance(BUDGET_SHARE):
        percent = draws.between(60, 180)
        budget = int(row["budget_amount"]) * percent // 100
        changed_ms = begin_ms + draws.below(DAY_MS)
        updates.append(Update(f"{day}.budget", changed_ms, {"budget_amount": budget}))
    if draws.chance(PAUSE_SHARE):
        paused_ms = begin_ms + draws.below(DAY_MS - 8 * _HOUR_MS)
        resumed_ms = paused_ms + draws.between(_HOUR_MS // 4, 8 * _HOUR_MS)
        updates.append(Update(f"{day}.pause", paused_ms, {"status": "PAUSED"}))
        updates.append(Update(f"{day}.resume", resumed_ms, {"status": "ACTIVE"}))
    return updates
