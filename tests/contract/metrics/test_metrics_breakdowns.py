"""Creatives, properties, lags and other lookbacks on real Trino, against answers worked by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration

SHOWN = utc("2026-11-01T10:00")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MS = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def broken_down_lake(lake: MetricsLake) -> MetricsLake:
    def add(
        row_id: str, *, creative: str | None = "b1", country: str | None = "DE",
        platform: str | None = "ios", campaign: str = "c1", cost: str = "1",
        clicks: tuple[timedelta, ...] = (), values: tuple[tuple[timedelta, int], ...] = (),
        attributed: tuple[timedelta, timedelta, int] | None = None, days_later: int = 0,
    ) -> None:  # fmt: skip
        """An impression; clicks and conversions so long after it; click, time, value attributed."""
        shown = SHOWN + days_later * DAY

        def event(key: str, rank: int, after: timedelta, units: int) -> dict[str, Any]:
            at = round((shown + after).timestamp() * 1000)
            return {"e": key, "t": at, "r": rank, "m": units * 1_000_000, "c": campaign, "i": at}

        events = [event("i", 0, 0 * DAY, 1)]
        events += [event(f"k{n}", 1, after, 0) for n, after in enumerate(clicks)]
        events += [event(f"v{n}", 2, after, units) for n, (after, units) in enumerate(values)]
        click, converted, value = attributed or (None, None, 0)
        lake.insert(GOLD, [(
            row_id, campaign, bool(clicks), attributed is not None, shown,
            None if converted is None else shown + converted, Decimal(cost), value, 0, SHOWN,
            len(events) > 1, json.dumps(events), None,
            None if click is None else shown + click, creative, country, platform,
        )])  # fmt: skip

    # Click at once, conversion a minute later to the ms.
    add("a", cost="2", clicks=(0 * DAY,), values=((MINUTE, 10),),
        attributed=(0 * DAY, MINUTE, 10))  # fmt: skip
    # One ms more than a minute after the click; two days and that after the impression.
    add("b", creative="b2", country="FR", clicks=(2 * DAY,), values=((2 * DAY + MINUTE + MS, 20),),
        attributed=(2 * DAY, 2 * DAY + MINUTE + MS, 20))  # fmt: skip
    # Seven days to the ms, and a repeat; under a lookback of one day the repeat alone counts.
    seventh = 7 * DAY - MS
    add("c", creative="b3", platform="web", clicks=(0 * DAY, 7 * DAY),
        values=((seventh, 40), (7 * DAY, 5)), attributed=(0 * DAY, seventh, 40))  # fmt: skip
    # Beyond the lookback by a ms.
    add("d", creative=None, country=None, platform=None, campaign="c2", cost="8",
        clicks=(0 * DAY,), values=((7 * DAY + MS, 80),))  # fmt: skip
    # No click before it; shown two days later.
    add("e", campaign="c2", clicks=(DAY,), values=((MINUTE, 160),), days_later=2)
    lake.insert("dims.dim_creatives", [
        ("b1", "banner", "c1", "Spring", "en"), ("b2", "video", "c1", "Film", "en"),
        ("b2", "video", "c1", "Film", "de"),
    ])  # fmt: skip
    return lake


def picked(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_creatives_have_their_names_and_are_counted(broken_down_lake: MetricsLake) -> None:
    rows = answer(broken_down_lake, "creative_performance", most="3")
    assert picked(rows, "creative_id", "creative_name", "creative_format", "impressions",
                  "clicked_impressions", "spend", "revenue", "roas", "creatives") == [
        (None, None, None, 1, 1, Decimal(8), Decimal(0), Decimal(0), 4),
        ("b1", "Spring", "banner", 2, 2, Decimal(3), Decimal(10), Decimal("3.333333333"), 4),
        ("b2", "Film", "video", 1, 1, Decimal(1), Decimal(20), Decimal(20), 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("country", [("(not said)", 1, 8, 0), ("DE", 3, 4, 50), ("FR", 1, 1, 20)]),
        ("platform", [("(not said)", 1, 8, 0), ("ios", 3, 4, 30), ("web", 1, 1, 40)]),
        ("format", [("(not said)", 2, 9, 40), ("banner", 2, 3, 10), ("video", 1, 1, 20)]),
    ],
)
def test_each_impression_is_in_one_group(
    broken_down_lake: MetricsLake, by: str, expected: list[tuple[Any, ...]]
) -> None:
    rows = answer(broken_down_lake, "breakdown_performance", breakdown_by=by)
    assert picked(rows, "property", "impressions", "spend", "revenue") == expected
    totals = only(broken_down_lake, "performance_totals")
    for name in ("impressions", "spend", "revenue", "clicked_impressions"):
        assert sum(row[name] for row in rows) == totals[name]


def test_a_band_of_lags_ends_with_its_bound(broken_down_lake: MetricsLake) -> None:
    rows = answer(broken_down_lake, "lag_distribution")
    assert len(rows) == 12
    filled = [row for row in rows if row["conversions"]]
    assert picked(filled, "band_number", "band", "conversions", "revenue", "share_up_to") == [
        (1, "1 minute", 1, 10, Decimal("0.333333333")),
        (2, "10 minutes", 1, 20, Decimal("0.666666667")),
        (11, "7 days", 1, 40, Decimal(1)),
    ]
    rows = answer(broken_down_lake, "lag_distribution", lag_from="impression")
    filled = [row for row in rows if row["conversions"]]
    assert picked(filled, "band", "conversions") == [("1 minute", 1), ("3 days", 1), ("7 days", 1)]
    empty = answer(broken_down_lake, "lag_distribution", campaign_id="c2")
    assert {row["share_up_to"] for row in empty} == {None}
    assert {row["conversions"] for row in empty} == {0}


def test_each_lookback_attributes_what_the_law_would(broken_down_lake: MetricsLake) -> None:
    rows = answer(broken_down_lake, "lookback_tuning", most_days="8")
    assert picked(rows, "lookback_days", "conversions", "revenue") == [
        (1, 3, Decimal(35)), *[(days, 3, Decimal(35)) for days in range(2, 7)],
        (7, 3, Decimal(70)), (8, 4, Decimal(150)),
    ]  # fmt: skip
    assert picked(rows[:1], "revenue_of_this_day") == [(None,)]
    assert picked(rows[-2:], "revenue_of_this_day") == [(Decimal(35),), (Decimal(80),)]
    assert rows[0]["share_of_longest"] == Decimal("0.233333333")
    in_force = only(broken_down_lake, "performance_totals")
    assert rows[6]["revenue"] == in_force["revenue"]


def test_lookbacks_of_a_time_or_campaign_without_conversions_are_zero(
    broken_down_lake: MetricsLake,
) -> None:
    later = answer(broken_down_lake, "lookback_tuning", most_days="2", since="2026-11-03T00:00")
    assert picked(later, "lookback_days", "conversions", "revenue", "share_of_longest") == [
        (1, 0, Decimal(0), None), (2, 0, Decimal(0), None),
    ]  # fmt: skip
    other = answer(broken_down_lake, "lookback_tuning", campaign_id="c2", most_days="8")
    assert [row["conversions"] for row in other] == [0] * 7 + [1]


def test_campaigns_to_choose_from_have_their_present_names(
    broken_down_lake: MetricsLake,
) -> None:
    never = utc("9999-12-31T00:00")
    broken_down_lake.insert("dims.dim_campaigns", [
        ("c1", "Old", "search", utc("2025-01-01T00:00"), False, SHOWN, "DAILY", 5, "ACTIVE"),
        ("c1", "New", "search", SHOWN, True, never, "DAILY", 5, "PAUSED"),
    ])  # fmt: skip
    assert answer(broken_down_lake, "campaign_list") == [
        {"campaign_id": "c1", "campaign_name": "New", "status": "PAUSED"}
    ]
