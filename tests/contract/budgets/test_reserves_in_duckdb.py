"""What is kept back at a moment, by the text that metrics read: that of plain Python's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from adlake.budgets.account import MINUTE_MS, Account
from adlake.budgets.contract import DECISION_LAG_S, RATE_WEIGHTS
from adlake.budgets.events import Told, changes_of
from tests.fixtures.budgets.duckdb_form import reserves_in_duckdb
from tests.fixtures.budgets.examples import B3, SENT, TURNS
from tests.fixtures.budgets.told import at, click, told

OLDEST = len(RATE_WEIGHTS)
"""Whole minutes that weigh something."""


def of_accounts(known: Sequence[Told], moments: Sequence[int]) -> dict[tuple[int, str], int]:
    """By moment and advertiser, where something is kept back."""
    changes = sorted(changes_of(known), key=lambda one: one.advertiser_id)
    found = {}
    for advertiser, told_of in groupby(changes, key=lambda one: one.advertiser_id):
        account = Account(advertiser, DECISION_LAG_S)
        for change in told_of:
            account.take(change)
        for moment in moments:
            if reserve := account.standing(moment).reserve:
                found[moment, advertiser] = reserve
    return found


def kept_back(
    known: Sequence[Told], moments: Sequence[int], only: str | None = None
) -> dict[tuple[int, str], int]:
    """The same by SQL, of repeats that are read last first."""
    found = reserves_in_duckdb([*known[::-1], *known], moments, only)
    return {place: micros for place, micros in found.items() if micros}


def test_b3_what_is_kept_back_falls_with_each_minute() -> None:
    known = told(B3)
    times = [at("10:02:05"), at("10:02:59.999"), at("10:03")]
    assert kept_back(known, times) == {
        (times[0], "a1"): 3_360_000, (times[1], "a1"): 3_360_000, (times[2], "a1"): 2_888_000,
    }  # fmt: skip
    assert kept_back(known, [at("10:00:59"), at("09:00")]) == {}, "no minute was whole"
    assert kept_back(known, times, "a2") == {}
    assert kept_back(known, times, "a1") == kept_back(known, times)


def test_a_minute_has_what_its_deliveries_brought() -> None:
    """A smaller content takes back what an earlier one brought, a larger one brings nothing."""
    long_ago = at("07:00")
    known = told([
        click("c1", long_ago, 9, long_ago), click("c1", long_ago - 1, 7, at("10:00:10")),
        click("c2", long_ago, 6, at("10:00:20")), click("c2", long_ago + 1, 60, at("10:00:30")),
        click("c3", long_ago, 1, at("10:01:10")), click("c3", long_ago, 0.5, at("10:01:10")),
    ])  # fmt: skip
    # 6 less 2 in the first minute, 0.5 in the second: 12 s worth of each, the first one's 0.8.
    assert kept_back(known, [at("10:01"), at("10:02")]) == {
        (at("10:01"), "a1"): 800_000, (at("10:02"), "a1"): 740_000,
    }  # fmt: skip


def test_reserves_are_those_of_plain_python_at_any_moment() -> None:
    known = told([*SENT, *TURNS])
    arrivals = sorted({one.ingest_ms for one in known})
    moments = [
        arrival // MINUTE_MS * MINUTE_MS + ahead
        # That of clicks so dear that the oldest minute still weighs something, and some others.
        for arrival in (at("10:00"), *arrivals[:: len(arrivals) // 10])
        for ahead in (-1, MINUTE_MS, OLDEST * MINUTE_MS + 59_999, (OLDEST + 1) * MINUTE_MS)
    ]
    wanted = of_accounts(known, moments)
    assert len(wanted) > 60
    assert kept_back(known, moments) == wanted
