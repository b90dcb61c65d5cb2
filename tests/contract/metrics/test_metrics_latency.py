"""The two formulas of latency on real Trino, against answers computed by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, Snapshot, answer, only

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def timed_lake(lake: MetricsLake) -> MetricsLake:
    """Batch 1 in two commits, the last 200 s ago; 2 was 100 s ago; 3 is staged; 0 is the oldest."""
    stamps = {
        number: lake.batch_summary(number, age, events=1, offsets=offsets)
        for number, age, offsets in (
            (0, 3_000, '{"0":2}'), (1, 200, '{"0":5,"1":3}'), (2, 100, '{"0":8,"1":95}'),
            (3, 50, '{"0":99,"1":99}'),
        )
    }  # fmt: skip
    for snapshot in (
        Snapshot(1, 3_000, stamps[0]),
        Snapshot(2, 203, stamps[1]),
        Snapshot(3, 200, stamps[1]),
        Snapshot(4, 100, stamps[2]),
        Snapshot(5, 90, {"total-records": "70"}),
        Snapshot(6, 50, stamps[3], is_current_ancestor=False),
    ):
        lake.add_snapshot(GOLD, snapshot)
    deliveries = [
        ("ad_events", 0, 0, 9_000, None), ("ad_events", 0, 1, 9_000, None),
        # Of batch 1: 6, 10, 12 and 30 s; one refused, one stamped 10 s after the commit.
        ("ad_events", 0, 2, 206, None), ("ad_events", 0, 3, 210, None),
        ("ad_events", 0, 4, 999, "BAD_ID"), ("ad_events", 1, 0, 212, None),
        ("ad_events", 1, 1, 230, None), ("ad_events", 1, 2, 190, None),
        # Of batch 2: 1, 4 and 5 s, and 92 of 2 s.
        ("ad_events", 0, 5, 101, None), ("ad_events", 0, 6, 104, None),
        ("ad_events", 0, 7, 105, None),
        *(("ad_events", 1, offset, 102, None) for offset in range(3, 95)),
        # In no batch yet, and of another history of the topic.
        ("ad_events", 0, 8, 120, None), ("ad_events@2", 0, 3, 700, None),
    ]  # fmt: skip
    lake.insert("bronze.ad_events", [
        (topic, partition, offset, lake.now - timedelta(seconds=age), reason)
        for topic, partition, offset, age, reason in deliveries
    ])  # fmt: skip
    return lake


def test_percentiles_are_those_of_all_events(timed_lake: MetricsLake) -> None:
    """In order: 0, 1, 92 times 2, 4 (the 95th), 5, 6, 10, 12 (the 99th), 30."""
    for given in ({}, {"minutes": "100"}):
        assert only(timed_lake, "freshness_of_events", **given) == {
            "events": 100,
            "freshness_seconds_p50": Decimal(2),
            "freshness_seconds_p95": Decimal(4),
            "freshness_seconds_p99": Decimal(12),
            "freshness_seconds_max": Decimal(30),
        }


def test_only_batches_of_the_last_minutes_count(timed_lake: MetricsLake) -> None:
    """In order: 1, 92 times 2, 4 (the 94th), 5 (the 95th)."""
    recent = only(timed_lake, "freshness_of_events", minutes="3")
    assert tuple(recent.values()) == (95, Decimal(2), Decimal(2), Decimal(5), Decimal(5))


def test_the_age_of_the_newest_event_and_how_it_deceives(lake: MetricsLake) -> None:
    def row(name: str, updated: int, *, seconds_ago: tuple[int | None, ...]) -> tuple[object, ...]:
        shown, clicked, converted = (
            None if ago is None else lake.now - timedelta(seconds=ago) for ago in seconds_ago
        )
        updated_ts = lake.now - timedelta(seconds=updated)
        state = (True, "[]", "u1", clicked)
        return (name, "c1", False, False, shown, converted, 1, 0, 0, updated_ts, *state)

    assert only(lake, "newest_event_age") == {
        "newest_event_at": None, "newest_event_age_seconds": None,
    }  # fmt: skip
    lake.insert(GOLD, [
        row("a", 90, seconds_ago=(500, None, None)),
        row("b", 90, seconds_ago=(None, 450, 400)),
        row("old", 5_000, seconds_ago=(10, None, None)),
    ])  # fmt: skip
    found = only(lake, "newest_event_age")
    assert found["newest_event_at"] == lake.now - timedelta(seconds=400)
    assert 400 <= found["newest_event_age_seconds"] < 460
    longer = only(lake, "newest_event_age", minutes="180")
    assert longer["newest_event_at"] == lake.now - timedelta(seconds=10)
    # One event from a clock that runs ahead: nothing new since, and the age is below zero.
    lake.insert(GOLD, [row("ahead", 90, seconds_ago=(-290, None, None))])
    assert answer(lake, "newest_event_age")[0]["newest_event_age_seconds"] < 0
