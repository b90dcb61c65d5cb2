"""The page Customers: lake and pending, the three buttons, and what it says without an API."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, get_args

import pytest
from streamlit.testing.v1 import AppTest

from adlake.api.customer_answers import SegmentName, StageName
from adlake.dashboard import customers
from adlake.dashboard.customer_charts import STAGES, stage_steps
from adlake.dashboard.pending import Counted, events_of, waiting
from adlake.dashboard.remote import read
from adlake.io.events_api.asking import ApiAwayError
from tests.unit.dashboard.remotes import TEN, RemoteDouble, opened, tiles

ROW: dict[str, Any] = {
    "user_id": "u_1", "name": None, "email_sha256": None, "geo_country": "DE", "created_at": None,
    "is_active": True, "order_count": 2, "lifetime_value": "100.000000", "delivered_count": 1,
    "failed_count": 0, "activation_count": 1, "engagement_rate": 1.0, "lifecycle_stage": "engaged",
    "previous_stage": "prospect", "stage_changed_at": "2026-03-02T10:00:00Z",
    "propensity_score": "0.288000", "propensity_band": "low", "segments": ["active_customers"],
    "rule_version": 1, "last_updated_ts": "2026-03-02T10:00:00Z", "first_order_time": None,
    "last_order_time": None,
}  # fmt: skip
PENDING = [
    {"event_id": "e1", "event_type": "ORDER", "event": {"order_id": "o", "amount": "9.50"}},
    {"event_id": "e2", "event_type": "ORDER", "event": {"order_id": "o", "amount": "9.50"}},
    {"event_id": "e3", "event_type": "MESSAGE_STATUS",
     "event": {"activation_id": "m", "status": "FAILED"}},
]  # fmt: skip
SIZES = [{"segment": name, "customers": 1} for name in get_args(SegmentName)]
ENTRY = {"entered_at": "2026-03-02T10:00:00Z", "stage": "engaged", "left_at": None,
         "order_count": 2, "lifetime_value": "100.000000", "engagement_rate": 1.0}  # fmt: skip
FULL: dict[str, Any] = {
    "as of": TEN, "/customers": {"customers": 1, "rows": [ROW]},
    "/segments": {"as_of_date": "2026-04-02", "segments": SIZES},
    "/customers/u_1": ROW | {"source": "cache", "pending": PENDING},
    "/customers/u_1/history": {"stages": [ENTRY]},
}  # fmt: skip
EMPTY: dict[str, Any] = {
    "as of": None, "/customers": {"customers": 0, "rows": []},
    "/segments": {"as_of_date": None, "segments": SIZES},
}  # fmt: skip


def customers_page() -> None:
    import streamlit as st

    from adlake.dashboard.customers import show

    show(st.session_state["remote"])


def test_every_segment_and_stage_has_a_place() -> None:
    assert set(customers.SEGMENTS) == set(get_args(SegmentName))
    assert set(STAGES) == set(get_args(StageName))


def test_the_page_shows_the_row_with_what_is_pending_and_sends_what_buttons_say() -> None:
    remote = RemoteDouble(FULL, taken={"user_id": "u_1", "event": {"amount": "12.34"}})
    page = opened(customers_page, remote)
    told = tiles(page)
    assert (told["Orders"], told["Lifetime value"]) == ("3", "109.50")
    assert (told["Delivered"], told["Failed"], told["Rate"]) == ("1", "1", "50.00 %")
    deltas = {one.label: one.delta for one in page.metric}
    assert (deltas["Orders"], deltas["Failed"], deltas["Rate"]) == ("+1 pending", "+1 pending", "")
    assert "3 pending: ORDER, ORDER, MESSAGE_STATUS" in page.info[0].value

    remote.said["/customers"] = {"customers": 1, "rows": [ROW | {"user_id": "richer"}]}
    page.button(key="add order").click().run(timeout=60)
    assert page.success[0].value == r"Taken for u\_1: order of 12.34."
    remote.taken = {"user_id": "u_1", "event": {"channel": "sms", "status": "FAILED"}}
    page.button(key="engage").click().run(timeout=60)
    assert page.success[0].value == r"Taken for u\_1: message by sms: FAILED."
    assert [path for path, _ in remote.posts] == [
        "/customers/u_1/orders", "/customers/u_1/engagements",
    ]  # fmt: skip
    assert [list(json.loads(body)) for _, body in remote.posts] == [["order_id"], ["activation_id"]]


def test_exact_orders_and_messages_are_sent_as_they_were_typed() -> None:
    remote = RemoteDouble(FULL, taken={"user_id": "u_1", "event": {"amount": "99.950"}})
    page = opened(customers_page, remote)
    page.text_input(key="order id").set_value("o 1")
    page.text_input(key="order amount").set_value("much")
    pressed(page, "Add this order")
    assert (remote.posts, page.error[0].value.startswith("An amount is")) == ([], True)
    page.text_input(key="order amount").set_value("99.950")
    pressed(page, "Add this order")
    assert remote.posts[-1][1] == '{"order_id": "o 1", "amount": 99.950}'
    page.selectbox(key="message channel").set_value("SMS")
    remote.taken = {"user_id": "u_1", "event": {"channel": "sms", "status": "DELIVERED"}}
    pressed(page, "Send this message")
    told = json.loads(remote.posts[-1][1])
    assert (told["channel"], told["status"]) == ("sms", "DELIVERED")


def pressed(page: AppTest, label: str) -> None:
    next(one for one in page.button if one.label == label).click().run(timeout=60)


def test_an_order_that_may_have_arrived_is_the_same_order_again() -> None:
    remote = RemoteDouble(FULL, taken={"user_id": "u_1", "event": {"amount": "12.34"}})
    page = opened(customers_page, remote)
    page.text_input(key="user_id").set_value("u_1").run(timeout=60)
    ids = []
    for error in (ApiAwayError("x"), None, None):
        remote.error = error
        page.button(key="add order").click().run(timeout=60)
        ids.append(json.loads(remote.posts[-1][1])["order_id"])
    assert ids[0] == ids[1] != ids[2]


def test_a_new_customer_is_the_one_that_is_shown() -> None:
    remote = RemoteDouble(dict(EMPTY), taken={"user_id": "ada", "event": {}})
    page = opened(customers_page, remote)
    assert any("There is no customer yet" in one.value for one in page.caption)
    page.text_input(key="new name").set_value("Ada")
    remote.said["/customers/ada"] = {
        **ROW, "user_id": "ada", "stage_changed_at": None, "source": "cache", "is_in_lake": False,
        "pending": [{"event_type": "CUSTOMER_PROFILE"}],
    }  # fmt: skip
    page.button[0].click().run(timeout=60)
    assert page.success[0].value == "Customer ada is made: a prospect."
    assert page.text_input(key="user_id").value == "ada"
    assert "1 pending: CUSTOMER_PROFILE" in page.info[-1].value
    assert not any(one.value.startswith("Stage ") for one in page.caption)
    told = json.loads(remote.posts[0][1])
    assert (told["name"], told["user_id"].startswith("usr-"), len(told)) == ("Ada", True, 2)


def test_a_dead_api_is_told_once_and_so_is_what_became_of_a_button() -> None:
    remote = RemoteDouble(FULL)
    page = opened(customers_page, remote)
    page.text_input(key="user_id").set_value("u_1").run(timeout=60)
    remote.error = ApiAwayError("the API at x does not answer")
    page.button(key="add order").click().run(timeout=60)
    assert not page.exception
    said = [one.value for one in page.error]
    assert any("Nobody says that it was taken" in one for one in said)
    page.run(timeout=60)
    said = [one.value for one in page.error]
    assert sum("The API does not answer" in one for one in said) == 1


def test_one_order_told_twice_is_pending_once() -> None:
    assert waiting(events_of(PENDING)) == Counted(1, Decimal("9.50"), 0, 1)
    assert waiting([]) == Counted()
    turned = [{"activation_id": "m", "status": one} for one in ("FAILED", "DELIVERED")]
    assert waiting(turned) == Counted(delivered=1)


@pytest.mark.parametrize("rows", [[ENTRY], [ENTRY | {"stage": "prospect"}, ENTRY]])
def test_stages_are_steps_that_reach_until_now(rows: list[dict[str, Any]]) -> None:
    chart = stage_steps([read(row) for row in rows], TEN).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["line", "circle"]
