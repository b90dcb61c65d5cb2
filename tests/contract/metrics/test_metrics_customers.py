"""Customers, their histories and segments, put in by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.customer_rows import ELEVEN, TEN, customer
from tests.fixtures.trino.metrics_lake import MetricsLake, answer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def peopled(lake: MetricsLake) -> MetricsLake:
    """A customer of high value, one who only ordered, and one who never did."""
    lake.insert("gold.customer_360", [
        customer("rich", "6000", "high-value", ["active_customers", "big_spenders"]),
        customer("poor", "10", "customer", ["active_customers", "lapsed"]),
        customer("new", "0", "prospect", ["prospects"]),
    ])  # fmt: skip
    return lake


def users(rows: list[dict[str, Any]]) -> list[str]:
    return [one["user_id"] for one in rows]


def test_customers_come_by_value_and_are_filtered(peopled: MetricsLake) -> None:
    rows = answer(peopled, "customers")
    assert (users(rows), rows[0]["customers"]) == (["rich", "poor", "new"], 3)
    newest = answer(peopled, "customers", most="1")
    assert (users(newest), newest[0]["customers"]) == (["rich"], 3)
    assert users(answer(peopled, "customers", stage="customer")) == ["poor"]
    assert users(answer(peopled, "customers", segment="active_customers")) == ["rich", "poor"]
    assert users(answer(peopled, "customers", segment="lapsed", stage="high-value")) == []
    [one] = answer(peopled, "customers", user_id="rich")
    assert (one["lifetime_value"], one["segments"]) == (
        Decimal("6000.000000"), ["active_customers", "big_spenders"],
    )  # fmt: skip
    assert answer(peopled, "customers", user_id="x' OR '1'='1") == []


def test_a_history_is_that_of_one_customer_in_order(peopled: MetricsLake) -> None:
    rows = answer(peopled, "customer_history", user_id="poor")
    assert [(one["stage"], one["entered_at"], one["left_at"]) for one in rows] == [
        ("prospect", TEN, ELEVEN), ("customer", ELEVEN, None),
    ]  # fmt: skip
    assert (rows[1]["order_count"], rows[1]["engagement_rate"]) == (1, 0.5)
    assert answer(peopled, "customer_history") == []


def test_segments_have_their_sizes_and_the_day(peopled: MetricsLake) -> None:
    sizes = {one["segment"]: one["customers"] for one in answer(peopled, "segment_sizes")}
    assert sizes == {"active_customers": 2, "big_spenders": 1, "lapsed": 1, "prospects": 1}
    assert {one["as_of_date"] for one in answer(peopled, "segment_sizes")} == {date(2026, 4, 2)}


def test_ads_of_a_user_stand_beside_the_customer_and_none_are_zero(peopled: MetricsLake) -> None:
    """Who saw ads and is no customer makes no row; what was never shown counts for nobody."""
    peopled.add_impression("i1", "c1", "10:00", cost="0.5", user="rich", clicked=True)
    peopled.add_impression("i2", "c1", "10:01", cost="0.5", user="rich", clicked=True,
                           converted_at="10:30", revenue="7.25")  # fmt: skip
    peopled.add_impression("i3", "c2", "10:02", cost="0.5", user="rich")
    peopled.add_impression("i4", "c2", None, cost=None, user="rich", clicked=True,
                           converted_at="10:40", revenue="9")  # fmt: skip
    peopled.add_impression("i5", "c1", "10:03", cost="0.5", user="stranger", clicked=True)
    rows = peopled.client.records(
        "SELECT user_id, ad_impressions, ad_clicks, attributed_conversions, attributed_revenue, "
        "order_count FROM memory.gold.customer_360_with_ads ORDER BY user_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("new", 0, 0, 0, Decimal(0), 0), ("poor", 0, 0, 0, Decimal(0), 1),
        ("rich", 3, 2, 1, Decimal("7.250000"), 1),
    ]  # fmt: skip
