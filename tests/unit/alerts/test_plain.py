"""All logs of a lake: rows of rules in force, segments, many campaigns, and how far was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adlake.alerts.contract import Evaluation, Multiplicity, Rule, Segment
from adlake.alerts.incidents import AlertLog, Key, State
from adlake.alerts.plain import CampaignVersion, DistinctEvent, alert_logs
from adlake.alerts.rule_rows import DEFAULT_ROWS, RuleRow
from adlake.alerts.series import HOUR_MS, WEEK_MS, Seen, Series
from adlake.contracts.law import DAY_MS
from adlake.contracts.windows import WINDOW_MS

TEN = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp() * 1_000)
LATER = TEN + DAY_MS
CTR = RuleRow("A-ctr", Rule.STATIC_RATE, "ctr", threshold=0.015, z=2.326, resolve_factor=1.1)


def counted(
    impressions: int, clicks: int, window_ms: int = TEN, campaign: str | None = "c", **more: str
) -> list[DistinctEvent]:
    return [
        DistinctEvent(campaign, name, window_ms, window_ms, **more)
        for name, count in (("impressions", impressions), ("clicks", clicks))
        for _ in range(count)
    ]


def logs(
    events: Iterable[DistinctEvent], *rules: RuleRow, until_ms: int = LATER,
    campaigns: Iterable[CampaignVersion] = (),
) -> dict[tuple[str, str], AlertLog]:  # fmt: skip
    found = alert_logs(events, until_ms, rules or (CTR,), tuple(campaigns))
    return {(key.campaign_id, key.segment): log for key, log in found.items()}


def test_who_has_no_name_is_not_judged() -> None:
    for name in (None, "unknown"):
        assert logs(counted(800, 4, campaign=name)) == {}
    assert list(logs(counted(800, 4, campaign=""))) == [("", "all")]


@pytest.mark.parametrize(("minutes", "opened"), [(5, 0), (6, 1)])
def test_a_verdict_is_there_once_the_topics_are_read_up_to_its_cutoff(
    minutes: int, opened: int
) -> None:
    assert len(logs(counted(800, 4), until_ms=TEN + minutes * 60_000)) == opened


def test_the_row_of_the_window_judges_and_its_version_is_told() -> None:
    lower = replace(CTR, threshold=0.001, rule_version=2, valid_from_ms=TEN + WINDOW_MS)
    ended = replace(CTR, valid_to_ms=TEN + WINDOW_MS, channels="slack")
    events = counted(800, 4) + counted(800, 4, TEN + WINDOW_MS)
    [log] = logs(events, ended, lower).values()
    assert list(log.alerts) == [TEN]
    assert logs(counted(800, 4, TEN + WINDOW_MS), ended) == {}
    assert (log.alerts[TEN].verdict.rule_version, log.alerts[TEN].verdict.channels) == (1, "slack")


def test_an_own_row_wins_and_may_switch_the_rule_off() -> None:
    events = counted(800, 4) + counted(800, 4, campaign="d") + counted(800, 6, campaign="e")
    off = replace(CTR, rule_id="d", campaign_id="d", enabled=False)
    higher = replace(CTR, rule_id="e", campaign_id="e", threshold=0.03)
    assert set(logs(events, CTR, off, higher)) == {("c", "all"), ("e", "all")}
    assert logs(events, replace(CTR, enabled=False)) == {}


def test_an_unknown_channel_is_that_of_the_campaign_in_force_a_named_one_is_its_own() -> None:
    rules = [replace(CTR, segment=one) for one in Segment]
    campaigns = [
        CampaignVersion("c", 0, TEN + WINDOW_MS, "push"),
        CampaignVersion("c", TEN + WINDOW_MS, LATER, "search"),
    ]
    found = logs(counted(800, 4, region="de"), *rules, campaigns=campaigns)
    assert set(found) == {("c", "all"), ("c", "channel=push"), ("c", "region=de")}
    found = logs(counted(800, 4, channel="social"), *rules, campaigns=campaigns)
    assert set(found) == {("c", "all"), ("c", "channel=social"), ("c", "region=unknown")}
    assert set(logs(counted(800, 4), *rules)) == {
        ("c", "all"), ("c", "channel=unknown"), ("c", "region=unknown"),
    }  # fmt: skip


def test_only_the_segment_that_drops_fires() -> None:
    rules = [replace(CTR, segment=Segment.REGION)]
    events = counted(800, 4, region="de") + counted(800, 40, region="fr")
    assert set(logs(events, *rules)) == {("c", "region=de")}
    assert set(logs(events, *rules, CTR)) == {("c", "region=de")}


def test_events_of_the_funnel_have_a_channel_of_their_own() -> None:
    floor = RuleRow("B", Rule.RELATIVE_RATE, "click_to_signup", segment=Segment.CHANNEL)
    begin = TEN - DAY_MS - HOUR_MS
    events = []
    for window in range(begin, TEN + HOUR_MS, WINDOW_MS):
        events += counted(0, 20, window)
        usual = window < TEN
        events += [DistinctEvent("c", "signups", window, window, "unknown")] * (8 * usual)
    [log] = logs(events, floor).values()
    assert log.key.segment == "channel=unknown"
    elsewhere = [replace(one, channel="push") if one.name == "signups" else one for one in events]
    assert logs(elsewhere, floor) == {}


def test_z_grows_with_the_campaigns_that_are_judged_at_once() -> None:
    shared = replace(CTR, multiplicity=Multiplicity.BONFERRONI)
    events = counted(800, 4)
    assert set(logs(events, shared)) == {("c", "all")}
    others = [one for name in "abdef" for one in counted(1, 1, campaign=name)]
    assert logs(events + others, shared) == {}
    assert set(logs(events + others, CTR)) == {("c", "all")}
    # A campaign that had no impression in the same window does not count.
    apart = [replace(one, event_ms=TEN - WINDOW_MS, arrived_ms=TEN) for one in others]
    assert set(logs(events + apart, shared)) == {("c", "all")}


def test_the_plain_comparison_is_that_of_z_nought() -> None:
    plain = replace(CTR, z=0.0)
    assert set(logs(counted(100, 1), plain)) == {("c", "all")}
    assert logs(counted(1_000, 15), plain) == {}
    assert logs(counted(100, 1)) == {}


def test_a_rate_that_recovers_less_is_enough_where_the_row_says_so() -> None:
    windows = [TEN + n * WINDOW_MS for n in range(4)]
    events = [
        one
        for window, clicks in zip(windows, (4, 16, 16, 16), strict=True)
        for one in counted(1_000, clicks, window)
    ]
    for factor, state in ((1.1, State.OPEN), (1.0, State.RESOLVED)):
        [log] = logs(events, replace(CTR, resolve_factor=factor)).values()
        assert log.incidents[0].state is state


@pytest.mark.parametrize(
    ("begin", "end", "status", "is_judged"),
    [
        (TEN, TEN + 1, "PAUSED", False),
        (TEN + WINDOW_MS - 1, LATER, "PAUSED", False),
        (TEN - 1, TEN, "PAUSED", True),
        (TEN + WINDOW_MS, LATER, "PAUSED", True),
        (0, LATER, "ACTIVE", True),
        (0, LATER, None, True),
        (0, LATER, "DELETED", False),
    ],
)
def test_a_floor_judges_windows_that_are_active_all_through(
    begin: int, end: int, status: str | None, is_judged: bool
) -> None:
    floor = RuleRow("E", Rule.COUNT_FLOOR, "impressions", threshold=10, resolve_factor=1.1)
    version = CampaignVersion("c", begin, end, status=status)
    events = counted(1, 0)
    found = logs(events, floor, campaigns=[version], until_ms=TEN + WINDOW_MS + 60_000)
    assert bool(found) == is_judged


def test_a_campaign_is_judged_for_weeks_after_its_last_event() -> None:
    floor = RuleRow("E", Rule.COUNT_FLOOR, "impressions", threshold=10)
    [log] = logs(counted(1, 0), floor, until_ms=TEN + 40 * DAY_MS).values()
    assert max(log.alerts) == TEN + 28 * DAY_MS
    assert min(log.alerts) == TEN


def test_a_floor_without_a_number_says_nothing() -> None:
    assert logs(counted(1, 0), RuleRow("E", Rule.COUNT_FLOOR, "impressions")) == {}
    enabled = {(one.rule, one.metric) for one in DEFAULT_ROWS if one.enabled}
    assert len(enabled) == 12
    assert not any(rule is Rule.COUNT_FLOOR for rule, _ in enabled)


def test_both_evaluations_share_what_is_usual() -> None:
    """What arrives between the two cutoffs of a window in the past counts for both."""
    begin = TEN - WEEK_MS
    late = [Seen(begin, "impressions", begin + WINDOW_MS + HOUR_MS)] * 60
    too_late = [Seen(begin, "impressions", begin + WINDOW_MS + HOUR_MS + 1)] * 60
    series = Series(late + too_late)
    assert series.expected("impressions", TEN) == (5.0, "hour_of_week")
    assert series.count("impressions", begin, Evaluation.EARLY) == 0
    assert series.count("impressions", begin, Evaluation.FINAL) == 60


def test_the_usual_rate_is_folded_over_the_weeks() -> None:
    events = []
    for week, clicks in enumerate((20, 20, 20, 80)):
        at = TEN + week * WEEK_MS
        events += [Seen(at, "impressions", at)] * 1_000 + [Seen(at, "clicks", at)] * clicks
    series = Series(events)
    assert series.usual_rate("ctr", TEN + WEEK_MS) == (0.02, 1_000, "hour_of_week")
    usual, cases, _ = series.usual_rate("ctr", TEN + 4 * WEEK_MS)
    assert (usual, cases) == (0.02, 4_000)
    # Four weeks on only the last one is known, and the usual has moved by steps.
    usual, cases, _ = series.usual_rate("ctr", TEN + 7 * WEEK_MS)
    assert cases == 1_000
    steps = 0.02
    for middle in (0.02, 0.05, 0.08):
        steps = 0.2 * middle + 0.8 * steps
    assert usual == pytest.approx(steps)
    assert series.usual_rate("ctr", TEN + 12 * WEEK_MS)[:2] == (usual, 1_000)


def test_keys_are_those_of_the_log() -> None:
    [(key, log)] = alert_logs(counted(800, 4), LATER).items()
    assert key == log.key == Key("c", "all", "ctr", Rule.STATIC_RATE)
