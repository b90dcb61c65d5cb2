"""Spend against the budget in force on real Trino, against answers computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration

FOR_EVER = "9999-12-31T00:00"
VERSIONS: tuple[tuple[str, str, str, str, str | None, str | None], ...] = (
    ("c1", "Sale", "2025-10-01T00:00", "2025-11-02T12:00", "DAILY", "10"),
    ("c1", "Sale", "2025-11-02T12:00", "2025-11-04T06:00", "DAILY", "20"),
    ("c1", "Sale", "2025-11-04T06:00", "2025-11-05T00:00", "DAILY", "5"),
    ("c1", "Sale, renamed", "2025-11-05T00:00", FOR_EVER, "MONTHLY", "100"),
    ("c2", "Brand", "2025-01-01T00:00", "2025-11-10T00:00", "LIFETIME", "70"),
    ("c2", "Brand", "2025-11-10T00:00", FOR_EVER, "LIFETIME", "50"),
    ("c4", "No amount", "2025-01-01T00:00", FOR_EVER, "DAILY", None),
    ("c5", "No type", "2025-01-01T00:00", FOR_EVER, None, "9"),
    ("c6", "Nothing", "2025-01-01T00:00", FOR_EVER, "DAILY", "0"),
)
IMPRESSIONS = (
    ("c1", "2025-09-01T10:00", "0.5"),
    ("c1", "2025-11-01T00:00", "4"), ("c1", "2025-11-01T23:59:59.999", "3"),
    ("c1", "2025-11-02T11:59:59.999", "8"), ("c1", "2025-11-02T12:00", "10"),
    ("c1", "2025-11-03T00:00", "21.000001"),
    ("c1", "2025-11-04T05:00", "12"), ("c1", "2025-11-04T07:00", "1"),
    ("c1", "2025-11-05T00:00", "30"), ("c1", "2025-11-30T23:59:59.999", "80"),
    ("c1", "2099-12-01T00:00", "1"),
    ("c2", "2024-12-31T10:00", "0.25"), ("c2", "2025-02-01T10:00", "20"),
    ("c2", "2025-11-20T10:00", "45"),
    ("c3", "2025-11-01T10:00", "2"), ("c4", "2025-11-01T10:00", "3"),
    ("c5", "2025-11-01T10:00", "1.5"), ("c6", "2025-11-03T10:00", "6"),
)  # fmt: skip


@pytest.fixture(scope="module")
def budget_lake(lake: MetricsLake) -> MetricsLake:
    lake.insert("dims.dim_campaigns", [
        (campaign, name, "search", utc(start), end == FOR_EVER, utc(end), kind,
         None if amount is None else Decimal(amount))
        for campaign, name, start, end, kind, amount in VERSIONS
    ])  # fmt: skip
    for number, (campaign, at, cost) in enumerate(IMPRESSIONS):
        lake.add_impression(f"i{number}", campaign, at, cost=cost)
    lake.add_impression(
        "o1", "c1", None, cost=None, clicked=True, converted_at="11:30", revenue="7"
    )
    return lake


def rows(lake: MetricsLake, budget_type: str, **given: str) -> list[tuple[Any, ...]]:
    """Campaign, day of the period's start, is_open, impressions and the money, without names."""
    found = answer(lake, "budget_spend", budget_type=budget_type, **given)
    return [
        (
            row["campaign_id"],
            row["period_start"] and row["period_start"].date().isoformat(),
            *list(row.values())[4:-1],
        )
        for row in found
    ]


def money(*texts: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)


# campaign, period, is_open, impressions; spend, budget, largest budget, spent share, overspend
DAILY = [
    ("c1", "2025-11-04", False, 2, *money("13", "5", "20", "2.6", "0")),
    ("c1", "2025-11-03", False, 1, *money("21.000001", "20", "20", "1.05000005", "1.000001")),
    ("c6", "2025-11-03", False, 1, *money("6", "0", "0", None, "6")),
    ("c1", "2025-11-02", False, 2, *money("18", "20", "20", "0.9", "0")),
    ("c1", "2025-11-01", False, 2, *money("7", "10", "10", "0.7", "0")),
]
MONTHLY = [
    ("c1", "2099-12-01", True, 1, *money("1", "100", "100", "0.01", "0")),
    ("c1", "2025-11-01", False, 2, *money("110", "100", "100", "1.1", "10")),
]
LIFETIME = [("c2", None, True, 2, *money("65", "50", "70", "1.3", "0"))]
NONE = [
    ("c4", "2025-11-01", False, 1, *money("3", None, None, None, None)),
    ("c3", "2025-11-01", False, 1, *money("2", None, None, None, None)),
    ("c5", "2025-11-01", False, 1, *money("1.5", None, None, None, None)),
    ("c1", "2025-09-01", False, 1, *money("0.5", None, None, None, None)),
    ("c2", "2024-12-31", False, 1, *money("0.25", None, None, None, None)),
]


@pytest.mark.parametrize(
    ("budget_type", "expected"),
    [("DAILY", DAILY), ("MONTHLY", MONTHLY), ("LIFETIME", LIFETIME), ("NONE", NONE)],
)
def test_each_impression_counts_under_the_budget_in_force_at_its_time(
    budget_lake: MetricsLake, budget_type: str, expected: list[tuple[Any, ...]]
) -> None:
    assert rows(budget_lake, budget_type) == expected


def test_the_four_types_together_are_all_the_spend(budget_lake: MetricsLake) -> None:
    every = [*DAILY, *MONTHLY, *LIFETIME, *NONE]
    totals = only(budget_lake, "performance_totals")
    assert sum(row[4] for row in every) == totals["spend"] == Decimal("248.250001")
    assert sum(row[3] for row in every) == totals["impressions"] == len(IMPRESSIONS)


@pytest.mark.parametrize(
    ("budget_type", "given", "expected"),
    [
        ("DAILY", {"since": "2025-11-02T23:59", "until": "2025-11-04T00:00"}, DAILY[1:4]),
        ("DAILY", {"since": "2025-11-04T00:00", "until": "2025-11-04T00:00:00.001"}, DAILY[:1]),
        ("DAILY", {"since": "2025-11-04T00:30+01:00", "campaign_id": "c1"}, DAILY[:2]),
        ("DAILY", {"most": "2"}, DAILY[:2]),
        ("MONTHLY", {"since": "2025-11-20T00:00", "until": "2025-11-21T00:00"}, MONTHLY[1:]),
        ("MONTHLY", {"until": "2025-11-01T00:00"}, []),
        ("LIFETIME", {"since": "2025-11-15T00:00", "until": "2025-11-16T00:00"}, LIFETIME),
        ("NONE", {"until": "2025-11-01T00:00"}, NONE[3:]),
    ],
)
def test_a_period_is_whole_or_not_there(
    budget_lake: MetricsLake, budget_type: str, given: dict[str, str], expected: list[Any]
) -> None:
    if given.get("campaign_id"):
        expected = [row for row in expected if row[0] == given["campaign_id"]]
    assert rows(budget_lake, budget_type, **given) == expected


def test_a_period_has_the_newest_name_and_all_are_counted(budget_lake: MetricsLake) -> None:
    (first,) = answer(budget_lake, "budget_spend", most="1")
    assert (first["campaign_name"], first["periods"]) == ("Sale", len(DAILY))
    assert first["period_end"] == utc("2025-11-05T00:00")
    monthly = answer(budget_lake, "budget_spend", budget_type="MONTHLY")
    assert {row["campaign_name"] for row in monthly} == {"Sale, renamed"}
