"""The page Budgets: what it shows of the API's answers, what it sends, and what it says without."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adlake.budgets.contract import Cause, Period
from adlake.dashboard import budgets
from adlake.dashboard.budget_charts import against_budget, budget_steps
from adlake.dashboard.posting import digits_of
from adlake.dashboard.remote import read
from adlake.io.events_api.asking import ApiAwayError, ApiRefusedError, ApiUnreadyError
from tests.unit.dashboard.remotes import TEN, RemoteDouble, opened, tiles

MONEY = {"gross_spend": "60.000000", "valid_spend": "50.000000", "net_spend": "40.000000"}
SERVING: dict[str, Any] = {
    "advertiser_id": "a1", "advertiser": "Ada", "status": "ACTIVE", "time_zone": "UTC",
    "can_serve": False, "since": "2026-03-02T10:00:00Z", "cause": "SPEND",
    "budget_value": "50.000000", "period": "DAILY", "period_start": "2026-03-02T00:00:00Z",
    "period_end": "2026-03-03T00:00:00Z", **MONEY, "clicks": 3, "reserve": "0.250000",
    "remaining": "0.000000", "spent_share": 1.0, "pacing": 2.4,
}  # fmt: skip
BUCKET: dict[str, Any] = {
    "bucket_start": "2026-03-02T00:00:00Z", "bucket_end": "2026-03-03T00:00:00Z",
    "local_day": "2026-03-02", **MONEY, "credit_amount": "10.000000",
    "overdelivery_amount": "10.000000", "clicks": 3, "budget_value": "50.000000",
    "period": "DAILY", "average_budget": "45.000000", "can_serve": False,
}  # fmt: skip
BUDGET = {"budget_value": "50.000000", "period": "DAILY", "start_ts": "2026-03-02T00:00:00Z",
          "end_ts": None, "is_current": True}  # fmt: skip
FLIP = {"advertiser_id": "a1", "advertiser": "Ada", "effective_at": "2026-03-02T10:00:00Z",
        "can_serve": False, "cause": "SPEND", "valid_spend": "50.000000", "reserve": "0.250000",
        "budget_value": "50.000000", "period": "DAILY"}  # fmt: skip
FULL = {
    "as of": TEN, "/advertisers": {"advertisers": 1, "rows": [SERVING]},
    "/advertisers/a1/spend": {"rows": [BUCKET]}, "/advertisers/a1/budgets": {"rows": [BUDGET]},
    "/serving/flips": {"rows": [FLIP]},
}  # fmt: skip
EMPTY = {"as of": None, "/advertisers": {"advertisers": 0, "rows": []},
         "/serving/flips": {"rows": []}}  # fmt: skip


def budgets_page() -> None:
    import streamlit as st

    from adlake.dashboard.budgets import show

    show(st.session_state["remote"])


def test_every_cause_and_period_has_words() -> None:
    assert set(budgets.CAUSES) == set(map(str, Cause))
    assert set(budgets.PERIODS) == set(map(str, Period))


def test_the_page_shows_who_is_stopped_what_was_spent_and_sends_a_change() -> None:
    remote = RemoteDouble(FULL)
    page = opened(budgets_page, remote)
    assert tiles(page) == {
        "Advertisers": "1", "May be served": "0", "Stopped": "1", "Without a budget": "0",
        "Ads": "Stopped", "Budget": "50.00", "Spent": "50.00", "Remaining": "0.00",
        "Pacing": "2.40x",
    }  # fmt: skip
    table = page.dataframe[0].value
    assert list(table.loc[0, ["advertiser", "cause", "spent_share"]]) == ["Ada", "spend", 100.0]
    grains = [given["grain"] for path, given in remote.asked if path.endswith("/spend")]
    assert sorted(grains) == ["day", "day", "hour"]

    page.text_input(key="changed").set_value(" a1 ")
    page.text_input(key="changed budget").set_value("250.10")
    page.button[0].click().run(timeout=60)
    assert page.success[0].value.startswith("Taken: 250.10 a day for a1")
    [(path, body)] = remote.posts
    event = json.loads(body)
    assert (path, event["advertiser_id"], event["period"]) == ("/events", "a1", "DAILY")
    assert body.endswith('"budget_value": 250.10}')


def test_an_empty_lake_is_no_error() -> None:
    page = opened(budgets_page, RemoteDouble(EMPTY))
    assert tiles(page)["Advertisers"] == "0"
    assert "No advertiser" in page.info[0].value
    assert not page.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ApiAwayError("x"), "The API does not answer. Start it with"),
        (ApiUnreadyError("TABLE_NOT_FOUND"), "the API cannot read the lake (yet)"),
    ],
)
def test_an_outage_is_told_once(error: Exception, words: str) -> None:
    page = opened(budgets_page, RemoteDouble(error=error))  # type: ignore[arg-type]
    said = [one.value for one in (*page.error, *page.info)]
    assert [words in one for one in said] == [True]


def test_a_change_that_may_have_arrived_keeps_its_id() -> None:
    remote = RemoteDouble(FULL, error=None)
    page = opened(budgets_page, remote)
    page.text_input(key="changed").set_value("a1")
    page.text_input(key="changed budget").set_value("1")
    ids = []
    for error in (ApiAwayError("x"), None, ApiRefusedError("BAD_VALUE"), None):
        remote.error = error
        page.button[0].click().run(timeout=60)
        ids.append(json.loads(remote.posts[-1][1])["event_id"])
        assert len(page.success) == (error is None)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("250.10", "250.10"),
        ("1e3", "1000"),
        ("-1", None),
        ("nan", None),
        ("", None),
        ("1e12", None),
    ],
)
def test_money_is_sent_by_its_digits(text: str, digits: str | None) -> None:
    assert digits_of(text) == digits


def marks(chart: Any) -> list[str]:  # noqa: ANN401 - one layer or more
    told = chart.to_dict()
    return [layer["mark"]["type"] for layer in told.get("layer", [told])]


def test_a_budget_of_another_period_is_not_drawn_beside_the_days() -> None:
    row = read(BUCKET)
    assert marks(against_budget([row], "DAILY")) == ["bar", "tick"]
    assert marks(against_budget([row | {"period": "LIFETIME"}], "LIFETIME")) == ["bar", "tick"]
    assert marks(against_budget([row | {"period": "MONTHLY"}], "DAILY")) == ["bar"]
    assert marks(against_budget([row | {"budget_value": None}], "DAILY")) == ["bar"]


def test_budgets_are_steps_and_averages_are_dots() -> None:
    assert budget_steps([], [], TEN) is None
    chart = budget_steps([read(BUDGET)], [read(BUCKET)], TEN)
    assert marks(chart) == ["line", "circle"]
    assert marks(budget_steps([read(BUDGET)], [], TEN)) == ["line"]
