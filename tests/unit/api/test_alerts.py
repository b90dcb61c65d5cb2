"""Alert routes: filters, shapes and refusals; the lake is a double, its numbers are tested in
tests/contract/metrics/test_metrics_alerts.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from adlake.alerts.contract import RATES, VOLUMES
from adlake.api.alert_answers import MetricName
from adlake.api.app import build_app
from tests.unit.api.parts import LakeDouble, parts_with

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
INCIDENT: dict[str, Any] = {
    "incident_id": "f" * 64, "campaign_id": "cmp_101", "segment": "all", "metric": "ctr",
    "rule": "A", "alert_type": "performance_drop", "state": "open",
    "opened_at": TEN + timedelta(minutes=6), "closed_at": None, "first_window_start": TEN,
    "last_window_start": TEN, "fired_windows": 1, "worst_value": 0.005, "last_value": 0.005,
    "threshold": 0.015, "sample_k": 4, "sample_n": 800, "channels": "", "rule_version": 1,
    "incidents": 1,
}  # fmt: skip
PAST = INCIDENT | {
    "state": "resolved", "closed_at": TEN + timedelta(minutes=31), "opening_threshold": 0.015,
    "closing_window_start": TEN + timedelta(minutes=25), "closing_value": 0.02,
    "closing_threshold": 0.0165, "closing_k": 20, "closing_n": 1_000,
}  # fmt: skip
ALERT: dict[str, Any] = {
    "alert_id": "e" * 64, "campaign_id": "cmp_101", "segment": "channel=push", "metric": "ctr",
    "rule": "A", "alert_type": "performance_drop", "window_start": TEN,
    "window_end": TEN + timedelta(minutes=5), "alert_time": TEN + timedelta(minutes=6),
    "value": 0.005, "threshold": 0.015, "sample_k": 4, "sample_n": 800, "bound": 0.014994122,
    "baseline_kind": "", "evaluation": "early", "status": "fired", "incident_id": "f" * 64,
    "rule_version": 1, "alerts": 1,
}  # fmt: skip
RULE: dict[str, Any] = {
    "rule_id": "B-ctr", "rule": "B", "metric": "ctr", "campaign_id": None, "segment": "all",
    "threshold": None, "z": None, "resolve_factor": None, "multiplicity": "none", "channels": "",
    "enabled": True, "rule_version": 1, "valid_from": datetime(1970, 1, 1, tzinfo=UTC),
    "valid_to": datetime(9999, 12, 31, tzinfo=UTC), "is_in_force": True,
}  # fmt: skip
FILTERED = ("/alerts", "/alerts/incidents", "/alerts/rules")


@pytest.fixture
def lake() -> LakeDouble:
    rows = {
        "alerts_active": [INCIDENT], "alert_incidents": [PAST], "alerts_log": [ALERT],
        "alert_rules": [RULE],
    }  # fmt: skip
    return LakeDouble(rows, {"cmp_101"})


@pytest.fixture
def api(lake: LakeDouble) -> TestClient:
    return TestClient(build_app(parts_with(lake)))


def test_the_metrics_that_can_be_asked_for_are_those_of_the_rules() -> None:
    assert set(get_args(MetricName)) == {*RATES, *VOLUMES}


def test_open_incidents_say_what_was_measured_last(api: TestClient, lake: LakeDouble) -> None:
    answer = api.get("/alerts/active")
    assert answer.status_code == 200
    [told] = answer.json()
    assert (told["opened_at"], told["closed_at"]) == ("2026-03-02T10:06:00Z", None)
    assert [told[name] for name in ("last_value", "threshold", "sample_k", "sample_n")] == [
        0.005, 0.015, 4, 800,
    ]  # fmt: skip
    assert set(told) == set(INCIDENT) - {"incidents"}
    assert lake.asked == [("alerts_active", {"most": "500"})]


def test_no_open_incident_is_an_empty_list(api: TestClient, lake: LakeDouble) -> None:
    lake.rows.clear()
    answer = api.get("/alerts/active")
    assert (answer.status_code, answer.json()) == (200, [])


def test_an_incident_that_is_over_says_what_ended_it(api: TestClient) -> None:
    [told] = api.get("/alerts/incidents").json()
    assert (told["state"], told["closed_at"]) == ("resolved", "2026-03-02T10:31:00Z")
    assert (told["closing_k"], told["closing_n"], told["closing_value"]) == (20, 1_000, 0.02)


def test_a_row_of_the_log_is_as_the_lake_has_it(api: TestClient) -> None:
    [told] = api.get("/alerts").json()
    assert (told["value"], told["bound"], told["segment"]) == (0.005, 0.014994122, "channel=push")
    assert (told["alert_time"], told["evaluation"], told["status"]) == (
        "2026-03-02T10:06:00Z", "early", "fired",
    )  # fmt: skip


def test_a_rule_may_be_of_every_campaign_and_without_a_threshold(api: TestClient) -> None:
    [told] = api.get("/alerts/rules").json()
    assert (told["campaign_id"], told["threshold"], told["valid_to"]) == (
        None, None, "9999-12-31T00:00:00Z",
    )  # fmt: skip


def test_filters_reach_the_metric_and_nothing_else_does(api: TestClient, lake: LakeDouble) -> None:
    given = {
        "campaign_id": "cmp_101", "metric": "ctr", "from": "2026-03-02T11:00:00+01:00",
        "to": "2026-03-02T10:05:01Z", "limit": "7",
    }  # fmt: skip
    for path in ("/alerts", "/alerts/incidents"):
        assert api.get(path, params=given).status_code == 200
    expected = {
        "campaign_id": "cmp_101", "metric": "ctr", "most": "7",
        "since": "2026-03-02T10:00:00+00:00", "until": "2026-03-02T10:05:01+00:00",
    }  # fmt: skip
    assert lake.asked == [("alerts_log", expected), ("alert_incidents", expected)]
    lake.asked.clear()
    assert api.get("/alerts/rules").status_code == 200
    assert lake.asked == [("alert_rules", {"most": "100"})]


@pytest.mark.parametrize("path", FILTERED)
@pytest.mark.parametrize(
    ("given", "named"),
    [({"limit": "0"}, "limit"), ({"limit": "501"}, "limit"), ({"metric": "roas"}, "metric")],
)
def test_a_bad_parameter_is_named(
    api: TestClient, path: str, given: dict[str, str], named: str
) -> None:
    answer = api.get(path, params=given)
    assert answer.status_code == 422
    assert [found["loc"] for found in answer.json()["detail"]] == [["query", named]]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"from": "2026-03-02T10:00:00"}, "from"),
        ({"from": "1772445600"}, "from"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
        ({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T10:00:00Z"}, "from"),
    ],
)
def test_what_is_no_span_is_named(api: TestClient, given: dict[str, str], named: str) -> None:
    for path in ("/alerts", "/alerts/incidents"):
        answer = api.get(path, params=given)
        assert answer.status_code == 422
        assert [found["loc"] for found in answer.json()["detail"]] == [["query", named]]


@pytest.mark.parametrize("path", FILTERED)
def test_a_campaign_nobody_heard_of(api: TestClient, lake: LakeDouble, path: str) -> None:
    answer = api.get(path, params={"campaign_id": "x' OR '1'='1"})
    assert answer.status_code == 404
    assert "x' OR '1'='1" in answer.json()["detail"]
    assert lake.asked == []


@pytest.mark.parametrize("path", [*FILTERED, "/alerts/active", "/alerts?campaign_id=cmp_101"])
def test_a_trino_that_is_away_is_told(api: TestClient, lake: LakeDouble, path: str) -> None:
    lake.is_away = True
    answer = api.get(path)
    assert answer.status_code == 503
    assert "make up" in answer.json()["detail"]
