"""Funnel: from impressions to activations, now and before, by campaign and channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import streamlit as st

from adlake.contracts.windows import WINDOW_MS
from adlake.dashboard import charts, formats
from adlake.dashboard.alert_strip import strip
from adlake.dashboard.filters import (
    MOST_VALUES,
    PATIENCE_SECONDS,
    VALUES_KEPT_SECONDS,
    dates,
)
from adlake.dashboard.frame import (
    Change,
    answered,
    csv_button,
    head,
    section,
    table_height,
    tile,
)
from adlake.dashboard.lake import Record, Sources
from adlake.dashboard.periods import DATES, bounds, midnight

REFRESH_SECONDS: Final = 30
MINUTES: Final = {
    "5 minutes": 5, "15 minutes": 15, "1 hour": 60, "3 hours": 180, "24 hours": 1_440,
}  # fmt: skip
DEFAULT_SPAN: Final = "1 hour"
LONGEST_BY: Final = {"window": timedelta(hours=3), "hour": timedelta(days=7)}
"""The longest span that is drawn so; one that is longer is drawn day by day."""
MOST_ROWS: Final = 100
BARS_SHOWN: Final = 10
ROWS_SHOWN: Final = 12
BASIS: Final = (
    "Every event at its own time (UTC), in whole windows of five minutes; late ones change theirs."
)
STEPS: Final = {
    "impressions": "Impressions", "clicks": "Clicks", "signups": "Sign-ups",
    "activations": "Activations",
}  # fmt: skip
TILES: Final = (
    ("Impressions", "Clicks", "Sign-ups", "Activations"),
    ("CTR", "CVR", "Click to sign-up", "Sign-up to activation"),
    ("Cost", "Revenue", "ROAS", "Conversions"),
)


@dataclass(frozen=True)
class Asked:
    """What a reader chose."""

    minutes: int | None = None
    """Of the newest windows; None: the days."""
    days: tuple[date, date] | None = None
    given: tuple[tuple[str, str], ...] = ()
    """Campaign and channel, as parameters of a metric."""

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """[since, until) in whole windows; the newest window is the one that is going on."""
        if self.days is not None:
            first, last = self.days
            return midnight(first), midnight(last) + timedelta(days=1)
        window = timedelta(milliseconds=WINDOW_MS)
        end = now - (now - midnight(now.date())) % window + window
        return end - max(window, timedelta(minutes=self.minutes or 0)), end

    def parameters(self, now: datetime) -> dict[str, str]:
        """Of the span and the filters."""
        return bounds(*self.span(now)) | dict(self.given)

    def parameters_before(self, now: datetime) -> dict[str, str]:
        """Of the equal span before it."""
        since, until = self.span(now)
        return bounds(since - (until - since), since) | dict(self.given)


def show(sources: Sources) -> None:
    """Draw the frame at once; its parts fill by themselves."""
    head(sources, "Funnel")
    strip(sources)
    asked = chosen(sources)
    section(
        "Numbers", lambda: ask_totals(sources, asked), lambda found: draw_tiles(*found),
        seconds=REFRESH_SECONDS, tiles=TILES,
    )  # fmt: skip
    section(
        "Charts", lambda: ask_charts(sources, asked), lambda found: draw_charts(*found),
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    section(
        "Comparison", lambda: ask_comparison(sources, asked),
        lambda found: draw_comparison(*found), seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    campaign = dict(asked.given).get("campaign_id")
    if campaign:
        section(
            "Launch", lambda: answered(sources, "campaign_launches", {"campaign_id": campaign}),
            draw_launch, seconds=REFRESH_SECONDS, tells_of_outages=False,
        )  # fmt: skip


def chosen(sources: Sources) -> Asked:
    """Draw the filters; they stand in the address."""
    span = st.segmented_control(
        "Newest", (*MINUTES, DATES), default=DEFAULT_SPAN, required=True, key="span",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    columns = st.columns(4 if span == DATES else 2)
    days = dates(columns[2:]) if span == DATES else None
    rows = sources.kept_values(MOST_VALUES, VALUES_KEPT_SECONDS, PATIENCE_SECONDS) or []
    campaigns = [row["filter_value"] for row in rows if row["filter_name"] == "campaign_id"]
    offered = {"campaign_id": ("Campaign", campaigns), "channel": ("Channel", [])}
    given = []
    for column, (name, (label, values)) in zip(columns, offered.items(), strict=False):
        typed = st.query_params.get(name)
        known = [*values, typed] if typed and typed not in values else values
        value = column.selectbox(
            label, known, index=None, key=name, bind="query-params",
            placeholder=f"{label}: all", accept_new_options=True, label_visibility="collapsed",
        )  # fmt: skip
        if value:
            given.append((name, str(value)))
    return Asked(MINUTES.get(str(span)), days, tuple(given))


def ask_totals(sources: Sources, asked: Asked) -> tuple[Record, Record]:
    """Of the span and of the one before it; empty: nothing happened."""
    now = datetime.now(UTC)
    both = (asked.parameters(now), asked.parameters_before(now))
    totals, before = (answered(sources, "campaign_kpis", given) for given in both)
    return (totals[0] if totals else {}), (before[0] if before else {})


def draw_tiles(totals: Record, before: Record) -> None:
    """Every step, its rates and its money, each with its change."""
    columns = [st.columns(4) for _ in TILES]

    def put(
        row: int, place: int, name: str, shown: str, meaning: str, *, is_good: bool | None = True
    ) -> None:
        change = Change(totals.get(name), before.get(name), is_good) if before else None
        tile(columns[row][place], TILES[row][place], shown, meaning, change)

    meanings = (
        "First impression event of each impression id", "Distinct clicks; a double click is two",
        "Distinct sign-up events", "Distinct activation events",
    )  # fmt: skip
    for place, (name, meaning) in enumerate(zip(STEPS, meanings, strict=True)):
        put(0, place, name, formats.count(totals.get(name, 0)), meaning)
    rates = {
        "ctr": "Clicks / impressions", "cvr": "Conversions / clicks",
        "click_to_signup": "Sign-ups / clicks", "signup_to_activation": "Activations / sign-ups",
    }  # fmt: skip
    for place, (name, meaning) in enumerate(rates.items()):
        words = f"{meaning}; above 100 % where they belong to earlier ones"
        put(1, place, name, formats.percent(totals.get(name)), words)
    put(2, 0, "total_cost", formats.money(totals.get("total_cost", 0)), "Cost of the impressions",
        is_good=None)  # fmt: skip
    put(2, 1, "revenue", formats.money(totals.get("revenue", 0)),
        "Revenue of the attributed conversions, by conversion time")  # fmt: skip
    put(2, 2, "roas", formats.ratio(totals.get("roas")),
        "Revenue / cost of these windows; Campaigns has it by impression time")  # fmt: skip
    put(2, 3, "conversions", formats.count(totals.get("conversions", 0)),
        "Distinct conversions, attributed or not")  # fmt: skip
    against = " Changes are against the equal span before." if before else ""
    st.caption(f"{BASIS}{against}")


def ask_charts(sources: Sources, asked: Asked) -> tuple[list[Record], str]:
    """The span in windows, hours or days."""
    now = datetime.now(UTC)
    bucket = bucket_of(*asked.span(now))
    given = asked.parameters(now) | {"bucket": bucket}
    return answered(sources, "campaign_kpis", given), bucket


def bucket_of(since: datetime, until: datetime) -> str:
    """What a span is cut into."""
    return next((name for name, longest in LONGEST_BY.items() if until - since <= longest), "day")


def draw_charts(rows: list[Record], bucket: str) -> None:
    """The funnel as bars, and its rates over time."""
    if not rows:
        st.info("Nothing happened in this span.", icon=":material/hourglass_empty:")
        return
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown("**Funnel** from impression to activation")
        steps = [
            {"step": label, "events": sum(row[name] for row in rows)}
            for name, label in STEPS.items()
        ]  # fmt: skip
        st.altair_chart(charts.bars(steps, "step", "events", title="events", colour=charts.BLUE))
    with right.container(border=True):
        st.markdown(f"**Rates** per {bucket}")
        drawn = [
            charts.Line("ctr", "CTR", charts.BLUE), charts.Line("cvr", "CVR", charts.ORANGE),
            charts.Line("click_to_signup", "Click to sign-up", charts.GREEN),
            charts.Line("signup_to_activation", "Sign-up to activation", charts.RED),
        ]  # fmt: skip
        st.altair_chart(charts.lines(
            rows, "bucket_at", drawn, value_format=".1%", title="share",
            bucket="minute" if bucket == "window" else bucket,
        ))  # fmt: skip
    csv_button("CSV of the charts", rows, "funnel-over-time")


def ask_comparison(sources: Sources, asked: Asked) -> tuple[list[Record], list[Record]]:
    """All campaigns, and all channels, of the span; the filters are left out."""
    given = bounds(*asked.span(datetime.now(UTC))) | {"most": str(MOST_ROWS)}
    campaigns, channels = (
        answered(sources, "campaign_comparison", given | {"compared": what})
        for what in ("campaign", "channel")
    )
    return campaigns, channels


def draw_comparison(campaigns: list[Record], channels: list[Record]) -> None:
    """Bars of both, and the campaigns with their rates."""
    if not campaigns:
        return
    for column, (title, rows) in zip(
        st.columns(2), {"campaign": campaigns, "channel": channels}.items(), strict=True
    ):
        with column.container(border=True):
            st.markdown(f"**Clicks by {title}**")
            st.altair_chart(charts.bars(
                rows[:BARS_SHOWN], "name", "clicks", title="clicks", colour=charts.GREEN
            ))  # fmt: skip
    st.subheader("By campaign", anchor=False)
    shown = [
        "name", *STEPS, "ctr", "cvr", "click_to_signup", "signup_to_activation", "total_cost",
        "revenue", "roas",
    ]  # fmt: skip
    table = charts.frame(campaigns, shown)
    rates = {
        "ctr": "CTR", "cvr": "CVR", "click_to_signup": "Click to sign-up",
        "signup_to_activation": "Sign-up to activation",
    }  # fmt: skip
    for name in rates:
        table[name] = table[name].astype(float) * 100
    number = st.column_config.NumberColumn
    st.dataframe(
        table, hide_index=True, height=table_height(len(table), ROWS_SHOWN),
        column_config={
            "name": "Campaign",
            **{name: number(label, format="localized") for name, label in STEPS.items()},
            **{name: number(label, format="%.2f %%") for name, label in rates.items()},
            "total_cost": number("Cost", format="accounting"),
            "revenue": number("Revenue", format="accounting"),
            "roas": number("ROAS", format="%.2fx"),
        },
    )  # fmt: skip
    csv_button("CSV of this table", campaigns, "funnel-by-campaign")


def draw_launch(rows: list[Record]) -> None:
    """What the campaign came to by the hours since its launch."""
    if not rows:
        return
    with st.container(border=True):
        st.markdown("**Launch curve**: all clicks and sign-ups by hours since the first impression")
        st.altair_chart(charts.curves(
            rows, "hours_since_launch", {"clicks": "Clicks", "signups": "Sign-ups"},
            title="hours since launch",
        ))  # fmt: skip
