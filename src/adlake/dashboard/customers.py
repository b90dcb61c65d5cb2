"""Customers: what each is worth, who answers, and three buttons that make something happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from adlake.dashboard import charts, formats
from adlake.dashboard.alert_words import plain
from adlake.dashboard.customer_charts import STAGES, stage_steps
from adlake.dashboard.frame import (
    Note,
    csv_button,
    head_of,
    section,
    shown_of,
    table_height,
    tile,
)
from adlake.dashboard.lake import Record
from adlake.dashboard.pending import Counted, counted, events_of, waiting
from adlake.dashboard.posting import Outcome, banner, digits_of, sent
from adlake.dashboard.remote import Remote, read
from adlake.io.events_api.asking import ApiAwayError, ApiUnreadyError, path_of

LIST_SECONDS: Final = 30
ONE_SECONDS: Final = 5
SOON_SECONDS: Final = 1.0
"""How long an answer about one customer is shared: who sent something waits for it."""
MOST_CUSTOMERS: Final = 200
ROWS_SHOWN: Final = 10
SEGMENTS: Final = {
    "active_customers": "Active customers", "big_spenders": "Big spenders", "lapsed": "Lapsed",
    "likely_buyers": "Likely buyers", "prospects": "Prospects", "responsive": "Responsive",
    "unresponsive": "Unresponsive",
}  # fmt: skip
TILES: Final = (("Customers", "Active customers", "Big spenders", "Likely buyers"),)
SCORE: Final = "Rule score, not a trained model: of orders, value and messages delivered, 0 to 1"
CHANNELS: Final = {"E-mail": "email", "SMS": "sms", "Push": "push", "In the app": "in_app"}
_PROFILE: Final = {
    "user_id": "Id (empty: one is made)", "name": "Name", "email": "E-mail",
    "geo_country": "Country",
}  # fmt: skip
_SHOWN: Final = "customer that is shown where none is typed"
_OUTCOME: Final = "outcome of customers"


def show(remote: Remote) -> None:
    """Draw the frame at once; its parts fill by themselves."""
    head_of(remote, "customers", "Customers")
    offer_customer(remote)
    stage, segment = chosen()
    section(
        "Customers", lambda: ask_list(remote, stage, segment), lambda found: draw_list(*found),
        seconds=LIST_SECONDS, tiles=TILES,
    )  # fmt: skip
    st.subheader("One customer", anchor=False)
    st.text_input(
        "Customer", key="user_id", bind="query-params", label_visibility="collapsed",
        placeholder="Id of a customer; empty: the first of the list",
    )  # fmt: skip
    section(
        "One customer", lambda: ask_one(remote), lambda one: draw_one(remote, one),
        seconds=ONE_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    section(
        "Stages", lambda: ask_history(remote), draw_history, seconds=2 * ONE_SECONDS,
        tells_of_outages=False,
    )  # fmt: skip


def chosen() -> tuple[str | None, str | None]:
    """Draw the filters of the list; they stand in the address."""
    left, right = st.columns(2)
    stage = left.selectbox(
        "Stage", STAGES, index=None, key="stage", bind="query-params", placeholder="Stage: all",
        label_visibility="collapsed",
    )  # fmt: skip
    segment = right.selectbox(
        "Segment", list(SEGMENTS), index=None, key="segment", bind="query-params",
        placeholder="Segment: all", label_visibility="collapsed",
        format_func=lambda name: SEGMENTS.get(name, name),
    )  # fmt: skip
    return stage, segment


def ask_list(
    remote: Remote, stage: str | None, segment: str | None
) -> tuple[Record, list[Record], Record]:
    """The list as it was answered, its rows, and the sizes of the segments."""
    given = {"stage": stage, "segment": segment, "limit": str(MOST_CUSTOMERS)}
    some = {name: value for name, value in given.items() if value}
    listed, sizes = remote.answers([("/customers", some), ("/segments", {})])
    return listed, [read(row) for row in listed["rows"]], read(sizes)


def draw_list(listed: Record, rows: list[Record], sizes: Record) -> None:
    """How many there are, the most valuable ones, and the segments."""
    counts = {one["segment"]: one["customers"] for one in sizes["segments"]}
    told = (
        (listed["customers"], "Of the chosen stage and segment"),
        (counts["active_customers"], "Have ordered; like the next two of all customers"),
        (counts["big_spenders"], "Lifetime value over 5,000"),
        (counts["likely_buyers"], f"Score of 0.6 or more. {SCORE}"),
    )
    for column, label, (number, meaning) in zip(st.columns(4), TILES[0], told, strict=True):
        tile(column, label, formats.count(number), meaning)
    if rows:
        _table(rows)
        st.caption(shown_of(len(rows), listed["customers"], "customers", "most valuable first"))
        csv_button("CSV of this table", rows, "customers")
    else:
        st.info("No such customer yet.", icon=":material/hourglass_empty:")
    with st.container(border=True):
        st.markdown("**Segments** by number of customers")
        named = [{"segment": SEGMENTS[n], "customers": count} for n, count in counts.items()]
        st.altair_chart(charts.bars(
            named, "segment", "customers", title="customers", colour=charts.BLUE
        ))  # fmt: skip
        day = sizes["as_of_date"]
        st.caption(
            f"A customer may be in several. Lapsed as of {day or 'no day yet: nobody has lapsed'}."
        )


def _table(rows: Sequence[Record]) -> None:
    shown = [
        row
        | {
            "segments": ", ".join(row["segments"]),
            "engagement_rate": 100 * row["engagement_rate"],
            "page": f"customers?{urlencode({'user_id': row['user_id']})}",
        }
        for row in rows
    ]
    columns = [
        "user_id", "name", "order_count", "lifetime_value", "delivered_count", "failed_count",
        "engagement_rate", "lifecycle_stage", "is_active", "propensity_score", "segments", "page",
    ]  # fmt: skip
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        charts.frame(shown, columns), hide_index=True, height=table_height(len(shown), ROWS_SHOWN),
        column_config={
            "user_id": "Customer", "name": "Name",
            "order_count": number("Orders", format="localized"),
            "lifetime_value": number("Lifetime value", format="accounting"),
            "delivered_count": number("Delivered", format="localized"),
            "failed_count": number("Failed", format="localized"),
            "engagement_rate": number("Rate", format="%.1f %%", help="Delivered of all messages"),
            "lifecycle_stage": "Stage",
            "is_active": st.column_config.CheckboxColumn("Active", help="Has ordered"),
            "propensity_score": number("Score", format="%.2f", help=SCORE),
            "segments": text("Segments"),
            "page": st.column_config.LinkColumn("Details", display_text="show"),
        },
    )  # fmt: skip


@dataclass(frozen=True)
class One:
    """What is known of one customer."""

    user_id: str
    row: Record | None
    """None: the lake has no event of it."""
    pending: list[dict[str, Any]]
    """Its events that the broker has and the lake has not."""
    source: str
    is_answered: bool = True
    """Whether the API said so."""


def chosen_user(remote: Remote) -> str:
    """The customer of the address, or the first of the list; empty: there is none.

    Who was shown stays: an order may change the list, and to ask for it again takes its time.
    """
    chosen = typed_user() or st.session_state.get(_SHOWN)
    if not chosen:
        rows = remote.get("/customers", {"limit": "1"})["rows"]
        chosen = str(rows[0]["user_id"]) if rows else ""
        st.session_state[_SHOWN] = chosen
    return str(chosen)


def typed_user() -> str:
    """The customer that the address names; empty: none."""
    typed = st.session_state.get("user_id") or st.query_params.get("user_id") or ""
    return str(typed).strip()


def ask_one(remote: Remote) -> One | None:
    """The chosen customer; None: there is none.

    Without an answer it is a customer all the same: what became of a button has its place there.
    """
    try:
        user_id = chosen_user(remote)
        if not user_id:
            return None
        answer = remote.get(path_of("customers", user_id), kept_seconds=SOON_SECONDS) or {}
    except (ApiAwayError, ApiUnreadyError):
        return One(typed_user(), None, [], "", is_answered=False)
    # A customer that is pending alone is told with the row of nobody.
    row = read(answer) if answer.get("is_in_lake", bool(answer)) else None
    return One(user_id, row, events_of(answer.get("pending") or []), answer.get("source", "lake"))


def draw_one(remote: Remote, one: One | None) -> None:
    """What became of the last button, counters with what is pending, and the buttons."""
    banner(st.session_state.get(_OUTCOME))
    if one is None:
        st.caption("There is no customer yet: make one above.")
        return
    if one.is_answered:
        _draw_known(one)
    if one.user_id:
        _buttons(remote, one.user_id)


def _draw_known(one: One) -> None:
    st.markdown(f"**{plain(one.user_id)}**")
    _counters(counted(one.row), waiting(one.pending))
    if one.row is None and not one.pending:
        st.info("No event of this customer counts yet.", icon=":material/search_off:")
    elif one.row is not None:
        row = one.row
        st.caption(
            f"Stage {row['lifecycle_stage']} since {formats.clock(row['stage_changed_at'])}; score "
            f"{row['propensity_score']:.2f} ({row['propensity_band']}); segments: "
            f"{', '.join(row['segments'])}. From the {one.source}, with what arrived until "
            f"{formats.clock(row['last_updated_ts'])}."
        )
    if one.pending:
        named = ", ".join(event["event_type"] for event in one.pending)
        st.info(
            f"{len(one.pending)} pending: {named}. The broker has them, the lake will; stage, "
            "score and segments follow then.",
            icon=":material/pending:",
        )


def _counters(lake: Counted, more: Counted) -> None:
    columns = st.columns(5)
    messages = lake.delivered + lake.failed + more.delivered + more.failed
    delivered = lake.delivered + more.delivered
    rate = Decimal(delivered) / messages if messages else Decimal(0)
    told = (
        ("Orders", formats.count(lake.orders + more.orders), more.orders, "Distinct orders"),
        ("Lifetime value", formats.money(lake.value + more.value), more.value, "Sum of them"),
        ("Delivered", formats.count(delivered), more.delivered, "Messages that arrived"),
        ("Failed", formats.count(lake.failed + more.failed), more.failed, "Messages that did not"),
        ("Rate", formats.percent(rate), 0, "Delivered of all messages; 0 without any"),
    )
    for column, (label, value, added, meaning) in zip(columns, told, strict=True):
        tile(column, label, value, meaning, Note(f"{added:+,} pending") if added else None)


def _buttons(remote: Remote, user_id: str) -> None:
    """Three quarters of the messages that are drawn arrive; exact ones have a form."""
    left, right, _ = st.columns([1, 1, 2])
    left.button(
        "Add a random order", icon=":material/shopping_cart:", key="add order", width="stretch",
        help="An order of 10.00 to 500.00", on_click=_order, args=(remote, user_id),
    )  # fmt: skip
    right.button(
        "Engage", icon=":material/campaign:", key="engage", width="stretch",
        help="A message over one of four channels, three of four arrive", on_click=_engage,
        args=(remote, user_id),
    )  # fmt: skip
    with st.expander("An exact order or message"):
        left, right = st.columns(2)
        with left.form("exact order"):
            st.text_input("Order id (empty: one is made)", key="order id")
            st.text_input("Amount", key="order amount", placeholder="99.95")
            st.form_submit_button(
                "Add this order", on_click=_order, args=(remote, user_id), kwargs={"exact": True}
            )
        with right.form("exact message"):
            st.selectbox("Channel", list(CHANNELS), key="message channel")
            st.selectbox("Status", ["DELIVERED", "FAILED"], key="message status")
            st.form_submit_button(
                "Send this message", on_click=_engage, args=(remote, user_id),
                kwargs={"exact": True},
            )  # fmt: skip


def _order(remote: Remote, user_id: str, *, exact: bool = False) -> None:
    typed, digits = "", ""
    if exact:
        typed = str(st.session_state["order id"]).strip()
        money = digits_of(str(st.session_state["order amount"]).strip())
        if money is None:
            words = "An amount is a plain number of 0 or more, such as 99.95."
            st.session_state[_OUTCOME] = Outcome(False, words)
            return
        digits = money
    _post(
        remote, path_of("customers", user_id, "orders"), f"{typed} {digits}",
        lambda made: order_of(typed or made, digits),
        lambda event: f"Taken for {plain(user_id)}: order of {event['amount']}.",
    )  # fmt: skip


def _engage(remote: Remote, user_id: str, *, exact: bool = False) -> None:
    told: dict[str, str] = {}
    if exact:
        channel, status = (st.session_state[f"message {one}"] for one in ("channel", "status"))
        told = {"channel": CHANNELS[str(channel)], "status": str(status)}
    _post(
        remote, path_of("customers", user_id, "engagements"), str(told),
        lambda made: json.dumps({"activation_id": made} | told),
        lambda event: (
            f"Taken for {plain(user_id)}: message by {event['channel']}: {event['status']}."
        ),
    )  # fmt: skip


def _post(
    remote: Remote, path: str, action: str, body: Callable[[str], str],
    taken: Callable[[Record], str],
) -> None:  # fmt: skip
    """Send it under an id of order or message, by which it counts once, however often it is sent.

    A key of the request would do, too, but the API asks the lake for it, and that takes its time.
    """
    st.session_state[_OUTCOME] = sent(
        f"{path} {action}", lambda made: remote.post(path, body(made)),
        lambda answer: taken(answer["event"]),
    )  # fmt: skip


def order_of(order_id: str, digits: str) -> str:
    """The body of an order, money by its digits; without any the API draws an amount."""
    amount = f', "amount": {digits}' if digits else ""
    return f'{{"order_id": {json.dumps(order_id)}{amount}}}'


def offer_customer(remote: Remote) -> None:
    """A form that makes a customer, and opens it."""
    with st.expander("Create a customer", icon=":material/person_add:"), st.form("customer"):
        columns = st.columns(4)
        for column, (name, label) in zip(columns, _PROFILE.items(), strict=True):
            column.text_input(label, key=f"new {name}")
        st.form_submit_button(
            "Create customer", icon=":material/person_add:", on_click=_create, args=(remote,)
        )


def _create(remote: Remote) -> None:
    typed = {name: str(st.session_state[f"new {name}"]).strip() for name in _PROFILE}
    told = {name: text for name, text in typed.items() if text}

    def send(made: str) -> Any:  # noqa: ANN401
        return remote.post("/customers", json.dumps({"user_id": f"usr-{made}"} | told))

    def taken(answer: Record) -> str:
        st.session_state["user_id"] = answer["user_id"]
        return f"Customer {plain(answer['user_id'])} is made: a prospect."

    st.session_state[_OUTCOME] = sent(f"customer {told}", send, taken)


def ask_history(remote: Remote) -> list[Record]:
    """Stages of the chosen customer; none where the lake does not know it."""
    user_id = chosen_user(remote)
    answer = remote.get(path_of("customers", user_id, "history")) if user_id else None
    return [read(row) for row in answer["stages"]] if answer else []


def draw_history(rows: list[Record]) -> None:
    """How the customer came to where it stands."""
    if not rows:
        st.caption("No stages yet: the lake has no event of this customer.")
        return
    with st.container(border=True):
        st.markdown("**Stages** by the time of the events that led there")
        st.altair_chart(stage_steps(rows, datetime.now(UTC)))
        csv_button("CSV of this chart", rows, "stages")
