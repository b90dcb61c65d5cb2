"""The worked examples B1 to B7, exact to the micro, in whatever order the deliveries are read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adlake.budgets import flips, views
from adlake.budgets.contract import Category, Cause
from adlake.budgets.events import Told, winners_of
from adlake.budgets.flips import Flip
from adlake.budgets.history import BudgetSpan, budget_records, budget_spans
from adlake.budgets.spend import (
    BilledClick,
    Sums,
    by_day,
    by_hour,
    by_month,
    spend_ledger,
    totals,
)
from adlake.budgets.zones import day_start_ms
from adlake.business.audit import reasons
from tests.fixtures.budgets.examples import B1, B2, B3, B4, B5, B6, B7, march
from tests.fixtures.budgets.told import (
    DAY_MS,
    UNIT,
    at,
    budget,
    click,
    judged,
    told,
)
from tests.fixtures.business.mutations import Delivery

A1 = "a1"


def in_every_order(deliveries: Sequence[Delivery]) -> list[Told]:
    """What is told; neither order nor repeats of the deliveries may matter."""
    known = told(deliveries)
    repeats = [(body, key, ingest_ms + DAY_MS) for body, key, ingest_ms in deliveries]
    expected = spend_ledger(known), flips.serving_flips(known)
    for other in ([*known[::-1], *known], told([*deliveries, *repeats])[::-1]):
        assert (spend_ledger(other), flips.serving_flips(other)) == expected
    return known


def ledger(*deliveries: Delivery) -> list[BilledClick]:
    return spend_ledger(in_every_order(deliveries))


def log(*deliveries: Delivery, lag_s: int = 0) -> list[Flip]:
    return flips.serving_flips(in_every_order(deliveries), lag_s)


def spans_of(known: Sequence[Told]) -> list[BudgetSpan]:
    return budget_spans(budget_records(winners_of(known)))


def shown(found: Sequence[Flip]) -> list[tuple[int, bool, Cause]]:
    return [(one.effective_ms, one.can_serve, one.cause) for one in found]


def test_b1_distinct_clicks_and_a_credit() -> None:
    rows = ledger(*B1)
    assert by_hour(rows) == {
        (A1, at("10:00")): Sums(1_250_000, 0, 0, 2),
        (A1, at("11:00")): Sums(1_250_000, 1_250_000, 0, 1),
    }
    assert [one.net_spend for one in by_hour(rows).values()] == [1_250_000, 0]
    [day] = by_day(rows).values()
    assert (day.gross_spend, day.net_spend) == (2_500_000, 1_250_000)
    assert totals(rows) == {(A1, at("11:00")): day}
    assert day.record_count == 3
    known = told(B1)
    found = views.combined(rows, {A1: spans_of(known)}, {A1: "UTC"})
    assert {(category, micros) for _, _, category, micros in found} == {
        (Category.GROSS_SPEND, 2_500_000), (Category.NET_SPEND, 1_250_000),
        (Category.BUDGET_VALUE, 1_000 * UNIT),
    }  # fmt: skip
    assert sorted(reasons(judged(B1)).values()) == [
        "CONFLICTING_DUPLICATE", "DUPLICATE_DELIVERY", "MISSING_KEY", "NEGATIVE_VALUE",
    ]  # fmt: skip


def test_b1_three_tenths_are_exact() -> None:
    rows = ledger(*(click(f"c{n}", at("10:00"), 0.1) for n in range(3)))
    assert by_day(rows)[A1, rows[0].spend_day].gross_spend == 300_000


def test_b2_spending_stops_serving_and_a_credit_resumes_it() -> None:
    clicks = ledger(*B2[:4])
    assert [one.overdelivery_amount for one in clicks] == [0, 0, 0, 2 * UNIT]
    rows, found = ledger(*B2), log(*B2)
    assert by_hour(rows) == {(A1, at("09:00")): Sums(12 * UNIT, 4 * UNIT, 0, 4)}
    assert shown(found) == [
        (at("09:00"), True, Cause.FIRST_SEEN),
        (at("09:02"), False, Cause.SPEND),
        (at("09:10"), True, Cause.CREDIT),
    ]
    assert [(one.valid_spend, one.net_spend) for one in found] == [
        (4 * UNIT, 4 * UNIT), (10 * UNIT, 10 * UNIT), (8 * UNIT, 8 * UNIT),
    ]  # fmt: skip
    assert [one.previous_can_serve for one in found] == [None, True, False]
    [hour] = views.hourly(rows, {A1: spans_of(told(B2))}, found).values()
    assert (hour.budget_value, hour.can_serve, hour.window_end_ms) == (
        10 * UNIT, True, at("10:00"),
    )  # fmt: skip
    assert views.latest_serving(rows, found, A1, at("09:05")) == (at("09:00"), False)
    assert views.latest_serving(rows, found, A1, at("09:10")) == (at("09:00"), True)


@pytest.mark.parametrize(("value", "can_serve"), [(22.36, False), (22.37, True)])
def test_b3_the_reserve_is_kept_back(value: float, can_serve: bool) -> None:
    sent = [budget("b", at("09:00"), value), *B3[1:]]
    last = log(*sent, lag_s=60)[-1]
    held = [one for one in log(*sent, lag_s=60) if one.effective_ms <= at("10:02:05")]
    assert held[-1].can_serve is can_serve
    if not can_serve:
        assert (held[-1].reserve, held[-1].valid_spend) == (3_360_000, 19 * UNIT)
    assert last.can_serve, "the next day begins with nothing spent"


def test_b4_a_day_is_one_of_the_advertisers_own_zone() -> None:
    zone, rows = "America/New_York", ledger(*B4)
    assert [one.spend_day.isoformat() for one in rows] == ["2026-03-07", "2026-03-08"]
    ends = [day_start_ms(one.spend_day.replace(day=9), zone) for one in rows]
    assert ends == [at("04:00", 9)] * 2
    assert (ends[0] - day_start_ms(rows[1].spend_day, zone)) // 3_600_000 == 23


def test_b5_budgets_in_force_by_their_own_time() -> None:
    spans = spans_of(in_every_order(B5))
    assert [(one.start_ms, one.micros // UNIT) for one in spans] == [
        (at("09:50"), 1_000), (at("10:05"), 900), (at("10:15"), 1_200),
    ]  # fmt: skip
    assert [one.end_ms for one in spans] == [at("10:05"), at("10:15"), None]
    assert views.average_budget(spans, at("10:00"), at("11:00")) == 1_133_333_333
    assert views.average_budget(spans, at("09:00"), at("10:00")) == 1_000 * UNIT
    assert views.average_budget(spans, at("08:00"), at("09:00")) is None
    assert views.latest_changed_budget(spans, "UTC") == (at("10:00"), 1_200 * UNIT)


def test_b6_a_month_has_a_cap_of_its_own() -> None:
    known = in_every_order(B6)
    rows, found = spend_ledger(known), flips.serving_flips(known, 0)
    assert [one.overdelivery_amount // UNIT for one in rows[-6:]] == [0, 0, 0, 0, 10, 10]
    day = by_day(rows)[A1, rows[-1].spend_day]
    assert (day.gross_spend, day.net_spend) == (60 * UNIT, 40 * UNIT)
    [month] = by_month(rows).values()
    assert (month.net_spend, month.gross_spend) == (3_040 * UNIT, 3_060 * UNIT)
    of_last_day = [one for one in shown(found) if one[0] >= at("12:00", 31)]
    assert of_last_day == [
        (at("12:03", 31), False, Cause.SPEND),
        (at("00:00", 1, 4), True, Cause.PERIOD_START),
    ]
    stop = next(one for one in found if one.effective_ms == at("12:03", 31))
    assert (stop.valid_spend, stop.net_spend) == (40 * UNIT, 40 * UNIT)
    zones, spans = {A1: "UTC"}, {A1: spans_of(told(march()))}
    for now, can_serve in ((at("12:04", 31), False), (at("12:04", 1, 5), False)):
        [shown_month] = views.monthly(rows, spans, zones, found, now).values()
        assert shown_month == (month, 100 * UNIT, can_serve)


def test_b7_a_budget_cut_to_what_is_spent_stops_until_midnight() -> None:
    found = log(*B7)
    assert shown(found) == [
        (at("08:00"), True, Cause.FIRST_SEEN),
        (at("10:00"), False, Cause.BUDGET),
        (at("00:00", 3), True, Cause.PERIOD_START),
    ]
    assert (found[-1].valid_spend, found[-1].period_start_ms) == (0, at("00:00", 3))
