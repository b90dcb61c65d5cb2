"""docs/scale.md multiplies what was measured, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tools.pages import scale

DRAIN: dict[str, Any] = {
    "machine": {"processor": "P", "commit": "a"},
    "runs": {"now": [{"cpu_microseconds_per_event": us} for us in (90.0, 60.0, 75.0)]},
}
COST: dict[str, Any] = {
    "machine": {"processor": "P", "commit": "b"},
    "services": {"kafka": {"cpu_seconds_per_million_records": 15.0}},
    "disk": {
        "tables_mib_per_million_records": {"one": 60.0, "two": 40.0},
        "topics_mib_per_million_records": 200.0,
    },
}


def test_an_event_costs_the_median_run_and_all_tables() -> None:
    one = scale.event_cost(DRAIN, COST)
    assert (one.stream_us, one.broker_us, one.all_us) == (75.0, 15.0, 90.0)
    # 100 MiB for a million.
    assert one.table_bytes == pytest.approx(104.8576)
    assert one.topic_bytes == pytest.approx(209.7152)


def test_a_million_a_second_takes_what_a_million_events_take() -> None:
    one = scale.event_cost(DRAIN, COST)
    rows = {
        cells[0]: cells[1:]
        for line in scale.by_rate(one).splitlines()
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    # 75 core seconds a second, of which 60 in 100 are busy: 125, so 32 executors of 4.
    assert rows["1,000,000"] == ["125.0", "32", "25.0", "100", "8,438", "16,875"]
    assert rows["5,000"][:4] == ["0.6", "1", "0.1", "4"]


def test_a_billion_events() -> None:
    text = scale.of_a_billion(scale.event_cost(DRAIN, COST))
    # 90,000 core seconds are 25 hours, of machines that are busy for 60 in 100: 41.7.
    assert "42 hours | $2.08" in text
    assert "98 GiB | $2.25 a month" in text
