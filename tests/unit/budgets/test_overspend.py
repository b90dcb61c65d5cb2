"""Overspend behind an ad server that obeys with a lag, against its bound: peak rate x lag + click.

The measure itself is held to days worked by hand; a load-test day is benchmarks/overspend.py.
"""

from __future__ import annotations

import random
from dataclasses import replace

from adlake.budgets.events import Told
from adlake.budgets.flips import serving_flips
from tests.fixtures.budgets.ad_server import OBEYS_NOTHING, Offered, peak_of, played_day
from tests.fixtures.budgets.told import UNIT, at, budget, click, credit, told

BEGIN = at("06:00")
LAG_S = 60


def day_budget(units: float) -> Told:
    return told([budget("b1", BEGIN, units, period="DAILY")])[0]


def steady(seconds: int, units: float = 1, every_s: int = 1) -> list[Offered]:
    """A click every so many seconds, each delivered at once."""
    sent = [click(f"c{n}", BEGIN + n * 1_000, units) for n in range(every_s, seconds + 1, every_s)]
    return [Offered(one) for one in told(sent)]


def test_without_a_reserve_the_lag_is_overspent_and_no_more() -> None:
    day = played_day(day_budget(300), steady(900), LAG_S, told_lag_s=0)
    # The 300th click stops it, 59 come before that is known.
    assert day.decisions == [(BEGIN, True), (BEGIN + 300_000, False)]
    assert day.overspend == 59 * UNIT
    assert (day.peak, day.largest_click, day.bound) == (60 * UNIT, UNIT, 61 * UNIT)
    assert (day.keeps_bound, day.keeps_twice, day.late) == (True, True, 0)
    assert day.refused == 900 - 359


def test_the_reserve_stops_so_early_that_nothing_is_overspent() -> None:
    day = played_day(day_budget(3_000), steady(5_000), LAG_S)
    assert -UNIT * LAG_S < day.overspend <= UNIT
    assert day.decisions[-1][0] < BEGIN + 3_000_000


def test_who_obeys_nothing_keeps_no_bound() -> None:
    day = played_day(day_budget(300), steady(900), OBEYS_NOTHING, told_lag_s=LAG_S)
    assert day.overspend == 600 * UNIT
    assert replace(day, peak=60 * UNIT).keeps_bound is False
    assert day.keeps_twice is False


def test_a_credit_lets_it_go_on_after_the_lag() -> None:
    given = Offered(told([credit("givt:c7", BEGIN, 1, BEGIN + 400_000)])[0])
    day = played_day(day_budget(300), [*steady(900), given], LAG_S, told_lag_s=0)
    # 359 were spent, 358 are left of them: still above the budget.
    assert (day.overspend, len(day.decisions)) == (58 * UNIT, 2)
    more = [
        Offered(told([credit(f"givt:c{n}", BEGIN, 1, BEGIN + 400_000 + n)])[0])
        for n in range(1, 61)
    ]
    day = played_day(day_budget(300), [*steady(900), *more], LAG_S, told_lag_s=0)
    assert [can_serve for _, can_serve in day.decisions] == [True, False, True, False]
    assert day.keeps_bound


def test_clicks_that_nobody_could_know_of_are_told_apart() -> None:
    late = Offered(told([click("late", BEGIN + 1_000, 500, BEGIN + 800_000)])[0])
    day = played_day(day_budget(300), [*steady(900), late], LAG_S, told_lag_s=0)
    assert (day.late, day.overspend) == (500 * UNIT, 559 * UNIT)
    assert day.keeps_bound
    assert not day.keeps_twice


def test_an_ad_that_was_shown_before_the_stop_is_billed() -> None:
    shown = [replace(one, served_ms=one.told.event_ms - 100_000) for one in steady(900)]
    by_click = played_day(day_budget(300), steady(900), LAG_S, told_lag_s=0)
    by_impression = played_day(day_budget(300), shown, LAG_S, told_lag_s=0)
    assert by_impression.overspend - by_click.overspend == 100 * UNIT


def test_decisions_are_those_of_the_log() -> None:
    dice = random.Random(4)
    sent = [
        click(f"c{n}", moment, dice.choice((0.5, 1, 2.5)), moment + dice.randrange(2_500))
        for n, moment in enumerate(sorted(BEGIN + dice.randrange(1_800_000) for _ in range(400)))
    ]
    repeats = [dice.choice(sent) for _ in range(40)]
    limit = day_budget(200)
    offered = [Offered(one) for one in told([*sent, *repeats])]
    day = played_day(limit, offered, LAG_S)
    # Offsets are those of the clicks alone: the budget comes before all of them.
    logged = serving_flips([replace(limit, position=(0, 0)), *day.accepted[1:]], LAG_S)
    until_ms = max(one.told.ingest_ms for one in offered)
    found = [(one.effective_ms, one.can_serve) for one in logged if one.effective_ms <= until_ms]
    assert found == day.decisions
    assert len(found) > 1
    assert day.keeps_bound


def test_a_peak_is_the_most_of_any_such_time() -> None:
    moments = {"a": (0, 1), "b": (59_999, 2), "c": (60_000, 4), "d": (119_998, 8)}
    clicks = told([click(name, BEGIN + ms, units) for name, (ms, units) in moments.items()])
    assert peak_of(clicks, 60) == (2 + 4 + 8) * UNIT
    assert peak_of([*clicks, *clicks], 60) == (2 + 4 + 8) * UNIT
    assert peak_of([], 60) == 0
