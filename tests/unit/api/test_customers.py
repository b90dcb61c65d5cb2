"""Customer routes: filters, shapes and refusals; the lake is a double, its numbers are tested in
tests/contract/metrics/test_metrics_customers.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from adlake.api.customer_answers import SEGMENTS, StageName
from adlake.customers.contract import Segment, Stage
from tests.unit.api.parts import LakeDouble, parts_with

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
ROW: dict[str, Any] = {
    "user_id": "u1", "name": None, "email_sha256": None, "geo_country": "DE", "created_at": None,
    "is_active": True, "order_count": 2, "lifetime_value": Decimal("5000.010000"),
    "first_order_time": TEN, "last_order_time": TEN + timedelta(minutes=3), "delivered_count": 7,
    "failed_count": 3, "activation_count": 10, "engagement_rate": 0.7,
    "lifecycle_stage": "evangelist", "previous_stage": "high-value", "stage_changed_at": TEN,
    "propensity_score": Decimal("0.620000"), "propensity_band": "high",
    "segments": ["active_customers", "big_spenders", "likely_buyers", "responsive"],
    "rule_version": 1, "last_updated_ts": TEN, "customers": 7,
}  # fmt: skip
ENTRY: dict[str, Any] = {
    "entered_at": TEN, "stage": "customer", "left_at": None, "order_count": 1,
    "lifetime_value": Decimal("5000.000000"), "engagement_rate": 0.0,
}  # fmt: skip
SIZE: dict[str, Any] = {
    "segment": "big_spenders", "customers": 3, "rule_version": 1, "as_of_date": date(2026, 4, 2),
}  # fmt: skip
ROUTES = ("/customers", "/customers/u1", "/customers/u1/history", "/segments",
          "/segments/lapsed/members")  # fmt: skip


@pytest.fixture
def lake() -> LakeDouble:
    return LakeDouble({"customers": [ROW], "customer_history": [ENTRY], "segment_sizes": [SIZE]})


@pytest.fixture
def api(lake: LakeDouble) -> TestClient:
    return TestClient(build_app(parts_with(lake)))


def test_names_are_those_of_the_rules() -> None:
    assert tuple(map(str, Segment)) == SEGMENTS
    assert get_args(StageName) == tuple(map(str, Stage))


def test_customers_of_a_stage_and_a_segment(api: TestClient, lake: LakeDouble) -> None:
    asked = {"stage": "evangelist", "segment": "responsive", "limit": "5"}
    answer = api.get("/customers", params=asked).json()
    assert (answer["source"], answer["customers"]) == ("lake", 7)
    [told] = answer["rows"]
    assert set(told) == set(ROW) - {"customers"}
    assert (told["lifetime_value"], told["propensity_score"]) == ("5000.010000", "0.620000")
    assert told["last_order_time"] == "2026-03-02T10:03:00Z"
    given = {"stage": "evangelist", "segment": "responsive", "most": "5"}
    assert lake.asked == [("customers", given)]


def test_one_customer_and_the_history(api: TestClient, lake: LakeDouble) -> None:
    told = api.get("/customers/u1").json()
    assert (told["user_id"], told["source"]) == ("u1", "lake")
    history = api.get("/customers/u1/history").json()
    [entry] = history["stages"]
    assert (history["user_id"], entry["left_at"], entry["lifetime_value"]) == (
        "u1", None, "5000.000000",
    )  # fmt: skip
    assert lake.asked == [
        ("customers", {"user_id": "u1", "most": "1"}), ("customer_history", {"user_id": "u1"}),
    ]  # fmt: skip


def test_every_segment_has_a_size_and_members(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/segments").json()
    sizes = {one["segment"]: one["customers"] for one in answer["segments"]}
    assert sizes == dict.fromkeys(SEGMENTS, 0) | {"big_spenders": 3}
    assert answer["as_of_date"] == "2026-04-02"
    assert len(api.get("/segments/lapsed/members").json()["rows"]) == 1
    assert lake.asked[-1] == ("customers", {"segment": "lapsed", "most": "100"})


def test_an_empty_lake_has_no_customers_and_no_day(api: TestClient, lake: LakeDouble) -> None:
    lake.rows.clear()
    assert api.get("/customers").json() == {"source": "lake", "customers": 0, "rows": []}
    assert api.get("/segments").json()["as_of_date"] is None


def test_who_is_unknown_is_not_found(api: TestClient, lake: LakeDouble) -> None:
    lake.rows.clear()
    for path in ("/customers/x' OR '1'='1", "/customers/nobody/history"):
        answer = api.get(path)
        assert (answer.status_code, "no customer is called" in answer.json()["detail"]) == (
            404, True,
        )  # fmt: skip
    assert api.get("/segments/rich/members").status_code == 404


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/customers?stage=rich", "stage"), ("/customers?segment=rich", "segment"),
        ("/customers?limit=501", "limit"), ("/segments/lapsed/members?limit=0", "limit"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(api: TestClient, path: str, name: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422
    assert name in answer.json()["detail"][0]["loc"]


@pytest.mark.parametrize("path", ROUTES)
def test_without_trino_it_says_so(api: TestClient, lake: LakeDouble, path: str) -> None:
    lake.is_away = True
    assert api.get(path).status_code == 503
