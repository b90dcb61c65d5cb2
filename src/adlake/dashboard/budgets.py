"""Budgets: whose ads may be served, what was spent, and which budget held when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from adlake.dashboard import charts, formats
from adlake.dashboard.alert_words import plain
from adlake.dashboard.budget_charts import against_budget, budget_steps
from adlake.dashboard.frame import csv_button, head_of, section, shown_of, table_height, tile
from adlake.dashboard.lake import Record
from adlake.dashboard.posting import Outcome, banner, digits_of, sent
from adlake.dashboard.remote import Remote, read
from adlake.io.events_api.asking import path_of

REFRESH_SECONDS: Final = 30
MOST_ADVERTISERS: Final = 200
MOST_BUCKETS: Final = 100
MOST_FLIPS: Final = 100
ROWS_SHOWN: Final = 10
GRAINS: Final = {"Hours": "hour", "Days": "day", "Months": "month"}
DEFAULT_GRAIN: Final = "Days"
PERIODS: Final = {"DAILY": "a day", "MONTHLY": "a month", "LIFETIME": "for all time"}
CAUSES: Final = {
    "FIRST_SEEN": "seen for the first time", "STATUS": "status", "FLIGHT": "flight",
    "BUDGET": "budget", "PERIOD_START": "new period", "SPEND": "spend", "CREDIT": "credit",
    "RESERVE": "reserve fell",
}  # fmt: skip
TILES: Final = (("Advertisers", "May be served", "Stopped", "Without a budget"),)
PACING: Final = (
    "Spent share of the budget / elapsed share of its period: above 1 it is spent before the "
    "period ends. It decides nothing"
)
_MOMENT: Final = "YYYY-MM-DD HH:mm:ss"


def show(remote: Remote) -> None:
    """Draw the frame at once; its parts fill by themselves."""
    head_of(remote, "budgets", "Budgets")
    section(
        "Advertisers", lambda: ask_advertisers(remote), draw_advertisers, seconds=REFRESH_SECONDS,
        tiles=TILES,
    )  # fmt: skip
    section(
        "One advertiser", lambda: ask_one(remote), draw_one, seconds=REFRESH_SECONDS,
        tells_of_outages=False,
    )  # fmt: skip
    section(
        "Flips", lambda: rows_of(remote.get("/serving/flips", {"limit": str(MOST_FLIPS)})),
        lambda rows: draw_flips(rows, "Flips of all advertisers", "flips"),
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    offer_change(remote)


def rows_of(answer: Record | None) -> list[Record]:
    """The rows of an answer; none where there is no such thing."""
    return [read(row) for row in answer["rows"]] if answer else []


def ask_advertisers(remote: Remote) -> tuple[list[Record], int]:
    """Those that spent most, and how many there are."""
    answer = remote.get("/advertisers", {"limit": str(MOST_ADVERTISERS)})
    return rows_of(answer), answer["advertisers"]


def draw_advertisers(found: tuple[list[Record], int]) -> None:
    """How many may be served, and each with flag and budget."""
    rows, count = found
    served = sum(row["can_serve"] for row in rows)
    told = (
        (count, "About whom a serving decision was taken"),
        (served, "Active, in flight, with a budget that is not spent"),
        (len(rows) - served, "Their ads are not served now"),
        (sum(row["budget_value"] is None for row in rows), "Nobody told one: not served"),
    )
    for column, label, (number, meaning) in zip(st.columns(4), TILES[0], told, strict=True):
        tile(column, label, formats.count(number), meaning)
    if not rows:
        st.info("No advertiser has sent anything yet.", icon=":material/hourglass_empty:")
        return
    _table(rows)
    counted = shown_of(len(rows), count, "advertisers", "largest valid spend of the period first")
    st.caption(f"{counted} Spend is that of the current period of the budget.")
    csv_button("CSV of this table", rows, "advertisers")


def _table(rows: Sequence[Record]) -> None:
    shown = [
        row
        | {
            "cause": CAUSES[row["cause"]],
            "page": f"budgets?{urlencode({'advertiser_id': row['advertiser_id']})}",
        }
        for row in rows
    ]
    columns = [
        "advertiser", "advertiser_id", "can_serve", "since", "cause", "budget_value", "period",
        "valid_spend", "remaining", "spent_share", "pacing", "status", "time_zone", "page",
    ]  # fmt: skip
    table = charts.frame(shown, columns)
    table["spent_share"] = table["spent_share"].astype(float) * 100
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        table, hide_index=True, height=table_height(len(table), ROWS_SHOWN),
        column_config={
            "advertiser": "Advertiser", "advertiser_id": "Id",
            "can_serve": st.column_config.CheckboxColumn("Served", help="May its ads be served"),
            "since": st.column_config.DatetimeColumn("Since (UTC)", format=_MOMENT),
            "cause": text("Because of", help="What turned the flag last"),
            "budget_value": number("Budget", format="accounting"), "period": "Period",
            "valid_spend": number("Spent", format="accounting", help="Clicks less credits"),
            "remaining": number("Remaining", format="accounting"),
            "spent_share": number("Spent of budget", format="%.1f %%"),
            "pacing": number("Pacing", format="%.2f", help=PACING),
            "status": "Status", "time_zone": text("Zone", help="Of its days and months"),
            "page": st.column_config.LinkColumn("Details", display_text="show"),
        },
    )  # fmt: skip


@dataclass(frozen=True)
class One:
    """Answers about one advertiser."""

    ids: list[str]
    advertiser_id: str
    serving: Record | None
    """None: no decision was taken about it."""
    grain: str
    periods: list[Record]
    """Spend by the periods of its budget."""
    buckets: list[Record]
    """Spend by the chosen grain."""
    hours: list[Record]
    budgets: list[Record]
    flips: list[Record]


def ask_one(remote: Remote) -> One | None:
    """The chosen advertiser, or the one that spent most; None: there is none."""
    rows, _ = ask_advertisers(remote)
    chosen = st.session_state.get("advertiser_id") or st.query_params.get("advertiser_id")
    one = str(chosen or (rows[0]["advertiser_id"] if rows else ""))
    if not one:
        return None
    grain = GRAINS.get(str(st.session_state.get("grain")), GRAINS[DEFAULT_GRAIN])
    ids = [row["advertiser_id"] for row in rows]
    serving = next((row for row in rows if row["advertiser_id"] == one), None)
    if serving is None:
        told = remote.get(path_of("advertisers", one, "serving"))
        serving = read(told) if told else None
    if serving is None:
        return One(ids, one, None, grain, [], [], [], [], [])
    own = "month" if serving["period"] == "MONTHLY" else "day"
    spend, most = path_of("advertisers", one, "spend"), {"limit": str(MOST_BUCKETS)}
    answers = remote.answers([
        *((spend, most | {"grain": each}) for each in (own, grain, "hour")),
        (path_of("advertisers", one, "budgets"), most),
        ("/serving/flips", {"advertiser_id": one, "limit": str(MOST_FLIPS)}),
    ])  # fmt: skip
    return One(ids, one, serving, grain, *map(rows_of, answers))


def draw_one(found: One | None) -> None:
    """Flag and budget, spend beside the budget, spend over time, budgets, flips."""
    if found is None:
        st.caption("There is no advertiser yet: its first event makes one.")
        return
    st.subheader("One advertiser", anchor=False)
    ids = list(dict.fromkeys([*found.ids, found.advertiser_id]))
    st.selectbox(
        "Advertiser", ids, index=ids.index(found.advertiser_id), key="advertiser_id",
        bind="query-params", accept_new_options=True, label_visibility="collapsed",
    )  # fmt: skip
    if found.serving is None:
        st.info(
            "No decision was taken about this advertiser: its ads may not be served.",
            icon=":material/search_off:",
        )
        return
    _tiles(found.serving)
    _spend_charts(found, found.serving["period"])
    _budget_history(found.budgets, found.hours)
    draw_flips(found.flips, "Flips of this advertiser", "flips-of-one")


def _tiles(row: Record) -> None:
    columns = st.columns(5)
    since = f"Since {formats.clock(row['since'])}, because of: {CAUSES[row['cause']]}"
    budget = formats.money(row["budget_value"])
    tile(columns[0], "Ads", "Served" if row["can_serve"] else "Stopped", since)
    tile(columns[1], "Budget", budget, f"In force, {PERIODS[row['period']]}")
    tile(columns[2], "Spent", formats.money(row["valid_spend"]),
         "Valid spend of the current period: clicks less credits. Gross: "
         f"{formats.money(row['gross_spend'])}, net of overdelivery: "
         f"{formats.money(row['net_spend'])}")  # fmt: skip
    tile(columns[3], "Remaining", formats.money(row["remaining"]),
         "Budget less valid spend, not below zero. Kept back for what is spent until a decision is "
         "known, by the clicks of the last minutes: "
         f"{formats.money(row['reserve'])}")  # fmt: skip
    pacing = None if row["pacing"] is None else Decimal(str(row["pacing"]))
    tile(columns[4], "Pacing", formats.ratio(pacing), PACING)


def _spend_charts(found: One, period: str) -> None:
    left, right = st.columns(2)
    bucket = "month" if period == "MONTHLY" else "day"
    with left.container(border=True):
        st.markdown(f"**Spend against the budget** by {bucket}")
        if found.periods:
            st.altair_chart(against_budget(found.periods, period))
            st.caption(
                f"Bars: valid spend. Marks: the budget at the end of each {bucket}, in the "
                "advertiser's zone. A budget for another length of time has no mark."
            )
        else:
            st.caption("No click was billed yet.")
    with right.container(border=True):
        st.markdown("**Spend over time**")
        st.segmented_control(
            "Cut into", list(GRAINS), default=DEFAULT_GRAIN, required=True, key="grain",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        if found.buckets:
            drawn = [
                charts.Line("gross_spend", "Gross", charts.GREY),
                charts.Line("valid_spend", "Valid", charts.BLUE),
                charts.Line("net_spend", "Net", charts.GREEN),
            ]
            st.altair_chart(charts.lines(
                list(reversed(found.buckets)), "bucket_start", drawn, value_format=",.2f",
                title="spend", bucket=found.grain,
            ))  # fmt: skip
            csv_button("CSV of this chart", found.buckets, "spend")
        else:
            st.caption("No click was billed yet.")


def _budget_history(budgets: list[Record], hours: list[Record]) -> None:
    with st.container(border=True):
        st.markdown("**Budgets over time**")
        chart = budget_steps(budgets, hours, datetime.now(UTC))
        if chart is None:
            st.caption("Nobody told a budget.")
            return
        st.altair_chart(chart)
        st.caption("Line: the budget in force. Dots: its average over each hour with a click.")
        shown = [row | {"period": PERIODS[row["period"]]} for row in budgets]
        moment = st.column_config.DatetimeColumn
        st.dataframe(
            charts.frame(shown, ["budget_value", "period", "start_ts", "end_ts", "is_current"]),
            hide_index=True, height=table_height(len(shown), ROWS_SHOWN),
            column_config={
                "budget_value": st.column_config.NumberColumn("Budget", format="accounting"),
                "period": "Per", "start_ts": moment("From (UTC)", format=_MOMENT),
                "end_ts": moment("Until (UTC)", format=_MOMENT),
                "is_current": st.column_config.CheckboxColumn("Newest"),
            },
        )  # fmt: skip
        csv_button("CSV of the budgets", budgets, "budgets")


def draw_flips(rows: list[Record], title: str, name: str) -> None:
    """When ads began and ceased to be served, and why."""
    st.subheader(title, anchor=False)
    if not rows:
        st.caption("The flag was not turned yet.")
        return
    shown = [row | {"cause": CAUSES[row["cause"]]} for row in rows]
    columns = [
        "advertiser", "advertiser_id", "effective_at", "can_serve", "cause", "valid_spend",
        "reserve", "budget_value", "period",
    ]  # fmt: skip
    number = st.column_config.NumberColumn
    st.dataframe(
        charts.frame(shown, columns), hide_index=True,
        height=table_height(len(shown), ROWS_SHOWN),
        column_config={
            "advertiser": "Advertiser", "advertiser_id": "Id",
            "effective_at": st.column_config.DatetimeColumn("At (UTC)", format=_MOMENT),
            "can_serve": st.column_config.CheckboxColumn("Served"), "cause": "Because of",
            "valid_spend": number("Spent", format="accounting", help="By what was known then"),
            "reserve": number("Kept back", format="accounting"),
            "budget_value": number("Budget", format="accounting"), "period": "Period",
        },
    )  # fmt: skip
    csv_button("CSV of this log", rows, name)


def offer_change(remote: Remote) -> None:
    """A form whose event the API publishes."""
    st.subheader("Change a budget", anchor=False)
    st.caption("Sends a BUDGET_CHANGE of now. From the first one on, clicks tell no budget.")

    @st.fragment
    def form() -> None:
        with st.form("budget change"):
            columns = st.columns(3)
            advertiser = columns[0].text_input(
                "Advertiser (id)", value=st.query_params.get("advertiser_id", ""), key="changed"
            )
            amount = columns[1].text_input("Budget", key="changed budget", placeholder="250.00")
            period = columns[2].selectbox("Period", list(PERIODS), key="changed period")
            is_sent = st.form_submit_button("Change the budget", icon=":material/send:")
        if is_sent:
            banner(_change(remote, advertiser.strip(), amount.strip(), str(period)))

    form()


def _change(remote: Remote, advertiser_id: str, amount: str, period: str) -> Outcome:
    digits = digits_of(amount)
    if not advertiser_id or digits is None:
        return Outcome(
            False, "Name an advertiser, and a budget of 0 or more as a plain number, as 250.00."
        )

    def send(event_id: str) -> Any:  # noqa: ANN401
        event = change_of(event_id, advertiser_id, digits, period, datetime.now(UTC))
        return remote.post("/events", event)

    words = f"Taken: {formats.money(Decimal(digits))} {PERIODS[period]} for {plain(advertiser_id)}."
    return sent(
        f"budget of {advertiser_id}: {digits} {period}", send,
        lambda _: f"{words} The page shows it when the lake has it.",
    )  # fmt: skip


def change_of(event_id: str, advertiser_id: str, digits: str, period: str, at: datetime) -> str:
    """The event as JSON; money with the digits that it has."""
    told = json.dumps({
        "event_id": event_id, "event_type": "BUDGET_CHANGE",
        "event_timestamp": int(at.timestamp() * 1_000), "advertiser_id": advertiser_id,
        "period": period,
    })  # fmt: skip
    return f'{told[:-1]}, "budget_value": {digits}}}'
