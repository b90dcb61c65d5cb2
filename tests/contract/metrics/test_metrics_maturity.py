"""Delay curve and maturity on real Trino, against answers computed by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, answer, utc

pytestmark = pytest.mark.integration

AS_OF = utc("2026-11-20T12:00")
"""The newest arrival: the wall clock is of no matter."""
OLD = AS_OF - timedelta(days=7)
"""The youngest impression that was observed for a whole lookback."""
HOUR = timedelta(hours=1)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def awaited_lake(lake: MetricsLake) -> MetricsLake:
    def add(
        shown_at: datetime, *, after: timedelta | None = None, arrives_later: timedelta = 0 * HOUR,
        revenue: str = "1", campaign: str = "c1", updated_at: datetime = OLD,
    ) -> None:  # fmt: skip
        """An impression and, so long after it, a conversion that arrives that much later."""
        converted_at = shown_at + after if after is not None else None
        events: list[dict[str, Any]] = [{"e": "i", "t": ms(shown_at), "r": 0, "m": 0, "i": 0}]
        if converted_at is not None:
            # A repeat that came at once is not the attributed one.
            arrived_ms = ms(converted_at + arrives_later)
            micros = int(Decimal(revenue) * 10**6)
            events += [
                {"e": "v", "t": ms(converted_at), "r": 2, "m": micros, "i": arrived_ms},
                {"e": "w", "t": ms(converted_at) + 1, "r": 2, "m": 1, "i": ms(shown_at)},
            ]
        is_converted = converted_at is not None
        lake.insert(GOLD, [(
            "i", campaign, is_converted, is_converted, shown_at, converted_at, 1,
            Decimal(revenue) if is_converted else 0, 0, updated_at, is_converted,
            json.dumps(events), None, None, None, "DE", "web", is_converted or None,
        )])  # fmt: skip

    # The cohort: arrived after 1 min, 90 min, 3 h (of them 2 on the way), 7 days to the ms.
    add(OLD, after=timedelta(minutes=1), revenue="10")
    add(OLD - HOUR, after=timedelta(minutes=89, seconds=59), revenue="20")
    add(OLD - 24 * HOUR, after=HOUR, arrives_later=2 * HOUR, revenue="30")
    add(OLD - 24 * HOUR, after=timedelta(days=7), revenue="40")
    # Its click came late, so its conversion came after the lookback of the impression.
    add(OLD - 48 * HOUR, after=timedelta(days=7, milliseconds=1), revenue="1000")
    # Too old for the cohort of 28 days; too young for any.
    add(OLD - timedelta(days=28), after=HOUR, campaign="c9")
    add(OLD + timedelta(milliseconds=1), after=timedelta(seconds=1), campaign="c9")
    # Young days: three impressions 24 hours old, one of two hours, one of this moment.
    for _ in range(2):
        add(AS_OF - 24 * HOUR, campaign="c9")
    add(AS_OF - 24 * HOUR, after=HOUR, campaign="c9")
    add(AS_OF - 2 * HOUR, campaign="c9")
    add(AS_OF, campaign="c9", updated_at=AS_OF)
    return lake


def test_the_curve_is_of_impressions_that_were_observed_for_a_lookback(
    awaited_lake: MetricsLake,
) -> None:
    rows = answer(awaited_lake, "conversion_delay_curve", fewest="4")
    curve = {int(row["delay_seconds"] / 60): row for row in rows}
    assert {m: row["arrived_conversions"] for m, row in curve.items() if m in (1, 60, 90, 120)} == {
        1: 1, 60: 1, 90: 2, 120: 2,
    }  # fmt: skip
    assert curve[180]["share_of_conversions"] == Decimal("0.75")
    assert curve[180]["share_of_revenue"] == Decimal("0.6")
    assert curve[8640]["arrived_conversions"] == 3
    last = rows[-1]
    assert (last["delay_seconds"], last["share_of_conversions"]) == (7 * 86_400, 1)
    assert {(r["conversions"], r["after_lookback"], r["as_of"]) for r in rows} == {(4, 1, AS_OF)}


def test_too_few_conversions_give_no_share(awaited_lake: MetricsLake) -> None:
    for row in answer(awaited_lake, "conversion_delay_curve", fewest="5"):
        assert (row["share_of_conversions"], row["share_of_revenue"]) == (None, None)
        assert row["conversions"] == 4
    for row in answer(awaited_lake, "maturity", fewest="5"):
        assert (row["maturity"], row["revenue_maturity"], row["expected_conversions"]) == (
            None, None, None,
        )  # fmt: skip
        assert row["curve_conversions"] is None


def test_a_curve_of_another_campaign_or_cohort(awaited_lake: MetricsLake) -> None:
    rows = answer(awaited_lake, "conversion_delay_curve", fewest="1", campaign_id="c9")
    assert {row["conversions"] for row in rows} == {0}
    assert {row["share_of_conversions"] for row in rows} == {None}
    [*_, longer] = answer(awaited_lake, "conversion_delay_curve", cohort_days="29")
    assert longer["conversions"] == 5
    [*_, shorter] = answer(awaited_lake, "conversion_delay_curve", cohort_days="1")
    assert shorter["conversions"] == 2


def test_a_day_is_as_mature_as_its_impressions_are_old(awaited_lake: MetricsLake) -> None:
    rows = answer(awaited_lake, "maturity", fewest="4", since="2026-11-13T12:00")
    found = [
        (f"{row['bucket_at']:%d}", row["impressions"], row["maturity"], row["revenue_maturity"],
         row["is_mature"])
        for row in rows
    ]  # fmt: skip
    assert found == [
        # One impression of the day lacks a millisecond; in a cell its youngest counts.
        ("13", 2, Decimal("0.75"), Decimal("0.6"), False),
        ("19", 3, Decimal("0.75"), Decimal("0.6"), False),
        # The hour ended an hour ago: a quarter of conversions, 10 of 100 money; this hour: 0.
        ("20", 2, Decimal("0.125"), Decimal("0.05"), False),
    ]
    assert {row["as_of"] for row in rows} == {AS_OF}
    assert rows[1]["expected_conversions"] == Decimal("1.333333333")


def test_a_day_is_mature_when_its_last_impression_is_a_lookback_old(
    awaited_lake: MetricsLake,
) -> None:
    [row] = answer(awaited_lake, "maturity", fewest="4", since="2026-11-12", until="2026-11-13")
    assert (row["maturity"], row["revenue_maturity"], row["is_mature"]) == (1, 1, True)


def test_minutes_have_ages_of_their_own(awaited_lake: MetricsLake) -> None:
    given = {"bucket": "minute", "since": "2026-11-20T09:00", "fewest": "4"}
    rows = answer(awaited_lake, "maturity", **given)
    assert [row["maturity"] for row in rows] == [Decimal("0.5"), 0]
    assert answer(awaited_lake, "maturity", campaign_id="c1", since="2026-11-19") == []


def test_a_campaign_is_as_mature_as_its_impressions_are_old(awaited_lake: MetricsLake) -> None:
    given = {"since": "2026-11-13T12:00", "fewest": "4"}
    found = {row["campaign_id"]: row for row in answer(awaited_lake, "campaign_maturity", **given)}
    # Four of six impressions at 0.75, one at 0.25, one at 0.
    assert found["c9"]["maturity"] == Decimal("0.541666667")
    assert found["c1"]["maturity"] == Decimal("0.75")
    assert {row["is_mature"] for row in found.values()} == {False}
    [largest] = answer(awaited_lake, "campaign_maturity", **given, most="1")
    assert (largest["campaign_id"], largest["campaigns"]) == ("c9", 2)
    old = answer(awaited_lake, "campaign_maturity", until="2026-11-13", fewest="4")
    assert [(row["maturity"], row["is_mature"]) for row in old] == [(1, True), (1, True)]
    for row in answer(awaited_lake, "campaign_maturity", fewest="5"):
        assert row["maturity"] is None


def test_filters_offer_the_values_that_there_are(awaited_lake: MetricsLake) -> None:
    rows = [tuple(row.values()) for row in answer(awaited_lake, "filter_values")]
    assert rows == [
        ("campaign_id", "c9", 7, 2), ("campaign_id", "c1", 5, 2),
        ("geo_country", "DE", 12, 1), ("platform", "web", 12, 1),
    ]  # fmt: skip
    first = answer(awaited_lake, "filter_values", most="1", until="2026-11-13")
    assert [row["filter_value"] for row in first] == ["c1", "DE", "web"]


@pytest.mark.parametrize(
    ("given", "impressions"),
    [({}, 12), ({"platform": "web"}, 12), ({"platform": "app"}, 0), ({"geo_country": "FR"}, 0)],
)
def test_country_and_platform_choose_rows(
    awaited_lake: MetricsLake, given: dict[str, str], impressions: int
) -> None:
    [totals] = answer(awaited_lake, "performance_totals", **given)
    buckets = answer(awaited_lake, "performance_over_time", bucket="year", **given)
    campaigns = answer(awaited_lake, "campaign_performance", **given)
    assert totals["impressions"] == impressions
    for rows in (buckets, campaigns):
        assert sum(row["impressions"] for row in rows) == impressions


def test_the_rows_behind_a_number_are_listed(awaited_lake: MetricsLake) -> None:
    converted = answer(awaited_lake, "impressions", only="converted", since="2026-11-13T12:00")
    assert [row["impression_time"] for row in converted] == [
        AS_OF - 24 * HOUR, OLD + timedelta(milliseconds=1), OLD,
    ]  # fmt: skip
    assert {row["impressions"] for row in converted} == {3}
    [newest] = answer(awaited_lake, "impressions", most="1")
    assert (newest["impression_time"], newest["impressions"]) == (AS_OF, 12)
