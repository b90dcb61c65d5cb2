"""Metrics where there is little or nothing to measure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adlake.contracts.law import CROWDED_EVENTS
from adlake.metrics.query import metric_names
from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, Snapshot, answer, only, utc

pytestmark = pytest.mark.integration


@pytest.fixture
def lake(metrics_lake: MetricsLake) -> MetricsLake:
    """Empty tables for each test: what one has put in is no edge of another."""
    metrics_lake.empty()
    return metrics_lake


@pytest.mark.parametrize("name", metric_names())
def test_empty_tables_give_null_not_an_error(lake: MetricsLake, name: str) -> None:
    for row in answer(lake, name):
        for column in ("roas", "ctr", "cvr", "lag_seconds_avg", "seconds_since_commit"):
            assert row.get(column) is None


def test_buckets_are_provisional_for_seven_days(lake: MetricsLake) -> None:
    for age_days in (6.9, 7.1):
        shown_at = lake.now - timedelta(days=age_days)
        lake.insert(GOLD, [("i", "c1", False, False, shown_at, None, 1, 0, 0, lake.now)])
    rows = answer(lake, "performance_over_time", bucket="minute")
    assert [row["is_provisional"] for row in rows] == [False, True]


def test_crowded_impressions_are_listed_most_events_first(lake: MetricsLake) -> None:
    def state(events: int) -> str:
        shortest = ({"e": str(n), "t": 0, "r": 1, "m": 0, "i": 0} for n in range(events))
        return json.dumps(list(shortest), separators=(",", ":"))

    def row(name: str, events_state: str, *, engaged: bool = True) -> tuple[Any, ...]:
        return (name, "c1", True, False, None, None, 1, 0, 0, lake.now, engaged, events_state)

    long_text = json.dumps([{"e": "x" * 20_000, "t": 0, "r": 1, "m": 0, "i": 0}])
    lake.insert(GOLD, [row("undefined", state(300)), row("null", state(CROWDED_EVENTS))])
    lake.insert(
        GOLD,
        [
            row("a", state(CROWDED_EVENTS)),
            row("real", state(CROWDED_EVENTS - 1)),
            row("long", long_text),
        ],
    )
    lake.insert(GOLD, [row("lone", state(1), engaged=False)])
    listed = answer(lake, "crowded_impressions")
    assert [tuple(one.values()) for one in listed] == [
        ("undefined", "c1", 300, lake.now, 3),
        ("a", "c1", 256, lake.now, 3),
        ("null", "c1", 256, lake.now, 3),
    ]
    assert answer(lake, "crowded_impressions", most="1") == listed[:1]


def test_rejects_count_a_stored_twice_offset_once(lake: MetricsLake) -> None:
    lake.insert("bronze.ad_events", [
        ("t", 0, 1, utc("10:00"), "BAD_ID"),
        ("t", 0, 1, utc("10:00"), "BAD_ID"),
        ("t", 1, 1, utc("10:05"), "BAD_ID"),
        ("t", 0, 2, utc("09:00"), "MISSING_KEY"),
        ("t", 0, 3, utc("10:00"), None),
    ])  # fmt: skip
    assert [tuple(row.values()) for row in answer(lake, "rejected_by_reason")] == [
        ("BAD_ID", 2, utc("10:05")),
        ("MISSING_KEY", 1, utc("09:00")),
    ]
    later = answer(lake, "rejected_by_reason", since="2026-11-01T10:01")
    assert [tuple(row.values()) for row in later] == [("BAD_ID", 1, utc("10:05"))]


def test_rejects_with_odd_times_are_shown(lake: MetricsLake) -> None:
    times = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC),
        datetime(5000, 6, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
    ]
    # As text: the client writes the year 1 in a form that Trino does not read.
    rows = [("t", 0, n, at.isoformat(" "), f"REASON_{n}") for n, at in enumerate(times)]
    lake.insert("bronze.ad_events", rows)
    shown = {row["reject_reason"]: row for row in answer(lake, "rejected_by_reason")}
    assert [shown[f"REASON_{n}"]["newest_arrival_at"] for n in range(4)] == times
    since = answer(lake, "rejected_by_reason", since="1970-01-01")
    odd = {row["reject_reason"] for row in since if row["reject_reason"].startswith("REASON_")}
    assert odd == {"REASON_2", "REASON_3"}


def test_future_stamps_do_not_hide_a_stall(lake: MetricsLake) -> None:
    future = lake.batch_summary(0, 1_000, events=5, ages_ms=(-9_999_999, -9_999_999, -9_999_999))
    lake.add_snapshot(GOLD, Snapshot(1, 1_000, future))
    record = only(lake, "freshness")
    assert record["freshness_seconds_p99"] is None
    # The lake was made some time before it is asked; a stall that is hidden would be no age at all.
    assert 1_000 <= record["seconds_since_commit"] < 1_600
    assert only(lake, "freshness", minutes="60")["freshness_seconds_p99"] == 0


def test_a_published_past_did_not_wait_and_a_backlog_did(lake: MetricsLake) -> None:
    hours = (20 * 3_600_000, 21 * 3_600_000, 22 * 3_600_000)
    past = lake.batch_summary(1, 5, events=5, ages_ms=hours)
    lake.add_snapshot(GOLD, Snapshot(2, 5, past))
    names = [f"freshness_seconds_{name}" for name in ("p50", "p95", "p99")]
    [newest] = answer(lake, "batches", most="1")
    for record in (only(lake, "freshness"), newest):
        assert [record[name] for name in names] == [None, None, None]
    # The lake is older than the events: they waited, whatever Iceberg forgot of its snapshots.
    first_at = lake.now - timedelta(hours=21, minutes=1)
    lake.insert("audit.completeness_ledger", [("ad_events", 1, 5, 0, first_at)])
    [newest] = answer(lake, "batches", most="1")
    for record in (only(lake, "freshness"), newest):
        assert [record[name] for name in names] == [72_000, 75_600, None]
