"""KPI routes: spans of time, shapes and refusals; the lake is a double, its numbers are tested in
tests/contract/metrics/test_metrics_kpis.py."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from tests.unit.api.parts import LakeDouble, parts_with

P1: dict[str, Any] = {
    "impressions": 1_000, "clicks": 50, "conversions": 3, "attributed_conversions": 2,
    "signups": 10, "activations": 4, "shares": 0, "completions": 0, "late_events": 1,
    "total_cost": Decimal("2.000000"), "revenue": Decimal("12.500000"), "ctr": Decimal("0.05"),
    "cvr": Decimal("0.06"), "click_to_signup": Decimal("0.2"),
    "signup_to_activation": Decimal("0.4"), "share_rate": Decimal(0),
    "completion_rate": Decimal(0), "roas": Decimal("6.25"), "cpc": Decimal("0.040000"),
    "cpa": Decimal("0.500000"),
}  # fmt: skip


@pytest.fixture
def lake() -> LakeDouble:
    return LakeDouble({"campaign_kpis": [{"bucket_at": None, **P1}]}, {"camp_1"})


@pytest.fixture
def api(lake: LakeDouble) -> TestClient:
    return TestClient(build_app(parts_with(lake)))


def test_p3_the_newest_minutes_begin_with_a_whole_window(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/funnels/realtime", params={"as_of": "2026-03-02T13:03:00+01:00"})
    assert answer.status_code == 200
    [(metric, given)] = lake.asked
    assert metric == "campaign_kpis"
    assert given == {"since": "2026-03-02T11:00:00+00:00", "until": "2026-03-02T12:03:00+00:00"}
    told = answer.json()
    assert (told["from"], told["to"]) == ("2026-03-02T11:00:00Z", "2026-03-02T12:03:00Z")
    assert (told["minutes"], told["freshness_s"], told["total_cost"]) == (60, 12.0, "2.000000")
    assert [tuple(step.values()) for step in told["steps"]] == [
        ("impressions", 1_000, None), ("clicks", 50, 0.05), ("signups", 10, 0.2),
        ("activations", 4, 0.4),
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", ["0", "1441", "abc"])
def test_minutes_outside_of_a_day_are_named(api: TestClient, minutes: str) -> None:
    answer = api.get("/funnels/realtime", params={"minutes": minutes})
    assert answer.status_code == 422
    assert "minutes" in answer.text


def test_nothing_happened_is_zeros(api: TestClient, lake: LakeDouble) -> None:
    lake.rows.clear()
    told = api.get("/funnels/realtime", params={"campaign_id": "c", "channel": "push"}).json()
    assert [(step["count"], step["rate_from_previous"]) for step in told["steps"]] == [
        (0, None)
    ] * 4
    assert lake.asked[0][1].items() >= {"campaign_id": "c", "channel": "push"}.items()
    [bucket] = api.get("/campaigns/camp_1/kpis").json()["buckets"]
    assert (bucket["impressions"], bucket["ctr"], bucket["cpa"]) == (0, None, None)
    assert api.get("/campaigns/camp_1/kpis", params={"grain": "hour"}).json()["buckets"] == []


def test_money_is_text_and_rates_are_fractions(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/campaigns/camp_1/kpis")
    assert answer.status_code == 200
    [bucket] = answer.json()["buckets"]
    texts = {name for name, value in P1.items() if isinstance(value, Decimal)}
    assert {name: bucket[name] for name in texts if isinstance(bucket[name], str)} == {
        "total_cost": "2.000000", "revenue": "12.500000", "cpc": "0.040000", "cpa": "0.500000",
    }  # fmt: skip
    assert (bucket["ctr"], bucket["roas"], bucket["late_events"]) == (0.05, 6.25, 1)
    # 2026-03-02T10:00:00Z, the moment of the test, begins a window that is going on.
    assert lake.asked[0][1]["until"] == "2026-03-02T10:05:00+00:00"
    assert lake.asked[0][1]["since"] == "2026-03-01T10:05:00+00:00"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"from": "2026-03-02T10:01:00Z"}, "from"),
        ({"to": "2026-03-02T10:00:01Z"}, "to"),
        ({"from": "2026-03-02T10:05:00Z", "to": "2026-03-02T10:05:00Z"}, "from"),
        ({"from": "2026-03-01T10:05:00Z", "grain": "hour"}, "from"),
        ({"from": "2026-03-01T10:00:00Z", "grain": "day"}, "from"),
        ({"from": "2026-03-02T10:00:00"}, "from"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
        ({"to": "0001-01-01T00:05:00Z"}, "to"),
        ({"grain": "week"}, "grain"),
    ],
)  # fmt: skip
def test_what_is_no_span_of_whole_windows_is_named(
    api: TestClient, given: dict[str, str], named: str
) -> None:
    answer = api.get("/campaigns/camp_1/kpis", params=given)
    assert answer.status_code == 422
    assert [found["loc"] for found in answer.json()["detail"]] == [["query", named]]


def test_a_campaign_nobody_heard_of(api: TestClient, lake: LakeDouble) -> None:
    injected = "x' OR '1'='1"
    assert api.get(f"/campaigns/{injected}/kpis").status_code == 404
    other = api.get("/campaigns/camp_1/kpis", params={"compare_to": "nobody"})
    assert other.status_code == 404
    assert "nobody" in other.json()["detail"]
    assert lake.asked == []


def test_two_launches_are_aligned_by_hours(api: TestClient, lake: LakeDouble) -> None:
    lake.known.add("camp_2")
    lake.rows["campaign_launches"] = [
        {"campaign_id": "camp_1", "hours_since_launch": 0, **P1},
        {"campaign_id": "camp_2", "hours_since_launch": 0, **P1, "clicks": 20},
        {"campaign_id": "camp_2", "hours_since_launch": 3, **P1, "clicks": 30},
    ]
    told = api.get("/campaigns/camp_1/kpis", params={"compare_to": "camp_2"}).json()
    clicks = [
        (
            hour["hours_since_launch"],
            *(hour[name] and hour[name]["clicks"] for name in ("campaign", "compared")),
        )
        for hour in told["launches"]
    ]
    assert clicks == [(0, 50, 20), (3, None, 30)]


def test_comparison(api: TestClient, lake: LakeDouble) -> None:
    lake.rows["campaign_comparison"] = [{"name": "push", **P1}]
    answer = api.get("/campaigns/compare", params={"by": "channel", "limit": 7})
    assert [row["name"] for row in answer.json()["rows"]] == ["push"]
    assert lake.asked[0][1].items() >= {"compared": "channel", "most": "7"}.items()
    assert api.get("/campaigns/compare").status_code == 422
    assert api.get("/campaigns/compare", params={"by": "colour"}).status_code == 422
    assert api.get("/campaigns/compare", params={"by": "channel", "limit": 501}).status_code == 422


@pytest.mark.parametrize(
    "path", ["/funnels/realtime", "/campaigns/compare?by=channel", "/campaigns/camp_1/kpis"]
)
def test_a_trino_that_is_away_is_told(api: TestClient, lake: LakeDouble, path: str) -> None:
    lake.is_away = True
    answer = api.get(path)
    assert answer.status_code == 503
    assert "make up" in answer.json()["detail"]


def test_the_moment_of_the_test() -> None:
    assert parts_with().now_ms() == datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp() * 1_000
