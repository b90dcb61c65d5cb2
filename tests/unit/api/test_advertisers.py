"""GET /advertisers, spend, serving and budgets of one, /serving/flips and /data-as-of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from adlake.api.budget_answers import CauseName, PeriodName
from adlake.budgets.contract import Cause, Period
from tests.unit.api.parts import LakeDouble, parts_with
from tests.unit.api.test_events import NOW_MS

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = datetime.fromtimestamp(NOW_MS / 1_000, UTC).isoformat()
MONEY = {name: Decimal("12.5") for name in ("gross_spend", "net_spend", "valid_spend")}
SERVING: dict[str, Any] = {
    "advertiser_id": "a1", "advertiser": "Ada", "status": "ACTIVE", "time_zone": "UTC",
    "can_serve": True, "since": TEN, "cause": "CREDIT", "budget_value": Decimal("100"),
    "period": "DAILY", "period_start": TEN, "period_end": TEN + timedelta(days=1), **MONEY,
    "clicks": 3, "reserve": Decimal("0.25"), "remaining": Decimal("87.5"),
    "spent_share": Decimal("0.125000000"), "pacing": Decimal("0.250000000"), "advertisers": 7,
}  # fmt: skip
BUCKET: dict[str, Any] = {
    "advertiser_id": "a1", "advertiser": "Ada", "bucket_start": TEN,
    "bucket_end": TEN + timedelta(hours=1), "local_day": date(2026, 3, 2), **MONEY,
    "credit_amount": Decimal(0), "overdelivery_amount": Decimal(0), "clicks": 3,
    "budget_value": None, "period": None, "average_budget": Decimal("1133.333333"),
    "can_serve": None, "buckets": 9,
}  # fmt: skip
BUDGET: dict[str, Any] = {
    "advertiser_id": "a1", "budget_value": Decimal("100"), "period": "DAILY", "start_ts": TEN,
    "end_ts": None, "is_current": True, "budgets": 2,
}  # fmt: skip
FLIP: dict[str, Any] = {
    "flip_id": "f" * 64, "advertiser_id": "a1", "advertiser": "Ada", "effective_at": TEN,
    "can_serve": True, "previous_can_serve": None, "cause": "FIRST_SEEN", "budget_value": None,
    "period": "DAILY", "period_start": TEN, "valid_spend": Decimal(0), "net_spend": Decimal(0),
    "reserve": Decimal(0), "flips": 4,
}  # fmt: skip
OF_ONE = ("/advertisers/a1/serving", "/advertisers/a1/spend", "/advertisers/a1/budgets",
          "/serving/flips?advertiser_id=a1")  # fmt: skip
KNOWN = ("advertisers", {"advertiser_id": "a1", "as_of": NOW, "most": "1"})


@pytest.fixture
def lake() -> LakeDouble:
    return LakeDouble({
        "advertisers": [SERVING], "advertiser_spend": [BUCKET], "advertiser_budgets": [BUDGET],
        "serving_flips": [FLIP], "data_as_of": [{"part": "budgets", "as_of": TEN}],
    })  # fmt: skip


@pytest.fixture
def api(lake: LakeDouble) -> TestClient:
    return TestClient(build_app(parts_with(lake)))


def test_names_are_those_of_the_rules() -> None:
    assert set(get_args(CauseName)) == set(map(str, Cause))
    assert set(get_args(PeriodName)) == set(map(str, Period))


def test_serving_of_all_and_of_one(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/advertisers?limit=5").json()
    told = api.get("/advertisers/a1/serving").json()
    assert answer == {"advertisers": 7, "rows": [told]}
    assert set(told) == set(SERVING) - {"advertisers"}
    assert (told["can_serve"], told["remaining"], told["pacing"]) == (True, "87.500000", 0.25)
    assert told["since"] == "2026-03-02T10:00:00Z"
    assert lake.asked == [("advertisers", {"as_of": NOW, "most": "5"}), KNOWN]


def test_spend_is_asked_by_grain_and_span(api: TestClient, lake: LakeDouble) -> None:
    span = {"from": "2026-03-02T01:00:00+01:00", "to": "2026-03-03T00:00:00Z"}
    answer = api.get("/advertisers/a1/spend", params=span | {"grain": "hour", "limit": "9"}).json()
    assert (answer["grain"], answer["buckets"]) == ("hour", 9)
    [told] = answer["rows"]
    assert (told["gross_spend"], told["budget_value"], told["average_budget"]) == (
        "12.500000", None, "1133.333333",
    )  # fmt: skip
    assert told["local_day"] == "2026-03-02"
    assert lake.asked == [("advertiser_spend", {
        "advertiser_id": "a1", "bucket": "hour", "since": "2026-03-02T00:00:00+00:00",
        "until": "2026-03-03T00:00:00+00:00", "as_of": NOW, "most": "9",
    })]  # fmt: skip


def test_budgets_of_one_and_the_log_of_flips(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/advertisers/a1/budgets").json()
    assert (answer["budgets"], answer["rows"][0]["budget_value"]) == (2, "100.000000")
    assert answer["rows"][0]["end_ts"] is None
    flips = api.get("/serving/flips?cause=SPEND").json()
    assert (flips["flips"], flips["rows"][0]["previous_can_serve"]) == (4, None)
    # What lies ahead has not happened: the log ends now, unless another end is asked for.
    assert lake.asked[-1] == ("serving_flips", {"cause": "SPEND", "until": NOW, "most": "100"})
    api.get("/serving/flips?to=2027-01-01T00:00:00Z")
    assert lake.asked[-1][1]["until"] == "2027-01-01T00:00:00+00:00"


def test_the_age_of_the_answers(api: TestClient) -> None:
    assert api.get("/data-as-of").json() == {"budgets": "2026-03-02T10:00:00Z", "customers": None}


def test_who_is_unknown_is_not_found_and_not_served(api: TestClient, lake: LakeDouble) -> None:
    lake.rows.clear()
    for path in OF_ONE:
        answer = api.get(path.replace("a1", "x' OR '1'='1"))
        assert (answer.status_code, "no advertiser is called" in answer.json()["detail"]) == (
            404, True,
        ), path  # fmt: skip
    assert api.get("/advertisers/nobody/serving").json()["can_serve"] is False
    assert api.get("/advertisers").json() == {"advertisers": 0, "rows": []}
    assert api.get("/serving/flips").json() == {"flips": 0, "rows": []}


def test_who_is_known_may_have_spent_nothing(api: TestClient, lake: LakeDouble) -> None:
    for name in ("advertiser_spend", "advertiser_budgets", "serving_flips"):
        lake.rows[name] = []
    for path in OF_ONE[1:]:
        answer = api.get(path)
        assert (answer.status_code, answer.json()["rows"]) == (200, [])
        assert lake.asked[-1] == KNOWN


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/advertisers?limit=501", "limit"), ("/advertisers/a1/budgets?limit=0", "limit"),
        ("/advertisers/a1/spend?grain=week", "grain"),
        ("/advertisers/a1/spend?from=2026-03-02T10:00:00", "from"),
        ("/advertisers/a1/spend?from=1772445600", "from"),
        ("/advertisers/a1/spend?from=2026-03-02T10:00:00Z&to=2026-03-02T10:00:00Z", "from"),
        ("/serving/flips?cause=WEATHER", "cause"), ("/serving/flips?limit=x", "limit"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(api: TestClient, lake: LakeDouble, path: str, name: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422
    assert name in answer.json()["detail"][0]["loc"]
    assert lake.asked == []


@pytest.mark.parametrize("path", ["/advertisers", *OF_ONE, "/serving/flips", "/data-as-of"])
def test_without_trino_it_says_so(api: TestClient, lake: LakeDouble, path: str) -> None:
    lake.is_away = True
    assert api.get(path).status_code == 503
