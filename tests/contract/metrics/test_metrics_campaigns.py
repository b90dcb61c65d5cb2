"""Campaign metrics on real Trino, against answers computed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adlake.io.sql.trino import rendered
from adlake.metrics.query import load_metric
from tests.fixtures.trino.metrics_lake import MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def campaign_lake(lake: MetricsLake) -> MetricsLake:
    lake.add_impression(
        "i1", "c1", "10:00", cost="1.5", clicked=True, converted_at="11:00", revenue="20"
    )
    lake.add_impression("i2", "c1", "10:30", cost="0.5", clicked=True, out_of_window="5")
    lake.add_impression("i3", "c1", "11:05", cost="1.000001")
    lake.add_impression(
        "i4", "c2", "11:10", cost="0", clicked=True, converted_at="11:40", revenue="0.1"
    )
    lake.add_impression("i5", "c2", "11:59:59.999", cost="0")
    lake.add_impression("i6", "c3", "12:00", cost="2")
    lake.add_impression(
        "o1", "c1", None, cost=None, clicked=True, converted_at="11:30", revenue="7"
    )
    lake.add_impression("o2", "c1", None, cost=None, out_of_window="3", updated_hours_ago=1)
    lake.add_impression(
        "o3", "c9", None, cost=None, clicked=True, converted_at="12:15", revenue="2",
        updated_hours_ago=5.9,
    )  # fmt: skip
    start = utc("2026-01-01T00:00")
    lake.insert("dims.dim_campaigns", [
        ("c1", "Old name", "social", start, False),
        ("c1", "Autumn sale", "search", utc("2026-06-01T00:00"), True),
        ("c2", "Brand", "video", start, True),
        ("c2", "Brand, entered twice", "video", utc("2025-01-01T00:00"), True),
    ])  # fmt: skip
    return lake


def test_rates_divide_sums_and_ignore_orphans(campaign_lake: MetricsLake) -> None:
    assert only(campaign_lake, "roas") == {
        "spend": Decimal("5.000001"),
        "revenue": Decimal("20.1"),
        "roas": Decimal("4.019999196"),
    }
    assert only(campaign_lake, "ctr") == {
        "impressions": 6, "clicked_impressions": 3, "ctr": Decimal("0.5"),
    }  # fmt: skip
    assert only(campaign_lake, "cvr") == {
        "clicked_impressions": 3, "converted_impressions": 2, "cvr": Decimal("0.666666667"),
    }  # fmt: skip
    assert only(campaign_lake, "attribution_lag") == {
        "converted_impressions": 2,
        "lag_seconds_avg": Decimal(2700),
        "lag_seconds_min": Decimal(1800),
        "lag_seconds_max": Decimal(3600),
    }


def test_totals_agree_with_the_single_metrics(campaign_lake: MetricsLake) -> None:
    for given in ({}, {"campaign_id": "c1"}, {"since": "2026-11-01T11:00"}):
        totals = only(campaign_lake, "performance_totals", **given)
        for name in ("roas", "ctr", "cvr"):
            single = only(campaign_lake, name, **given)
            assert {column: totals[column] for column in single} == single
        lag = only(campaign_lake, "attribution_lag", **given)
        assert totals["attribution_lag_seconds"] == lag["lag_seconds_avg"]


@pytest.mark.parametrize(
    ("given", "impressions"),
    [
        ({"since": "2026-11-01T11:10"}, 3),
        ({"until": "2026-11-01T11:10"}, 3),
        ({"since": "2026-11-01T12:00:00+01:00", "until": "2026-11-01T12:00Z"}, 3),
        ({"campaign_id": "c2"}, 2),
        ({"campaign_id": "c2' OR '1'='1"}, 0),
    ],
)
def test_parameters_select_half_open_ranges(
    campaign_lake: MetricsLake, given: dict[str, str], impressions: int
) -> None:
    assert only(campaign_lake, "ctr", **given)["impressions"] == impressions


def test_campaigns_are_ordered_by_spend_with_their_current_name(
    campaign_lake: MetricsLake,
) -> None:
    rows = answer(campaign_lake, "campaign_performance")
    assert [tuple(row.values()) for row in rows] == [
        ("c1", "Autumn sale", "search", 3, 2, 1, Decimal("3.000001"), Decimal(20),
         Decimal("0.666666667"), Decimal("0.5"), Decimal("6.666664444"), 3),
        ("c3", None, None, 1, 0, 0, Decimal(2), Decimal(0), Decimal(0), None, Decimal(0), 3),
        ("c2", "Brand", "video", 2, 1, 1, Decimal(0), Decimal("0.1"), Decimal("0.5"),
         Decimal(1), None, 3),
    ]  # fmt: skip
    assert answer(campaign_lake, "campaign_performance", most="2") == rows[:2]


def test_hours_follow_the_impression(campaign_lake: MetricsLake) -> None:
    rows = answer(campaign_lake, "performance_over_time")
    assert [tuple(row.values())[:-1] for row in rows] == [
        (utc("10:00"), 2, 2, 1, Decimal(2), Decimal(20), Decimal(1), Decimal("0.5"), Decimal(10)),
        (utc("11:00"), 3, 1, 1, Decimal("1.000001"), Decimal("0.1"), Decimal("0.333333333"),
         Decimal(1), Decimal("0.0999999")),
        (utc("12:00"), 1, 0, 0, Decimal(2), Decimal(0), Decimal(0), None, Decimal(0)),
    ]  # fmt: skip
    funnel = answer(campaign_lake, "funnel_by_hour")
    assert [tuple(row.values()) for row in funnel] == [
        (*tuple(row.values())[:4], row["ctr"], row["cvr"]) for row in rows
    ]
    assert [tuple(row.values()) for row in answer(campaign_lake, "funnel")] == [
        (1, "impression", 6, None, Decimal(1)),
        (2, "click", 3, Decimal("0.5"), Decimal("0.5")),
        (3, "conversion", 2, Decimal("0.666666667"), Decimal("0.333333333")),
    ]
    for bucket, begin in (("day", "11-01"), ("month", "11-01"), ("year", "01-01")):
        longer = answer(campaign_lake, "performance_over_time", bucket=bucket)
        found = [(row["bucket_at"], row["impressions"]) for row in longer]
        assert found == [(utc(f"2026-{begin}T00:00"), 6)]


def test_revenue_follows_the_conversion_and_shows_orphans(campaign_lake: MetricsLake) -> None:
    rows = answer(campaign_lake, "revenue_over_time")
    assert [tuple(row.values()) for row in rows] == [
        (utc("11:00"), 3, Decimal("27.1"), Decimal(7)),
        (utc("12:00"), 1, Decimal(2), Decimal(2)),
    ]
    assert only(campaign_lake, "orphan_revenue") == {
        "orphan_rows": 3,
        "orphan_conversions": 2,
        "orphan_revenue": Decimal(9),
        "confirmed_orphan_revenue": Decimal(7),
        "orphan_revenue_out_of_window": Decimal(3),
    }


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("roas", "sum(cost)", "avg(cost)"),
        ("ctr", "sum(clicked_impressions)", "sum(converted_impressions)"),
        ("cvr", "date_basis = 'impression'", "date_basis = 'conversion'"),
        ("attribution_lag", "'millisecond'", "'second'"),
        ("roas", "WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)",
         "WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), 'c1')"),
    ],
)  # fmt: skip
def test_a_planted_mistake_changes_the_answer(
    campaign_lake: MetricsLake, name: str, right: str, wrong: str
) -> None:
    metric = load_metric(name)
    planted = metric.sql.replace(right, wrong)
    assert planted != metric.sql
    statement = rendered(planted, metric.bound_values({}))
    assert campaign_lake.client.one(*statement) != only(campaign_lake, name)
