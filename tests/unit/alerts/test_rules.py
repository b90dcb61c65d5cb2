"""The worked examples K3 to K7 as stories of events, from verdicts to incidents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

import pytest

from adlake.alerts.contract import Evaluation, Rule
from adlake.alerts.incidents import AlertLog, Key, State, Status, identity, log_of
from adlake.alerts.rules import (
    Verdict,
    count_floor,
    relative_rate,
    silence,
    static_rate,
    volume_drop,
)
from adlake.alerts.series import HOUR_MS, WEEK_MS, Seen, Series
from adlake.contracts.law import DAY_MS
from adlake.contracts.windows import WINDOW_MS

TEN = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp() * 1_000)
CTR = Key("cmp_101", "all", "ctr", Rule.STATIC_RATE)


def some(name: str, count: int, window_ms: int, late_ms: int = 0) -> list[Seen]:
    """Events spread over a window; they arrive when they happen, or so much after its end."""
    step = WINDOW_MS // max(1, count)
    arrived = window_ms + WINDOW_MS + late_ms if late_ms else 0
    return [Seen(at, name, arrived or at) for at in (window_ms + n * step for n in range(count))]


def shown(windows: Iterable[int], impressions: int, clicks: Iterable[int]) -> list[Seen]:
    found = []
    for window, k in zip(windows, clicks, strict=True):
        found += some("impressions", impressions, window) + some("clicks", k, window)
    return found


def at_ten(moment: str) -> int:
    """hh:mm of the day, as epoch milliseconds."""
    hours, minutes = map(int, moment.split(":"))
    return TEN - 10 * HOUR_MS + hours * HOUR_MS + minutes * 60_000


def judged_ctr(events: list[Seen], windows: list[int]) -> AlertLog:
    return log_of(CTR, static_rate(Series(events), "ctr", 0.015, windows))


def test_k1_k2_nothing_fires_on_noise_or_without_impressions() -> None:
    for impressions, clicks in ((100, 12), (200, 10), (0, 3), (100, 1)):
        log = judged_ctr(shown([TEN], impressions, [clicks]), [TEN])
        assert (log.alerts, log.incidents) == ({}, [])


def test_k3_one_row_with_its_numbers() -> None:
    log = judged_ctr(shown([TEN], 800, [4]), [TEN])
    [alert] = log.alerts.values()
    assert alert.status is Status.FIRED
    told = alert.verdict
    assert (told.value, told.threshold, told.k, told.n) == (0.005, 0.015, 4, 800)
    assert told.evaluation is Evaluation.EARLY
    assert told.cutoff_ms == at_ten("10:06")
    assert told.bound == pytest.approx(0.014994122, abs=5e-9)
    [incident] = log.incidents
    assert (incident.state, incident.opened_ms) == (State.OPEN, at_ten("10:06"))
    assert judged_ctr(shown([TEN], 800, [5]), [TEN]).alerts == {}


def test_k4_late_clicks_withdraw_the_alert_until_the_final_cutoff() -> None:
    first = shown([TEN], 800, [4])
    in_time = first + some("clicks", 9, TEN, late_ms=at_ten("10:40") - TEN - WINDOW_MS)
    log = judged_ctr(in_time, [TEN])
    [alert] = log.alerts.values()
    assert alert.status is Status.WITHDRAWN
    [incident] = log.incidents
    assert (incident.state, incident.closed_ms) == (State.WITHDRAWN, at_ten("11:05"))
    assert (incident.windows, incident.worst_value) == ((), None)
    assert incident.last == incident.opening == alert.verdict
    assert incident.closing is not None
    assert (incident.closing.k, incident.closing.n) == (13, 800)
    assert [one.state for one in log.transitions] == [State.OPEN, State.WITHDRAWN]
    too_late = first + some("clicks", 9, TEN, late_ms=at_ten("11:06") - TEN - WINDOW_MS)
    log = judged_ctr(too_late, [TEN])
    assert [one.status for one in log.alerts.values()] == [Status.FIRED]
    assert log.incidents[0].state is State.OPEN


def test_k5_three_good_windows_in_a_row_end_it() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(7)]
    log = judged_ctr(shown(windows, 1_000, [4, 20, 17, 16, 18, 19, 20]), windows)
    [incident] = log.incidents
    assert incident.state is State.RESOLVED
    assert incident.closed_ms == windows[-1] + WINDOW_MS + 60_000
    assert (incident.windows, incident.worst_value) == ((TEN,), 0.004)
    assert [one.state for one in log.transitions] == [State.OPEN, State.RESOLVED]


def test_windows_without_impressions_neither_count_nor_break_the_row() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(6)]
    events = shown([windows[0]], 1_000, [4])
    events += shown([windows[1], windows[3], windows[5]], 1_000, [20, 20, 20])
    [incident] = judged_ctr(events, windows).incidents
    assert incident.closed_ms == windows[5] + WINDOW_MS + 60_000


def test_more_firings_join_the_open_incident_without_another_message() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(3)]
    log = judged_ctr(shown(windows, 1_000, [4, 3, 5]), windows)
    [incident] = log.incidents
    assert incident.windows == tuple(windows)
    assert (incident.first_window_ms, incident.last_window_ms) == (TEN, windows[-1])
    assert incident.worst_value == 0.003
    assert len(log.transitions) == 1


def test_a_final_evaluation_fires_on_its_own() -> None:
    """The clicks of a bot that were taken back are not played here: impressions come late."""
    events = some("clicks", 4, TEN) + some("impressions", 100, TEN)
    events += some("impressions", 700, TEN, late_ms=20 * 60_000)
    [alert] = judged_ctr(events, [TEN]).alerts.values()
    assert (alert.verdict.evaluation, alert.verdict.cutoff_ms) == (
        Evaluation.FINAL, at_ten("11:05"),
    )  # fmt: skip


def test_a_withdrawal_after_the_end_changes_the_log_alone() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(4)]
    events = shown(windows, 1_000, [4, 20, 20, 20])
    events += some("clicks", 20, TEN, late_ms=40 * 60_000)
    log = judged_ctr(events, windows)
    assert log.alerts[TEN].status is Status.WITHDRAWN
    [incident] = log.incidents
    assert (incident.state, incident.windows) == (State.RESOLVED, (TEN,))
    assert [one.state for one in log.transitions] == [State.OPEN, State.RESOLVED]


def steady(name: str, per_window: int, begin_ms: int, end_ms: int) -> list[Seen]:
    found = []
    for window in range(begin_ms, end_ms, WINDOW_MS):
        found += some(name, per_window, window)
    return found


def always(_window: int) -> bool:
    return True


def test_k7_a_volume_that_halved_fires_and_a_small_one_does_not() -> None:
    week_before = TEN - WEEK_MS
    for usual, now, fires in ((120, 40, True), (12, 3, False)):
        events = steady("impressions", usual, week_before, week_before + HOUR_MS)
        events += some("impressions", now, TEN)
        early, final = volume_drop(Series(events), "impressions", [TEN], always)
        assert (early.fires, final.fires) == (fires, fires)
        assert (early.threshold, early.k) == (usual, now)
        assert early.baseline == "hour_of_week"


def test_k7_silence_by_one_window_or_by_three() -> None:
    week_before = TEN - WEEK_MS
    for usual, silent, fires in ((14, 1, True), (13, 1, False), (5, 3, True), (5, 2, False)):
        events = steady("impressions", usual, week_before, week_before + HOUR_MS)
        last = TEN + 6 * WINDOW_MS
        events += steady("impressions", usual, TEN, last)
        begin = last - silent * WINDOW_MS
        events = [one for one in events if one.event_ms < begin]
        [verdict] = [
            one for one in silence(Series(events), "impressions", [last - WINDOW_MS], always)
            if one.evaluation is Evaluation.EARLY
        ]  # fmt: skip
        assert verdict.fires == fires, (usual, silent)


def test_a_paused_campaign_may_be_silent() -> None:
    events = steady("impressions", 50, TEN - WEEK_MS, TEN - WEEK_MS + HOUR_MS)
    assert list(silence(Series(events), "impressions", [TEN], lambda _: False)) == []
    assert list(volume_drop(Series(events), "impressions", [TEN], lambda _: False)) == []
    assert any(one.fires for one in silence(Series(events), "impressions", [TEN], always))


def test_without_a_past_week_the_last_day_is_the_usual() -> None:
    begin = TEN - HOUR_MS - DAY_MS
    series = Series(steady("impressions", 24, begin, TEN - HOUR_MS))
    assert series.expected("impressions", TEN) == (24.0, "trailing_24h")
    events = steady("impressions", 100, begin, TEN - HOUR_MS)
    events += steady("clicks", 2, begin, TEN - HOUR_MS)
    usual, cases, baseline = Series(events).usual_rate("ctr", TEN)
    assert (usual, cases, baseline) == (0.02, 28_800, "trailing_24h")


def test_b_a_rate_that_fell_to_half_fires_once_and_begins_anew() -> None:
    begin = TEN - HOUR_MS - DAY_MS
    events = steady("impressions", 100, begin, TEN - HOUR_MS)
    events += steady("clicks", 2, begin, TEN - HOUR_MS)
    windows = [TEN + n * WINDOW_MS for n in range(12)]
    events += shown(windows, 100, [0] * 11 + [2])
    verdicts = list(relative_rate(Series(events), "ctr", windows))
    assert {one.evaluation for one in verdicts} == {Evaluation.FINAL}
    assert [n for n, one in enumerate(verdicts) if one.fires] == [9]
    assert verdicts[9].bound == pytest.approx(10.152371, abs=1e-6)
    assert verdicts[10].bound == pytest.approx(1.015237, abs=1e-6)
    assert verdicts[0].threshold == pytest.approx(0.01)


def test_e_a_floor_is_strict() -> None:
    series = Series(some("conversions", 5, TEN))
    below, at, above = (
        next(count_floor(series, "conversions", floor, [TEN], always)) for floor in (6, 5, 4)
    )
    assert (below.fires, at.fires, above.fires) == (True, False, False)
    assert (at.recovers, above.recovers) == (False, True)


def test_the_order_of_verdicts_and_events_changes_nothing() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(7)]
    events = shown(windows, 1_000, [4, 20, 17, 3, 18, 19, 20])
    events += some("clicks", 30, windows[3], late_ms=30 * 60_000)
    dice, wanted = Random(3), judged_ctr(events, windows)
    for _ in range(3):
        dice.shuffle(events)
        verdicts: list[Verdict] = list(static_rate(Series(events), "ctr", 0.015, windows))
        dice.shuffle(verdicts)
        assert log_of(CTR, verdicts) == wanted


def test_ids_are_digests_of_their_keys() -> None:
    text = json.dumps(["cmp_101", "all", "ctr", "2026-03-02T10:00:00.000Z", "A"])
    wanted = hashlib.sha256(text.replace(", ", ",").encode()).hexdigest()
    assert identity(CTR, TEN, is_alert=True) == wanted
    assert identity(CTR, TEN) != wanted
