"""Rules of spend beside the worked examples: credits, caps, kinds of budgets, zones, any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

import pytest

from adlake.budgets.contract import RATE_WEIGHTS
from adlake.budgets.events import winners_of
from adlake.budgets.history import advertiser_versions, name_of, version_at, version_key
from adlake.budgets.spend import by_day, by_month, month_cap_micros, spend_ledger
from adlake.budgets.zones import day_of, day_start_ms, day_starts, hour_start_ms, next_month
from tests.fixtures.budgets.told import (
    MINUTE_MS,
    UNIT,
    at,
    budget,
    click,
    credit,
    random_deliveries,
    status,
    told,
)
from tests.fixtures.business.mutations import Delivery


def over(*deliveries: Delivery) -> list[float]:
    return [one.overdelivery_amount / UNIT for one in spend_ledger(told(deliveries))]


@pytest.mark.parametrize("seed", range(4))
def test_neither_order_nor_repeats_change_the_ledger(seed: int) -> None:
    known = told(random_deliveries(seed, 150))
    expected = spend_ledger(known)
    assert len(expected) > 20
    assert any(one.credit_amount for one in expected)
    assert any(one.overdelivery_amount for one in expected)
    again = [*known, *known]
    random.Random(seed).shuffle(again)
    assert spend_ledger(again) == expected


def test_credits_of_a_click_add_up_to_its_amount_at_most() -> None:
    sent = [click("c", at("10:00"), 3), credit("r1:c", at("11:00"), 2)]
    [row] = spend_ledger(told(sent))
    assert (row.credit_amount, row.valid_amount) == (2 * UNIT, UNIT)
    [row] = spend_ledger(told([*sent, credit("r2:c", at("11:00"), 2)]))
    assert (row.credit_amount, row.valid_amount) == (3 * UNIT, 0)


def test_a_credit_waits_for_its_click_and_belongs_to_one_advertiser() -> None:
    waits = credit("r:c", at("09:00"), 2)
    assert spend_ledger(told([waits])) == []
    [row] = spend_ledger(told([waits, click("c", at("10:00"), 3)]))
    assert row.credit_amount == 2 * UNIT
    foreign = credit("r:c", at("09:00"), 2, advertiser_id="a2")
    [row] = spend_ledger(told([foreign, click("c", at("10:00"), 3)]))
    assert row.credit_amount == 0


def test_one_id_of_two_advertisers_is_two_clicks_and_one_credit() -> None:
    clicks = [click("c", at("10:00"), 3, advertiser_id=name) for name in ("a1", "a2")]
    # The smaller content is that of a1.
    both = [credit("r:c", at("11:00"), 1, advertiser_id=name) for name in ("a2", "a1")]
    rows = spend_ledger(told([*clicks, *both]))
    assert [(one.advertiser_id, one.credit_amount) for one in rows] == [("a1", UNIT), ("a2", 0)]


def test_a_row_tells_the_newest_arrival_of_its_click_and_credits() -> None:
    sent = [
        click("c", at("10:00"), 3, at("10:01")),
        credit("r:c", at("10:02"), 1, at("10:09")),
        credit("r:c", at("10:02"), 1, at("10:05")),
    ]
    [row] = spend_ledger(told(sent))
    assert row.last_updated_ms == at("10:05")


def test_the_cap_of_a_day_is_the_largest_budget_of_any_of_its_moments() -> None:
    sent = [
        budget("b1", at("00:00"), 10), budget("b2", at("12:00"), 4),
        budget("b3", at("00:00", 3), 1),
        click("c1", at("13:00"), 9), click("c2", at("14:00"), 3), click("c3", at("00:00", 3), 3),
    ]  # fmt: skip
    assert over(*sent) == [0, 2, 2]


def test_clicks_of_one_moment_are_ordered_by_their_ids() -> None:
    sent = [budget("b", at("00:00"), 10), *(click(name, at("13:00"), 6) for name in "zya")]
    rows = spend_ledger(told(sent))
    assert [(one.click_id, one.overdelivery_amount // UNIT) for one in rows] == [
        ("a", 0), ("y", 2), ("z", 6),
    ]  # fmt: skip


def test_no_budget_is_no_cap_and_a_later_one_of_the_day_is() -> None:
    clicks = [click("c1", at("10:00"), 9), click("c2", at("11:00"), 9)]
    assert over(*clicks) == [0, 0]
    assert over(*clicks, budget("b", at("12:00"), 10)) == [0, 8]
    assert over(*clicks, budget("b", at("00:00", 3), 10)) == [0, 0]


@pytest.mark.parametrize(
    ("period", "expected"), [("DAILY", [0, 0]), ("MONTHLY", [0, 8]), ("LIFETIME", [0, 8])]
)
def test_a_budget_is_for_its_period(period: str, expected: Sequence[float]) -> None:
    changed = budget("b", at("00:00", 1), 10, period=period)
    days = [click("c1", at("10:00", 5), 9), click("c2", at("10:00", 6), 9)]
    assert over(changed, *days) == expected
    months = [click("c1", at("10:00", 5), 9), click("c2", at("10:00", 6, 4), 9)]
    assert over(changed, *months) == ([0, 8] if period == "LIFETIME" else [0, 0])


def test_from_the_first_change_on_no_click_sets_a_budget() -> None:
    sent = [
        click("c1", at("09:00"), 1, budget_value=5), budget("b", at("10:00"), 10),
        click("c2", at("10:00"), 12, budget_value=50),
    ]  # fmt: skip
    assert over(*sent) == [0, 3]
    # The clicks of before count by their own time, also when they come last.
    assert over(*sent[::-1]) == [0, 3]


@pytest.mark.parametrize("seed", range(3))
def test_a_constant_budget_holds_for_each_day_and_for_the_month(seed: int) -> None:
    dice = random.Random(seed)
    clicks = [
        click(
            f"c{number}", at("00:00", day) + dice.randrange(1_440) * MINUTE_MS, dice.randrange(50)
        )
        for day in range(1, 32)
        for number in range(day * 10, day * 10 + 9)
    ]
    rows = spend_ledger(told([budget("b", at("00:00", 1), 100), *clicks]))
    assert max(one.net_spend for one in by_day(rows).values()) == 100 * UNIT
    assert [one.net_spend for one in by_month(rows).values()] == [3_040 * UNIT]
    assert all(0 <= one.net_amount <= one.valid_amount <= one.amount for one in rows)


def test_the_month_cap_counts_days_with_a_known_budget_up_to_the_clicks_own() -> None:
    assert month_cap_micros(0, 0) is None
    assert month_cap_micros(100, 1) == 3_040
    assert month_cap_micros(1, 3) == 10  # 10.13
    assert month_cap_micros(5, 64) == 2  # 2.375
    # 200 without a budget, then 10 a day: 304, whatever holds on later days.
    sent = [
        click("c1", at("10:00", 1), 200), budget("b1", at("00:00", 5), 10),
        *(click(f"d{day}", at("10:00", day), 10) for day in range(5, 17)),
        budget("b2", at("00:00", 20), 500),
    ]  # fmt: skip
    assert over(*sent) == [0] * 11 + [6, 10]


def test_a_name_is_the_newest_told_and_a_blank_is_none() -> None:
    sent = [
        click("c1", at("10:00"), 1, advertiser="Old"), status("s", at("11:00"), advertiser="New"),
        click("c2", at("12:00"), 1, advertiser=" "),
    ]  # fmt: skip
    assert {one.advertiser for one in spend_ledger(told(sent))} == {"New"}
    assert name_of("a1", told(sent[2:])) == "a1"


def test_what_a_status_does_not_say_goes_on() -> None:
    sent = [
        status("s1", at("10:00"), time_zone="Europe/Berlin", flight_end=at("00:00", 9)),
        status("s2", at("12:00"), status="PAUSED"), status("s3", at("13:00"), status="PAUSED"),
        status("s4", at("13:00"), advertiser="Acme"),
    ]  # fmt: skip
    versions = advertiser_versions(winners_of(told(sent)))
    assert [(one.start_ms, one.end_ms, one.status, one.time_zone) for one in versions] == [
        (at("10:00"), at("12:00"), "ACTIVE", "Europe/Berlin"),
        (at("12:00"), at("13:00"), "PAUSED", "Europe/Berlin"),
        (at("13:00"), None, "ACTIVE", "Europe/Berlin"),
    ]
    assert versions[-1].advertiser == "Acme"
    assert version_at(versions, at("09:59")).status == "ACTIVE"
    assert not versions[-1].is_in_flight(at("00:00", 9))
    assert versions[-1].is_in_flight(at("00:00", 9) - 1)


def test_keys_are_made_of_the_version_alone() -> None:
    assert version_key("a", 5) == version_key("a", 5) != version_key("a", 6)
    assert 0 <= version_key("a", 5) < 2**60


@pytest.mark.parametrize(
    ("zone", "moment", "day", "hour"),
    [
        ("Asia/Kolkata", at("18:29:59.999"), 2, at("17:30")),
        ("Asia/Kolkata", at("18:30"), 3, at("18:30")),
        ("America/New_York", at("04:30", 1, 11), 1, at("04:00", 1, 11)),
        # 01:30 comes twice on that night: two hours of the wall clock.
        ("America/New_York", at("05:30", 1, 11), 1, at("05:00", 1, 11)),
        ("America/New_York", at("06:30", 1, 11), 1, at("06:00", 1, 11)),
        # Half an hour is put back: the offset of the moment tells the hour.
        ("Australia/Lord_Howe", at("15:15", 4, 4), 5, at("14:30", 4, 4)),
    ],
)
def test_days_and_hours_of_zones(zone: str, moment: int, day: int, hour: int) -> None:
    assert day_of(moment, zone).day == day
    assert hour_start_ms(moment, zone) == hour


def test_a_day_without_midnight_begins_with_its_first_moment() -> None:
    # Cairo puts its clocks forward at midnight of 24 April 2026.
    start = day_start_ms(date(2026, 4, 24), "Africa/Cairo")
    assert start == at("22:00", 23, 4)
    assert day_of(start, "Africa/Cairo") == date(2026, 4, 24)
    assert day_of(start - 1, "Africa/Cairo") == date(2026, 4, 23)
    found = list(day_starts(start, at("22:00", 25, 4), "Africa/Cairo"))
    assert found == [at("21:00", 24, 4), at("21:00", 25, 4)]
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)


def test_weights_fall_to_nothing() -> None:
    assert RATE_WEIGHTS[:3] == (10**12, 8 * 10**11, 64 * 10**10)
    assert RATE_WEIGHTS[-1] == 1
    assert [*RATE_WEIGHTS] == sorted(RATE_WEIGHTS, reverse=True)
    following = len(RATE_WEIGHTS)
    assert 2 * 4**following * 10**12 < 5**following, "the next one rounds to zero"


def test_clicks_of_one_day_under_two_kinds_of_budget() -> None:
    """A day that begins with a daily budget and goes on with one for the month."""
    sent = [
        budget("b1", at("00:00"), 10), click("c1", at("10:00"), 8), click("c2", at("11:00"), 8),
        budget("b2", at("12:00"), 20, period="MONTHLY"), click("c3", at("13:00"), 8),
    ]  # fmt: skip
    assert over(*sent) == [0, 6, 4]
