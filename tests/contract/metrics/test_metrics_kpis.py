"""The funnel by time, campaign and channel: worked examples, each on a day of its own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration

FUNNEL = "gold.campaign_funnel_5m"
COUNTS = (
    "impressions", "clicks", "conversions", "attributed_conversions", "signups", "activations",
    "shares", "completions", "late_events",
)  # fmt: skip


def window(
    at: str, counts: dict[str, int], *, cost: str = "0", revenue: str = "0",
    campaign: str = "camp_1", channel: str = "search",
) -> tuple[Any, ...]:  # fmt: skip
    begin = utc(at)
    return (
        campaign, channel, "de", begin, begin + timedelta(minutes=5),
        *(counts.get(name, 0) for name in COUNTS), Decimal(cost), Decimal(revenue),
    )  # fmt: skip


def day(number: str) -> dict[str, str]:
    """The span of a day of November."""
    return {"since": f"2026-11-{number}", "until": f"2026-11-{int(number) + 1:02}"}


@pytest.fixture(scope="module")
def first(lake: MetricsLake) -> MetricsLake:
    """The day of P1 and P2."""
    lake.insert(FUNNEL, [
        window("10:00", {"impressions": 600, "clicks": 50}, cost="1.2"),
        window("10:55", {"impressions": 400, "signups": 10, "activations": 4}, cost="0.8"),
        window("11:30", {"impressions": 3_000, "clicks": 30}, cost="6", revenue="4"),
    ])  # fmt: skip
    return lake


def test_p1_an_hour(first: MetricsLake) -> None:
    row = only(first, "campaign_kpis", since="2026-11-01T10:00", until="2026-11-01T11:00")
    assert [row[name] for name in ("impressions", "clicks", "signups", "activations")] == [
        1_000, 50, 10, 4,
    ]  # fmt: skip
    assert (row["ctr"], row["click_to_signup"], row["signup_to_activation"]) == (
        Decimal("0.05"), Decimal("0.2"), Decimal("0.4"),
    )  # fmt: skip
    assert (row["total_cost"], row["cpc"], row["cpa"]) == (
        Decimal("2.000000"), Decimal("0.040000"), Decimal("0.500000"),
    )  # fmt: skip
    assert row["roas"] == 0


def test_p2_rates_of_a_day_are_from_its_sums(first: MetricsLake) -> None:
    hours = answer(first, "campaign_kpis", bucket="hour", **day("01"))
    assert [(row["bucket_at"], row["ctr"]) for row in hours] == [
        (utc("10:00"), Decimal("0.05")), (utc("11:00"), Decimal("0.01")),
    ]  # fmt: skip
    whole = only(first, "campaign_kpis", bucket="day", **day("01"))
    assert (whole["bucket_at"], whole["impressions"], whole["clicks"]) == (utc("00:00"), 4_000, 80)
    assert (whole["ctr"], whole["click_to_signup"]) == (Decimal("0.02"), Decimal("0.125"))
    assert whole["roas"] == Decimal("0.5")


def test_p5_channels_side_by_side_and_together(lake: MetricsLake) -> None:
    lake.insert(FUNNEL, [
        window("2026-11-05T10:00", {"signups": 2}, channel="email"),
        window("2026-11-05T10:00", {"clicks": 4, "signups": 6}, channel="push"),
        window("2026-11-05T10:05", {"impressions": 9}, channel="push", campaign="camp_2"),
    ])  # fmt: skip
    of_day = day("05")
    rows = answer(lake, "campaign_comparison", compared="channel", **of_day)
    assert [(row["name"], row["clicks"], row["signups"]) for row in rows] == [
        ("push", 4, 6), ("email", 0, 2),
    ]  # fmt: skip
    assert [row["click_to_signup"] for row in rows] == [Decimal("1.5"), None]
    campaigns = answer(lake, "campaign_comparison", **day("05"))
    assert [(row["name"], row["click_to_signup"]) for row in campaigns] == [
        ("camp_2", None), ("camp_1", Decimal(2)),
    ]  # fmt: skip
    assert [row["name"] for row in answer(lake, "campaign_comparison", most="1", **day("05"))] == [
        "camp_2"
    ]
    total = only(lake, "campaign_kpis", campaign_id="camp_1", **day("05"))
    assert (total["clicks"], total["signups"], total["click_to_signup"]) == (4, 8, Decimal(2))
    push = only(lake, "campaign_kpis", campaign_id="camp_1", channel="push", **day("05"))
    assert push["signups"] == 6


def test_p3_a_window_counts_by_its_beginning(lake: MetricsLake) -> None:
    lake.insert(FUNNEL, [
        window("2026-11-06T10:55", {"clicks": 1}), window("2026-11-06T11:00", {"clicks": 10}),
        window("2026-11-06T12:00", {"clicks": 100}), window("2026-11-06T12:05", {"clicks": 1_000}),
    ])  # fmt: skip
    row = only(lake, "campaign_kpis", since="2026-11-06T11:00", until="2026-11-06T12:03")
    assert row["clicks"] == 110


def test_launches_of_two_campaigns(lake: MetricsLake) -> None:
    counts = (1, 2, 0, 0, 0, 0, 0, 0, 0, Decimal(1), Decimal(0))
    for name, hour in (("b", 1), ("a", 3), ("a", 0), ("other", 0)):
        columns = f"'{name}', {hour}, " + ", ".join(map(str, counts))
        lake.client.records(f"INSERT INTO memory.gold.campaign_launch_curve VALUES ({columns})")
    rows = answer(lake, "campaign_launches", campaign_id="a", compare_to="b")
    assert [(row["campaign_id"], row["hours_since_launch"]) for row in rows] == [
        ("a", 0), ("a", 3), ("b", 1),
    ]  # fmt: skip
    assert len(answer(lake, "campaign_launches")) == 4
