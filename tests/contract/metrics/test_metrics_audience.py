"""Who saw the impressions and how often, on real Trino, against answers computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import MetricsLake, answer, only

pytestmark = pytest.mark.integration

THIRD, TWO_THIRDS = Decimal("0.333333333"), Decimal("0.666666667")


@pytest.fixture(scope="module")
def audience_lake(lake: MetricsLake) -> MetricsLake:
    """Users 1 to 3 are known, 1 twice by mistake; a bot is not; one impression has no user."""

    def shown(row_id: str, campaign: str, user: str | None, at: str, cost: str) -> None:
        lake.add_impression(row_id, campaign, at, cost=cost, user=user)

    def bought(
        row_id: str, user: str | None, at: str, cost: str, *, converted_at: str, revenue: str
    ) -> None:
        lake.add_impression(
            row_id, "c1", at, cost=cost, user=user, clicked=True, converted_at=converted_at,
            revenue=revenue,
        )  # fmt: skip

    bought("i1", "u1", "10:00", "1", converted_at="13:00", revenue="20")
    shown("i2", "c1", "u1", "11:00", "1")
    shown("i3", "c2", "u1", "12:00", "1")
    shown("i4", "c1", "u1", "13:00", "1")
    shown("i5", "c1", "u1", "13:00:00.001", "1")
    lake.add_impression("i6", "c1", "10:00", cost="2", user="u2", clicked=True)
    bought("i7", "u2", "14:00", "2", converted_at="14:30", revenue="5")
    for number in (8, 9, 10):
        lake.add_impression(f"i{number}", "c1", "10:00", cost="0.5", user="bot", clicked=True)
    bought("i11", None, "10:00", "3", converted_at="10:30", revenue="7")
    shown("i12", "c2", "u3", "10:00", "4")
    lake.add_impression(
        "o1", "c1", None, cost=None, user="u1", clicked=True, converted_at="11:30", revenue="9"
    )
    lake.insert("dims.dim_users", [
        ("u1", "loyal", "25-34", "f", "DE"), ("u1", "loyal", "25-34", "f", "DE"),
        ("u2", "loyal", None, "m", "DE"), ("u3", "new", "35-44", "m", "FR"),
        ("u9", "never seen", "35-44", "m", "FR"),
    ])  # fmt: skip
    return lake


def values(lake: MetricsLake, name: str, **given: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in answer(lake, name, **given)]


def test_every_impression_is_in_one_audience(audience_lake: MetricsLake) -> None:
    rows = values(audience_lake, "audience_performance")
    # audience, reach, impressions, clicked, converted, spend, revenue, ctr, cvr, roas
    assert rows == [
        ("loyal", 2, 7, 3, 2, Decimal(9), Decimal(25), Decimal("0.428571429"), TWO_THIRDS,
         Decimal("2.777777778")),
        ("new", 1, 1, 0, 0, Decimal(4), Decimal(0), Decimal(0), None, Decimal(0)),
        ("(no user)", 0, 1, 1, 1, Decimal(3), Decimal(7), Decimal(1), Decimal(1),
         Decimal("2.333333333")),
        ("(not in dim_users)", 1, 3, 3, 0, Decimal("1.5"), Decimal(0), Decimal(1), Decimal(0),
         Decimal(0)),
    ]  # fmt: skip
    totals = only(audience_lake, "performance_totals")
    for name, place in (("impressions", 2), ("spend", 5), ("revenue", 6)):
        assert sum(row[place] for row in rows) == totals[name]


@pytest.mark.parametrize(
    ("column", "impressions"),
    [
        ("age_band", {"25-34": 5, "35-44": 1, "(not said)": 2}),
        ("gender", {"f": 5, "m": 3}),
        ("country", {"DE": 7, "FR": 1}),
    ],
)
def test_any_column_of_users_makes_groups(
    audience_lake: MetricsLake, column: str, impressions: dict[str, int]
) -> None:
    found = {
        row["audience"]: row["impressions"]
        for row in answer(audience_lake, "audience_performance", audience_by=column)
    }
    assert found == {**impressions, "(no user)": 1, "(not in dim_users)": 3}


def test_an_audience_is_cut_by_campaign_and_time(audience_lake: MetricsLake) -> None:
    given = {"campaign_id": "c1", "since": "2026-11-01T10:00:00.001", "until": "2026-11-01T14:00"}
    (row,) = answer(audience_lake, "audience_performance", **given)
    assert (row["audience"], row["impressions"], row["spend"]) == ("loyal", 3, Decimal(3))


def test_reach_counts_a_user_once(audience_lake: MetricsLake) -> None:
    # campaign, is_total, impressions, of them without user, reach, frequency, campaigns
    rows = [
        (None, True, 12, 1, 4, Decimal("2.75"), 2),
        ("c1", False, 10, 1, 3, Decimal(3), 2),
        ("c2", False, 2, 0, 2, Decimal(1), 2),
    ]
    assert values(audience_lake, "reach_and_frequency") == rows
    assert values(audience_lake, "reach_and_frequency", most="1") == rows[:2]
    assert values(audience_lake, "reach_and_frequency", campaign_id="c2") == [
        (None, True, 2, 0, 2, Decimal(1), 1), ("c2", False, 2, 0, 2, Decimal(1), 1),
    ]  # fmt: skip


def test_frequency_is_counted_by_user_and_campaign(audience_lake: MetricsLake) -> None:
    # frequency, users, impressions, users who clicked, users who converted, revenue
    assert values(audience_lake, "frequency_distribution") == [
        (1, 2, 2, 0, 0, Decimal(0)),
        (2, 1, 2, 1, 1, Decimal(5)),
        (3, 1, 3, 1, 0, Decimal(0)),
        (4, 1, 4, 1, 1, Decimal(20)),
    ]


def test_impressions_up_to_the_conversion_are_counted(audience_lake: MetricsLake) -> None:
    # User 1: 10:00, 11:00 and 13:00 itself, not 1 ms later, nor the other campaign.
    assert values(audience_lake, "effective_frequency") == [
        (2, 1, Decimal(5), THIRD, THIRD),
        (3, 1, Decimal(20), THIRD, TWO_THIRDS),
        (None, 1, Decimal(7), THIRD, Decimal(1)),
    ]
    assert values(audience_lake, "effective_frequency", since="2026-11-01T10:30") == [
        (1, 1, Decimal(5), Decimal(1), Decimal(1))
    ]
