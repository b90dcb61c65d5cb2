"""Incidents, the alert log, its rules and the windows around an incident, put in by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.metrics.test_metrics_kpis import FUNNEL, window
from tests.fixtures.alert_rows import alert, incident, rule
from tests.fixtures.trino.metrics_lake import MetricsLake, answer, utc

pytestmark = pytest.mark.integration

TEN = utc("10:00")
FIVE = timedelta(minutes=5)
ID = "campaign_id"
PUSH = {"campaign_id": "cmp_102", "segment": "channel=push"}


@pytest.fixture(scope="module")
def alerted(lake: MetricsLake) -> MetricsLake:
    """Two incidents that are open, and three of before that are over."""
    lake.insert("gold.alert_incidents", [
        incident("old", TEN, state="resolved", closed_at=utc("10:31"), fired_windows=2,
                 last_window_start=TEN + FIVE, closing_window_start=utc("10:25"),
                 closing_value=0.02, closing_threshold=0.0165, closing_k=20, closing_n=1_000),
        incident("taken back", utc("09:00"), state="withdrawn", closed_at=utc("10:05"),
                 fired_windows=0),
        incident("silent", utc("12:00"), metric="impressions", rule="D", alert_type="silence",
                 opening_threshold=14.5, last_value=0, last_threshold=15.0, last_k=0, last_n=0),
        incident("push", utc("13:00"), **PUSH),
        incident("long", utc("2026-09-01T00:00"), state="resolved",
                 last_window_start=utc("2026-10-01T00:00")),
    ])  # fmt: skip
    lake.insert("gold.alerts_log", [
        alert("a1", "old", TEN),
        alert("a2", "old", TEN + FIVE, value=0.006, threshold=0.016, sample_k=6, sample_n=1_000),
        alert("a3", "taken back", utc("09:00"), status="withdrawn"),
        alert("a4", "silent", utc("12:00"), metric="impressions", rule="D", alert_type="silence",
              value=0, threshold=14.5, sample_k=0, sample_n=0, bound=5e-7),
        alert("a5", "push", utc("13:00"), evaluation="final", **PUSH),
        alert("a6", "other", utc("13:00"), alert_type="volume_drop", campaign_id="cmp_103"),
        # The window of another one.
        alert("a7", "another", TEN, metric="cvr"),
    ])  # fmt: skip
    lake.insert(FUNNEL, [
        counted("09:00", impressions=100), counted("09:55", impressions=1_000, clicks=20),
        counted("10:00", impressions=800, clicks=4),
        # What came late is in what was measured, not in the log.
        counted("10:05", impressions=1_000, clicks=9), counted("10:10", clicks=3),
        counted("10:25", impressions=600, clicks=12, channel="push"),
        counted("10:25", impressions=400, clicks=8), counted("11:55", impressions=30),
        counted("13:00", impressions=800, clicks=4, campaign="cmp_102", channel="push"),
        counted("13:00", impressions=800, clicks=80, campaign="cmp_102", channel="email"),
    ])  # fmt: skip
    return lake


def counted(
    at: str, *, campaign: str = "cmp_101", channel: str = "search", **counts: int
) -> tuple[Any, ...]:
    return window(at, counts, campaign=campaign, channel=channel)


def names(rows: list[dict[str, Any]], column: str = "incident_id") -> list[str]:
    return [row[column] for row in rows]


def test_open_incidents_come_first_that_opened_last(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alerts_active")
    assert names(rows) == ["push", "silent"]
    assert [row["incidents"] for row in rows] == [2, 2]
    silent = rows[1]
    assert [silent[name] for name in ("last_value", "threshold", "sample_k", "sample_n")] == [
        0, 15.0, 0, 0,
    ]  # fmt: skip
    newest = answer(alerted, "alerts_active", most="1")
    assert (names(newest), newest[0]["incidents"]) == (["push"], 2)
    assert names(answer(alerted, "alerts_active", campaign_id="cmp_102")) == ["push"]
    assert names(answer(alerted, "alerts_active", metric="impressions")) == ["silent"]
    assert answer(alerted, "alerts_active", campaign_id="x' OR '1'='1") == []


def test_history_has_every_incident_by_when_it_opened(alerted: MetricsLake) -> None:
    assert names(answer(alerted, "alert_incidents")) == [
        "push", "silent", "old", "taken back", "long",
    ]  # fmt: skip
    # It opened at 10:06, though its first window began at 10:00.
    given = {"since": "2026-11-01T10:06", "until": "2026-11-01T12:06"}
    [old] = answer(alerted, "alert_incidents", **given)
    assert (old["incident_id"], old["state"], old["closed_at"]) == ("old", "resolved", utc("10:31"))
    assert (old["closing_k"], old["closing_n"], old["closing_threshold"]) == (20, 1_000, 0.0165)
    assert names(answer(alerted, "alert_incidents", campaign_id="cmp_102")) == ["push"]
    assert names(answer(alerted, "alert_incidents", metric="impressions")) == ["silent"]
    assert names(answer(alerted, "alert_incidents", most="1")) == ["push"]


def test_the_log_has_what_fired_also_what_was_withdrawn(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alerts_log", until="2026-11-01T12:00")
    assert [(row["alert_id"], row["status"]) for row in rows] == [
        ("a2", "fired"), ("a1", "fired"), ("a7", "fired"), ("a3", "withdrawn"),
    ]  # fmt: skip
    assert (rows[1]["value"], rows[1]["bound"], rows[1]["alert_time"]) == (
        0.005, 0.014994122, utc("10:06"),
    )  # fmt: skip
    since = answer(alerted, "alerts_log", since="2026-11-01T12:00")
    assert names(since, "alert_id") == ["a5", "a6", "a4"]
    assert names(answer(alerted, "alerts_log", campaign_id="cmp_103"), "alert_id") == ["a6"]
    assert names(answer(alerted, "alerts_log", metric="impressions"), "alert_id") == ["a4"]
    newest = answer(alerted, "alerts_log", most="1")
    assert (names(newest, "alert_id"), newest[0]["alerts"]) == (["a5"], 7)


def test_firings_by_hour_and_kind(alerted: MetricsLake) -> None:
    kinds = ("performance_drops", "volume_drops", "silences", "withdrawn")
    rows = answer(alerted, "alerts_over_time")
    assert [(row["bucket_at"], *(row[kind] for kind in kinds)) for row in rows] == [
        (utc("09:00"), 0, 0, 0, 1), (utc("10:00"), 3, 0, 0, 0), (utc("12:00"), 0, 0, 1, 0),
        (utc("13:00"), 1, 1, 0, 0),
    ]  # fmt: skip


def test_windows_around_an_incident(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alert_series", incident_id="old", hours="1")
    by_window = {row["window_start"]: row for row in rows}
    assert list(by_window) == [utc("09:00") + number * FIVE for number in range(30)]
    # Nothing was shown at 10:10: a rate of nothing is NULL.
    measured = {at: by_window[utc(at)]["measured"] for at in ("09:55", "10:00", "10:05", "10:10")}
    assert measured == {
        "09:55": Decimal("0.02"), "10:00": Decimal("0.005"), "10:05": Decimal("0.009"),
        "10:10": None,
    }  # fmt: skip
    assert by_window[utc("10:25")]["measured"] == Decimal("0.02")
    assert {at: row["fired_value"] for at, row in by_window.items() if row["status"]} == {
        TEN: 0.005, TEN + FIVE: 0.006,
    }  # fmt: skip
    assert [by_window[utc(at)]["threshold"] for at in ("09:00", "10:00", "10:05", "11:00")] == [
        0.015, 0.015, 0.016, 0.016,
    ]  # fmt: skip


def test_a_window_without_events_has_a_count_of_zero(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alert_series", incident_id="silent", hours="1")
    measured = {row["window_start"]: row["measured"] for row in rows}
    assert (measured[utc("11:55")], measured[utc("12:00")]) == (30, 0)


def test_a_segment_alone_and_the_newest_incident(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alert_series")
    assert set(names(rows)) == {"push"}
    assert [row["measured"] for row in rows if row["window_start"] == utc("13:00")] == [
        Decimal("0.005")
    ]
    assert answer(alerted, "alert_series", incident_id="nobody") == []


def test_a_long_incident_shows_its_last_week(alerted: MetricsLake) -> None:
    rows = answer(alerted, "alert_series", incident_id="long")
    assert (len(rows), rows[-1]["window_start"]) == (2_016, utc("2026-10-01T03:00"))


def test_a_window_with_a_firing_is_marked_in_the_kpis(alerted: MetricsLake) -> None:
    rows = alerted.client.records(
        "SELECT campaign_id, window_start, is_alert FROM memory.gold.campaign_kpis_5m "
        "WHERE campaign_id LIKE 'cmp%'"
    )
    assert len(rows) == len({(row[ID], row["window_start"]) for row in rows}) == 8
    assert {(row[ID], row["window_start"]) for row in rows if row["is_alert"]} == {
        ("cmp_101", TEN), ("cmp_101", TEN + FIVE), ("cmp_102", utc("13:00")),
    }  # fmt: skip
    assert all(row["is_alert"] is not None for row in rows)


def test_rules_of_a_campaign_are_its_own_and_those_of_all(lake: MetricsLake) -> None:
    lake.insert("dims.alert_rules", [
        rule("A-ctr", rule_version=1, valid_to=utc("10:00")),
        rule("A-ctr", rule_version=2, valid_from=utc("10:00")),
        rule("A-ctr-own", campaign_id="cmp_101", enabled=False),
        rule("B-cvr", rule="B", metric="cvr", threshold=None, z=None),
    ])  # fmt: skip
    rows = answer(lake, "alert_rules")
    assert [(row["rule_id"], row["rule_version"], row["is_in_force"]) for row in rows] == [
        ("A-ctr", 2, True), ("A-ctr", 1, False), ("A-ctr-own", 1, True), ("B-cvr", 1, True),
    ]  # fmt: skip
    assert len(answer(lake, "alert_rules", campaign_id="cmp_101")) == 4
    other = answer(lake, "alert_rules", campaign_id="cmp_102", metric="ctr")
    assert names(other, "rule_id") == ["A-ctr", "A-ctr"]
    assert names(answer(lake, "alert_rules", most="1"), "rule_id") == ["A-ctr"]
