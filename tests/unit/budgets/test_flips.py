"""Decisions: what is asked when, why serving changed, and what an overspend is bounded by."""

from __future__ import annotations

import hashlib
import random
from collections import deque
from dataclasses import replace

import pytest

from adlake.budgets.account import END_OF_TIME_MS, Account, Standing
from adlake.budgets.contract import RATE_WEIGHTS, Cause, EventType, Period
from adlake.budgets.events import Change, Told, changes_of, winners_of
from adlake.budgets.flips import Flip, cause_of, flip_id, serving_flips
from adlake.budgets.history import (
    advertiser_versions,
    budget_at,
    budget_records,
    budget_spans,
    period_at,
    version_at,
    zone_of,
)
from adlake.budgets.spend import Caps, billed_clicks_of
from adlake.budgets.zones import day_of, day_start_ms, month_of
from tests.fixtures.budgets.told import (
    DAY_MS,
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


def log(*deliveries: Delivery, lag_s: int = 0) -> list[Flip]:
    return serving_flips(told(deliveries), lag_s)


def shown(*deliveries: Delivery, lag_s: int = 0) -> list[tuple[int, bool, Cause]]:
    return [(one.effective_ms, one.can_serve, one.cause) for one in log(*deliveries, lag_s=lag_s)]


B = budget("b", at("08:00"), 10)
SEEN = (at("08:00"), True, Cause.FIRST_SEEN)
NEXT_DAY = (at("00:00", 3), True, Cause.PERIOD_START)


@pytest.mark.parametrize("seed", range(4))
def test_neither_order_of_reading_nor_repeats_change_the_log(seed: int) -> None:
    known = told(random_deliveries(seed, 120))
    expected = serving_flips(known)
    assert len(expected) > 5
    assert len({one.flip_id for one in expected}) == len(expected)
    again = [*known, *known]
    random.Random(seed).shuffle(again)
    assert serving_flips(again) == expected


def by_definition(known: list[Told], advertiser: str, at_ms: int, lag_s: int) -> Standing:
    """A standing worked out anew from everything that had been delivered."""
    mine = [one for one in winners_of(known) if one.advertiser_id == advertiser]
    spans, versions = budget_spans(budget_records(mine)), advertiser_versions(mine)
    zone, version = zone_of(versions), version_at(versions, at_ms)
    day, kind, held = day_of(at_ms, zone), period_at(spans, at_ms), budget_at(spans, at_ms)
    rows = billed_clicks_of(mine)
    valid = {
        Period.DAILY: sum(one.valid_amount for one in rows if one.spend_day == day),
        Period.MONTHLY: sum(one.valid_amount for one in rows if one.spend_month == month_of(day)),
        Period.LIFETIME: sum(one.valid_amount for one in rows),
    }
    brought = [0] * len(RATE_WEIGHTS)
    for one in changes_of(known):
        age = at_ms // MINUTE_MS - 1 - one.place[0] // MINUTE_MS
        if one.advertiser_id == advertiser and is_click(one) and 0 <= age < len(brought):
            brought[age] += micros(one.after) - micros(one.before)
    weighed = sum(one * weight for one, weight in zip(brought, RATE_WEIGHTS, strict=True))
    reserve = max(0, (weighed * lag_s + 150 * 10**12) // (300 * 10**12))
    has_room = held is not None and valid[kind] + reserve < held.micros
    if has_room and kind is Period.DAILY:
        cap = Caps(spans, zone).of_month_until(day)
        has_room = cap is not None and valid[Period.MONTHLY] + reserve < cap
    starts = {Period.DAILY: day, Period.MONTHLY: month_of(day)}
    return Standing(
        version.status == "ACTIVE" and version.is_in_flight(at_ms) and has_room,
        version.status == "ACTIVE", version.is_in_flight(at_ms), held.micros if held else None,
        kind,
        day_start_ms(starts[kind], zone) if kind in starts else None, valid[kind], reserve,
    )  # fmt: skip


def is_click(change: Change) -> bool:
    return change.trigger.startswith(EventType.CLICK)


def micros(one: Told | None) -> int:
    return one.micros if one else 0


@pytest.mark.parametrize("seed", range(3))
def test_an_account_says_what_follows_from_all_that_was_delivered(seed: int) -> None:
    known = sorted(told(random_deliveries(seed + 50, 110)), key=lambda one: one.place)
    accounts = {name: Account(name, 60) for name in ("a1", "a2")}
    changes = changes_of(known)
    assert any(one.before for one in changes)
    for number, change in enumerate(changes):
        accounts[change.advertiser_id].take(change)
        is_whole = number + 1 == len(changes) or changes[number + 1].place != change.place
        if is_whole:
            so_far = [one for one in known if one.place <= change.place]
            for name, account in accounts.items():
                at_ms = change.place[0]
                assert account.standing(at_ms) == by_definition(so_far, name, at_ms, 60)


def test_a_repeat_or_a_larger_content_decides_nothing() -> None:
    first = click("c1", at("09:00"), 4)
    sent = (B, first, click("c1", at("09:00"), 40, at("09:05")), (*first[:2], at("09:06")))
    assert shown(*sent) == [SEEN]
    # Nor does it when the reserve has fallen meanwhile.
    last = click("c2", at("09:01"), 0)
    sent = (B, click("c1", at("09:00"), 9.1), last, (*last[:2], at("09:20")))
    assert shown(*sent, lag_s=60) == [SEEN, (at("09:01"), False, Cause.SPEND), NEXT_DAY]


def test_a_smaller_content_takes_back_what_was_spent() -> None:
    sent = (B, click("c1", at("09:00"), 40), click("c1", at("09:00"), 4, at("09:05")))
    assert shown(*sent) == [
        SEEN, (at("09:00"), False, Cause.SPEND), (at("09:05"), True, Cause.SPEND),
    ]  # fmt: skip


def test_a_credit_that_another_advertiser_tells_in_a_smaller_content_is_taken_away() -> None:
    sent = (
        B, click("c1", at("09:00"), 12), credit("r:c1", at("09:10"), 5),
        credit("r:c1", at("09:05"), 5, at("09:20"), advertiser_id="a2"),
    )  # fmt: skip
    assert shown(*sent)[:4] == [
        SEEN, (at("09:00"), False, Cause.SPEND), (at("09:10"), True, Cause.CREDIT),
        (at("09:20"), False, Cause.SPEND),
    ]  # fmt: skip


def test_serving_needs_a_known_budget() -> None:
    assert shown(click("c1", at("09:00"), 1))[0] == (at("09:00"), False, Cause.FIRST_SEEN)
    assert shown(budget("b", at("09:00"), 0))[0] == (at("09:00"), False, Cause.FIRST_SEEN)
    known = click("c2", at("09:05"), 1, budget_value=5)
    assert shown(click("c1", at("09:00"), 1), known)[1] == (at("09:05"), True, Cause.BUDGET)


def test_a_pause_stops_and_a_resume_goes_on() -> None:
    sent = (B, status("s1", at("09:00"), status="PAUSED"), status("s2", at("10:00")))
    assert shown(*sent) == [
        SEEN, (at("09:00"), False, Cause.STATUS), (at("10:00"), True, Cause.STATUS),
    ]  # fmt: skip


def test_a_flight_begins_and_ends_by_itself() -> None:
    flight = {"flight_start": at("12:00", 4), "flight_end": at("18:00", 20)}
    assert shown(B, status("s", at("09:00"), **flight)) == [
        SEEN, (at("09:00"), False, Cause.FLIGHT), (at("12:00", 4), True, Cause.FLIGHT),
        (at("18:00", 20), False, Cause.FLIGHT),
    ]  # fmt: skip
    # What was announced and taken back does not happen.
    later = status("s2", at("11:00", 4), flight_start=at("12:00", 6))
    assert (at("12:00", 4), True, Cause.FLIGHT) not in shown(
        B, status("s", at("09:00"), **flight), later
    )


def test_a_budget_of_a_moment_ahead_comes_into_force_at_it() -> None:
    ahead = budget("b2", at("09:04"), 5, at("09:00"))
    sent = (B, click("c1", at("08:30"), 6), ahead)
    assert shown(*sent) == [SEEN, (at("09:04"), False, Cause.BUDGET), NEXT_DAY]
    [_, stop, _] = log(*sent)
    assert stop.flip_id == flip_id("a1", at("09:04"), "CLOCK")


def test_a_start_of_a_period_comes_before_deliveries_of_its_millisecond() -> None:
    sent = (B, click("c1", at("09:00"), 10), click("c2", at("00:00", 3), 10))
    assert shown(*sent)[2:4] == [NEXT_DAY, (at("00:00", 3), False, Cause.SPEND)]


def test_days_are_those_of_the_zone() -> None:
    sent = (status("s", at("07:00"), time_zone="Asia/Kolkata"), B, click("c", at("09:00"), 10))
    assert shown(*sent)[-1] == (at("18:30"), True, Cause.PERIOD_START)


@pytest.mark.parametrize(
    ("period", "resumes"), [("MONTHLY", [at("00:00", 1, 4)]), ("LIFETIME", [])]
)
def test_a_longer_budget_begins_anew_with_its_own_period(period: str, resumes: list[int]) -> None:
    sent = (budget("b", at("08:00"), 10, period=period), click("c", at("09:00"), 10))
    found = log(*sent)
    assert [one.effective_ms for one in found[2:]] == resumes
    assert found[0].period_start_ms == (at("00:00", 1) if resumes else None)
    # The reserve is gone by midnight, but that is no moment of this budget.
    held_back = (sent[0], click("c1", at("09:00"), 9.1), click("c2", at("09:01"), 0))
    assert [one.effective_ms for one in log(*held_back, lag_s=60)[2:]] == resumes


def test_a_reserve_that_falls_lets_serving_go_on() -> None:
    # 5 in the first minute: 60 s at 1/60 a second are held back after it.
    sent = (
        B,
        click("c1", at("09:00"), 9.1),
        click("c2", at("09:01"), 0),
        click("c3", at("09:20"), 0),
    )
    assert shown(*sent, lag_s=60) == [
        SEEN, (at("09:01"), False, Cause.SPEND), (at("09:20"), True, Cause.RESERVE),
    ]  # fmt: skip


def test_a_reserve_from_just_before_midnight_holds_back_for_a_day() -> None:
    sent = (budget("b", at("08:00"), 3), click("c1", at("23:59:30"), 30))
    found = shown(*sent, lag_s=60)
    assert found[1:] == [
        (at("23:59:30"), False, Cause.SPEND), (at("00:00", 4), True, Cause.PERIOD_START),
    ]  # fmt: skip


def test_two_flips_by_one_event_in_one_millisecond_have_two_ids() -> None:
    moment = at("09:00")
    sent = (B, click("c", moment, 40), click("c", moment, 4))
    first, stop, resume = log(*sent)
    assert stop.effective_ms == resume.effective_ms == moment
    assert stop.flip_id == flip_id("a1", moment, "AD_CLICK c")
    assert len({first.flip_id, stop.flip_id, resume.flip_id}) == 3


def test_an_id_is_the_sha256_of_canonical_json() -> None:
    text = '["a1",5,"AD_CLICK c\u00d6\\""]'
    assert flip_id("a1", 5, 'AD_CLICK c\u00d6"') == hashlib.sha256(text.encode()).hexdigest()


def test_the_first_thing_that_differs_is_the_cause() -> None:
    one = Standing(True, True, True, 10, Period.DAILY, 0, 5, 0)
    stopped = replace(one, can_serve=False)
    for cause, other in {
        Cause.STATUS: replace(stopped, is_active=False, is_in_flight=False),
        Cause.FLIGHT: replace(stopped, is_in_flight=False, budget=5),
        Cause.BUDGET: replace(stopped, budget=5, period_start_ms=1),
        Cause.PERIOD_START: replace(stopped, period_start_ms=1, valid_spend=10),
        Cause.SPEND: replace(stopped, valid_spend=10),
    }.items():
        assert cause_of(one, other, "AD_CLICK c") is cause
    assert cause_of(stopped, one, "SPEND_CREDIT r") is Cause.CREDIT
    assert cause_of(stopped, one, "AD_CLICK c") is Cause.RESERVE
    assert cause_of(stopped, replace(one, valid_spend=4), "AD_CLICK c") is Cause.SPEND


class AdServer:
    """Serves as it was last told; what is decided it knows `lag_s` later."""

    def __init__(self, account: Account, lag_s: int) -> None:
        self.account, self.lag_ms, self.is_serving = account, lag_s * 1_000, True
        self.offset, self.on_its_way = 0, deque[tuple[int, bool]]()

    def hear(self, at_ms: int) -> None:
        while self.on_its_way and self.on_its_way[0][0] <= at_ms:
            self.is_serving = self.on_its_way.popleft()[1]

    def tell(self, sent: Told) -> None:
        [change] = changes_of([replace(sent, position=(0, self.offset))])
        self.offset += 1
        self.account.take(change)
        decision = self.account.standing(sent.ingest_ms).can_serve
        self.on_its_way.append((sent.ingest_ms + self.lag_ms, decision))


@pytest.mark.parametrize(
    ("lag_s", "budget_units", "per_second"), [(60, 500, 5), (60, 1_300, 20), (5, 100, 3)]
)
def test_a_day_under_load_stays_within_the_bound(
    lag_s: int, budget_units: int, per_second: int
) -> None:
    """Traffic that grows to its peak; overspend is below peak rate x lag + one click."""
    server, price = AdServer(Account("a1", lag_s), lag_s), 1
    server.tell(told([budget("b", at("08:00"), budget_units)])[0])
    pattern = told([click("c", at("09:00"), price)])[0]
    begin, spent = at("09:00"), 0
    for number in range(3 * budget_units):
        at_ms = begin + round(number * 1_000 / per_second)
        server.hear(at_ms)
        if server.is_serving:
            one = replace(pattern, event_id=f"c{number}", event_ms=at_ms, ingest_ms=at_ms)
            server.tell(one)
            spent += price
    assert not server.is_serving
    assert spent <= budget_units + per_second * lag_s + price
    assert spent < 2 * budget_units
    assert server.account.net_spend(at_ms) <= budget_units * UNIT


def test_moments_reach_to_the_end_of_time_and_end() -> None:
    far = status("s", at("09:00"), flight_end=END_OF_TIME_MS // 50_000)
    found = log(B, far)
    assert found[-1].cause is Cause.FLIGHT
    assert found[-1].effective_ms > at("00:00") + 365 * DAY_MS
