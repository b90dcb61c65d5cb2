"""Updates of the simulated campaigns: the same whoever sends them, lawful, late and repeated."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from adlake.contracts.law import DAY_MS
from adlake.dims.contract import STATUSES
from adlake.dims.rules import admit
from adlake.dims.versions import Version, versions_of
from adlake.generator.campaign_updates import PAST_DAYS, Record, updates_of
from adlake.generator.model import CAMPAIGNS

NOW_MS = round(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp() * 1_000)
UPDATES = updates_of(5)
FROM_ALL_TIME = -1


def versions(records: list[Record]) -> list[Version]:
    judged = [admit(value, time_ms) for _, value, time_ms in records]
    return versions_of(one.update for one in judged if one.reason is None)


def test_a_run_cut_anywhere_sends_the_same_records() -> None:
    whole = UPDATES.due(FROM_ALL_TIME, NOW_MS)
    middle_ms = NOW_MS - 3 * DAY_MS - 12_345
    first = UPDATES.due(FROM_ALL_TIME, middle_ms)
    cut = [one for one in first if one[2] > NOW_MS - PAST_DAYS * DAY_MS]
    assert cut + UPDATES.due(middle_ms, NOW_MS) == [
        one for one in whole if one[2] > NOW_MS - PAST_DAYS * DAY_MS
    ]


def test_every_campaign_begins_and_budgets_and_states_change_over_time() -> None:
    made = versions(UPDATES.due(FROM_ALL_TIME, NOW_MS))
    per_campaign = Counter(one.campaign_id for one in made)
    assert len(per_campaign) == CAMPAIGNS
    assert sum(count > 1 for count in per_campaign.values()) > CAMPAIGNS // 2
    states = Counter(one.attributes[-1] for one in made)
    assert states["PAUSED"] > 10
    assert set(states) <= set(STATUSES)
    assert len({one.attributes[5] for one in made}) > CAMPAIGNS
    assert all(one.attributes[0] for one in made), "a late first update would leave no name"


def test_some_come_late_twice_or_damaged() -> None:
    records = UPDATES.due(FROM_ALL_TIME, NOW_MS)
    judged = [(admit(value, time_ms), time_ms) for _, value, time_ms in records]
    admitted = [(one.update, time_ms) for one, time_ms in judged if one.reason is None]
    assert {str(one.reason) for one, _ in judged if one.reason} == {"MALFORMED_JSON"}
    repeats = Counter(update.event_id for update, _ in admitted)
    assert max(repeats.values()) == 2
    times = [update.ts_ms for update, _ in admitted if update.ts_ms is not None]
    assert times != sorted(times)
    assert all(time_ms >= (update.ts_ms or 0) for update, time_ms in admitted)


def test_the_key_is_the_campaign() -> None:
    for key, value, time_ms in UPDATES.due(FROM_ALL_TIME, NOW_MS):
        update = admit(value, time_ms).update
        assert update.campaign_id is None or update.campaign_id.encode() == key
