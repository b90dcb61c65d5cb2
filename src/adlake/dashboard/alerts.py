"""Alerts: which campaigns have trouble, which had, what the rules look at, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import alert_words as words
from adlake.dashboard import charts, formats
from adlake.dashboard.filters import MOST_VALUES, PATIENCE_SECONDS, VALUES_KEPT_SECONDS
from adlake.dashboard.frame import (
    answered,
    csv_button,
    head,
    seconds_since,
    section,
    shown_of,
    table_height,
    tile,
)
from adlake.dashboard.incident_chart import incident_chart
from adlake.dashboard.lake import Record, Sources
from adlake.folders import ADLAKE
from adlake.io.events_api.trial import Delivered

REFRESH_SECONDS: Final = 30
SPANS: Final = {
    "24 hours": timedelta(days=1), "7 days": timedelta(days=7), "28 days": timedelta(days=28),
    "All": None,
}  # fmt: skip
DEFAULT_SPAN: Final = "7 days"
MOST_INCIDENTS: Final = 200
MOST_RULES: Final = 500
ROWS_SHOWN: Final = 8
FOREVER: Final = 9999
"""Year in which a rule that nobody ended ends."""
TILES: Final = (("Open incidents", "Campaigns concerned", "Newest opened"),)
OFF: Final = (
    "KPI alerts are off: the stream judges no window, so that nothing is open says nothing. "
    f"`ADLAKE_ALERTS=true` switches them on, `{ADLAKE} alerts build` judges once."
)
_DAY_AND_TIME: Final = "%Y-%m-%d %H:%M"
CHANNELS: Final = {
    "kafka": ("Kafka topic", ":material/stream:"), "slack": ("Slack", ":material/chat:"),
    "webhook": ("Web hook", ":material/webhook:"), "email": ("E-mail", ":material/mail:"),
}  # fmt: skip
SendTrial = Callable[[str], Delivered]


@dataclass(frozen=True)
class Asked:
    """What a reader chose."""

    given: tuple[tuple[str, str], ...] = ()
    """Campaign and metric, as parameters of a metric file."""
    span: timedelta | None = None
    """Of the history; None: all of it."""

    def parameters(self) -> dict[str, str]:
        """Of the open incidents, whenever they opened."""
        return dict(self.given)

    def parameters_of_history(self, now: datetime) -> dict[str, str]:
        """Of the incidents that opened within the span, cut to the minute: answers are kept."""
        if self.span is None:
            return self.parameters()
        since = now.replace(second=0, microsecond=0) - self.span
        return self.parameters() | {"since": since.isoformat()}


def show(sources: Sources, send: SendTrial, *, is_judging: bool) -> None:
    """Draw the frame at once; its parts fill by themselves.

    Args:
        sources: what the page reads.
        send: sends a test message to a channel.
        is_judging: whether the stream judges windows (ADLAKE_ALERTS).
    """
    head(sources, "Alerts")
    asked = chosen(sources)
    section(
        "Open incidents", lambda: ask_open(sources, asked),
        lambda rows: draw_open(rows, is_judging=is_judging), seconds=REFRESH_SECONDS, tiles=TILES,
    )  # fmt: skip
    section(
        "One incident", lambda: ask_one(sources, asked), lambda found: draw_one(*found),
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    section(
        "History", lambda: ask_history(sources, asked), draw_history, seconds=REFRESH_SECONDS,
        tells_of_outages=False,
    )  # fmt: skip
    section(
        "Rules", lambda: ask_rules(sources, asked), draw_rules, seconds=10 * REFRESH_SECONDS,
        tells_of_outages=False,
    )  # fmt: skip
    offer_trials(send)


def chosen(sources: Sources) -> Asked:
    """Draw the filters; they stand in the address."""
    span = st.segmented_control(
        "Opened in", list(SPANS), default=DEFAULT_SPAN, required=True, key="opened",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    left, right = st.columns(2)
    rows = sources.kept_values(MOST_VALUES, VALUES_KEPT_SECONDS, PATIENCE_SECONDS) or []
    campaigns = [row["filter_value"] for row in rows if row["filter_name"] == "campaign_id"]
    typed = st.query_params.get("campaign_id")
    if typed and typed not in campaigns:
        campaigns.append(typed)
    campaign = left.selectbox(
        "Campaign", campaigns, index=None, key="campaign_id", bind="query-params",
        placeholder="Campaign: all", accept_new_options=True, label_visibility="collapsed",
    )  # fmt: skip
    labels = {label: metric for metric, label in words.METRICS.items()}
    metric = right.selectbox(
        "Metric", list(labels), index=None, key="metric", bind="query-params",
        placeholder="Metric: all", label_visibility="collapsed",
    )  # fmt: skip
    chosen_values = {"campaign_id": campaign, "metric": labels.get(str(metric))}
    given = tuple((name, str(value)) for name, value in chosen_values.items() if value)
    return Asked(given, SPANS[str(span)])


def ask_open(sources: Sources, asked: Asked) -> list[Record]:
    """Open incidents, the newest first."""
    return answered(sources, "alerts_active", asked.parameters())


def draw_open(rows: list[Record], *, is_judging: bool) -> None:
    """How many, whose, and what was measured last."""
    columns = st.columns(3)
    opened = rows[0]["opened_at"] if rows else None
    tile(columns[0], TILES[0][0], formats.count(rows[0]["incidents"] if rows else 0),
         "Incidents that have not ended: alerts of one campaign, metric and rule that belong "
         "together")  # fmt: skip
    tile(columns[1], TILES[0][1], formats.count(len({row["campaign_id"] for row in rows})),
         "Campaigns with an open incident")  # fmt: skip
    tile(columns[2], TILES[0][2], formats.clock(opened), "When the newest open incident began")
    if not is_judging:
        st.info(OFF, icon=":material/notifications_off:")
    elif not rows:
        st.success("No incident is open.", icon=":material/check_circle:")
    if rows:
        _table(rows, "alerts-open", is_open=True)


def ask_one(sources: Sources, asked: Asked) -> tuple[list[Record], str, list[Record]]:
    """The incidents to choose from, the chosen one, and its windows."""
    rows = ask_history(sources, asked)
    wanted = st.session_state.get("incident") or st.query_params.get("incident")
    one = str(wanted or (rows[0]["incident_id"] if rows else ""))
    series = answered(sources, "alert_series", {"incident_id": one}) if one else []
    return rows, one, series


def draw_one(rows: list[Record], one: str, series: list[Record]) -> None:
    """The metric around an incident."""
    if not one:
        return
    titles = {one: one[:12]} | {row["incident_id"]: words.titled(row) for row in rows}
    ids = [row["incident_id"] for row in rows]
    if one not in ids:
        ids.append(one)
    with st.container(border=True):
        st.markdown("**Metric around an incident** in windows of five minutes")
        st.selectbox(
            "Incident", ids, index=ids.index(one), key="incident", bind="query-params",
            format_func=lambda name: titles.get(name, name), label_visibility="collapsed",
        )  # fmt: skip
        chart = incident_chart(series)
        if chart is None:
            st.info("Nothing was measured around this incident.", icon=":material/search_off:")
            return
        st.altair_chart(chart)
        st.caption(
            "Line: by all events that have arrived since, each at its own time (UTC). Diamonds: "
            "as it was when the rule fired; grey ones were withdrawn an hour later. Dashed: the "
            "limit, or the expected count. Upper bound: the rate that the cases of the window "
            "still allow."
        )
        csv_button("CSV of this chart", series, "alert-series")


def ask_history(sources: Sources, asked: Asked) -> list[Record]:
    """Incidents of the span, the newest first."""
    given = asked.parameters_of_history(datetime.now(UTC)) | {"most": str(MOST_INCIDENTS)}
    return answered(sources, "alert_incidents", given)


def draw_history(rows: list[Record]) -> None:
    """One row an incident, open or over."""
    st.subheader("History", anchor=False)
    if not rows:
        st.caption("No incident opened in this time.")
        return
    _table(rows, "alerts-history", is_open=False)
    counted = shown_of(len(rows), rows[0]["incidents"], "incidents", "newest first")
    st.caption(f"{counted} By the time at which the first alert was judged.")


def _table(rows: list[Record], name: str, *, is_open: bool) -> None:
    """Numbers as texts: one column has percentages and counts."""
    shown = [_table_row(row) for row in rows]
    text = st.column_config.TextColumn
    st.dataframe(
        charts.frame(shown, list(shown[0])), hide_index=True,
        height=table_height(len(shown), ROWS_SHOWN),
        column_config={
            "campaign": "Campaign", "segment": text("Part", help="all, or one channel or region"),
            "metric": "Metric",
            "rule": text("Why", help="; ".join(f"{k}: {v}" for k, v in words.MEANINGS.items())),
            "state": None if is_open else text("State", help=words.STATES_HELP),
            "opened_at": st.column_config.DatetimeColumn("Opened (UTC)", format="YYYY-MM-DD HH:mm"),
            "lasted": text("Lasted", help="From the first alert to the end, or until now"),
            "last": text("Last", help="Of the newest alert; the metric may be better by now"),
            "limit": text("Limit", help="B: half of the usual rate; C and D: the expected count"),
            "cases": text("Cases", help="What the rate is made of"),
            "worst": text("Worst", help="The lowest value of its alerts"),
            "windows": st.column_config.NumberColumn(
                "Windows", help="Windows of five minutes in which the rule fired"
            ),
            "chart": st.column_config.LinkColumn("Chart", display_text="show"),
        },
    )  # fmt: skip
    csv_button("CSV of this table", rows, name)


def _table_row(row: Record) -> Record:
    metric, closed = row["metric"], row["closed_at"]
    lasted = (
        seconds_since(row["opened_at"])
        if closed is None
        else (closed - row["opened_at"]).total_seconds()
    )
    return {
        "campaign": row["campaign_id"], "segment": row["segment"],
        "metric": words.metric_name(metric), "rule": words.rule_name(row["rule"]),
        "state": words.STATES[row["state"]], "opened_at": row["opened_at"],
        "lasted": formats.duration(lasted), "last": words.shown(metric, row["last_value"]),
        "limit": words.shown(metric, row["threshold"]), "cases": words.cases(row),
        "worst": words.shown(metric, row["worst_value"]), "windows": row["fired_windows"],
        "chart": f"alerts?incident={row['incident_id']}",
    }  # fmt: skip


def ask_rules(sources: Sources, asked: Asked) -> list[Record]:
    """Rules that hold for the chosen campaign and metric, also older versions."""
    return answered(sources, "alert_rules", asked.parameters() | {"most": str(MOST_RULES)})


def draw_rules(rows: list[Record]) -> None:
    """What makes an alert."""
    st.subheader("Rules", anchor=False)
    if not rows:
        st.caption("There is no rule: nothing makes an alert.")
        return
    shown = [_rule_row(row) for row in rows]
    text, check = st.column_config.TextColumn, st.column_config.CheckboxColumn
    st.dataframe(
        charts.frame(shown, list(shown[0])), hide_index=True,
        height=table_height(len(shown), ROWS_SHOWN),
        column_config={
            "rule": text("Fires when", help="; ".join(words.MEANINGS.values())),
            "metric": "Metric",
            "campaign": text("Campaign", help="A rule of its own wins over that of every campaign"),
            "segment": text("Parts", help="all; or each channel or region by itself"),
            "limit": text("Limit", help="A dash: the rule finds its own from the past"),
            "told": text("Tells", help="Channels of the messages"),
            "enabled": check("On"),
            "in_force": check("In force", help="Now; older versions are kept"),
            "version": st.column_config.NumberColumn("Version"),
            "from": "From (UTC)", "until": text("Until (UTC)", help="A dash: for ever"),
        },
    )  # fmt: skip
    csv_button("CSV of this table", rows, "alert-rules")


def _rule_row(row: Record) -> Record:
    until = row["valid_to"]
    return {
        "rule": words.rule_name(row["rule"]), "metric": words.metric_name(row["metric"]),
        "campaign": row["campaign_id"] or words.EVERY_CAMPAIGN, "segment": row["segment"],
        "limit": words.shown(row["metric"], row["threshold"]),
        "told": row["channels"] or words.EVERYBODY, "enabled": row["enabled"],
        "in_force": row["is_in_force"], "version": row["rule_version"],
        "from": f"{row['valid_from']:{_DAY_AND_TIME}}",
        "until": formats.UNKNOWN if until.year >= FOREVER else f"{until:{_DAY_AND_TIME}}",
    }  # fmt: skip


def offer_trials(send: SendTrial) -> None:
    """A button for each channel; the API, which tells of alerts, sends the message."""
    st.subheader("Test a channel", anchor=False)
    st.caption("Sends a message that says it is a test, the same way as messages of alerts go.")

    @st.fragment
    def buttons() -> None:
        for column, (channel, (label, icon)) in zip(
            st.columns(len(CHANNELS)), CHANNELS.items(), strict=True
        ):
            if column.button(
                f"Test {label}", icon=icon, key=f"test {channel}", width="stretch",
                help=f"Send a test message: {label}",
            ):  # fmt: skip
                _try(send, channel, label)

    buttons()


def _try(send: SendTrial, channel: str, label: str) -> None:
    try:
        with st.spinner("Sending"):
            outcome = send(channel)
    except (AdlakeError, ValueError) as error:  # of settings: the file of the key is gone, say
        st.error(f"{label}: no message was sent.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    if outcome.is_sent:
        st.success(f"{label}: the message was sent.", icon=":material/check_circle:")
    else:
        st.error(f"{label}: the receiver did not take the message.", icon=":material/error:")
        st.code(outcome.said or "it did not say why", language=None, wrap_lines=True)
