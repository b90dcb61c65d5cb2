"""The charts, drawn with Altair. Colours are mid-tones that read on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import altair as alt
import pandas as pd

from adlake.dashboard.lake import Record

BLUE: Final = "#2f7ed8"
ORANGE: Final = "#e8833a"
GREEN: Final = "#2ca58d"
RED: Final = "#d6455d"
GREY: Final = "#8a94a6"
HEIGHT: Final = 260
_ROWS_THAT_FIT: Final = 8
_DAYS_LABELLED: Final = 8
DURATION_TICKS: Final = (0, 1, 10, 60, 600, 3_600, 21_600, 86_400)
_DURATION_LABEL: Final = (
    "datum.value < 60 ? datum.value + ' s' : datum.value < 3600 ? datum.value / 60 + ' min' : "
    "datum.value / 3600 + ' h'"
)
_TIME_FORMATS: Final[Mapping[str, str]] = {
    "moment": "%H:%M:%S",
    "minute": "%H:%M",
    "hour": "%d %b %H:%M",
    "day": "%d %b",
    "month": "%b %Y",
    "year": "%Y",
}


BUCKETS: Final = (GREEN, "#7fb8a8", "#b58ad6", ORANGE, "#e0b04a", GREY, RED)
"""Of the buckets of the bridge, in its order."""
YOUNG: Final = "Shaded: provisional, younger than the lookback."


@dataclass(frozen=True)
class Step:
    """One bar of a bridge, from one value to another."""

    label: str
    low: Decimal
    high: Decimal
    colour: str


@dataclass(frozen=True)
class Line:
    """One column drawn as a line."""

    column: str
    label: str
    colour: str


def frame(records: Sequence[Record], columns: Sequence[str]) -> pd.DataFrame:
    """Rows for a chart: decimals as floats (display only), times without zone (they are UTC)."""
    rows = [
        [
            float(value) if isinstance(value, Decimal) else value
            for value in map(record.get, columns)
        ]
        for record in records
    ]
    table = pd.DataFrame(rows, columns=list(columns))
    for column in table.select_dtypes(include=["datetimetz"]).columns:
        table[column] = table[column].dt.tz_localize(None)
    return table


def lines(
    records: Sequence[Record], at: str, drawn: Sequence[Line], *, value_format: str,
    title: str, bucket: str = "moment", is_duration: bool = False, beside: str = "",
) -> alt.LayerChart:  # fmt: skip
    """Lines over time with a legend on top; `beside` is a share that every tooltip tells too."""
    labels = {line.column: line.label for line in drawn}
    told = [at, beside] if beside else [at]
    wide = frame(records, [*told, *labels]).rename(columns=labels)
    long = wide.melt(id_vars=told, var_name="measure", value_name="value").dropna(subset="value")
    colours = alt.Scale(domain=list(labels.values()), range=[line.colour for line in drawn])
    base = alt.Chart(long).encode(
        x=alt.X(f"{at}:T", title=None, axis=_time_axis(long[at], bucket)),
        y=_duration_axis("value") if is_duration else _value_axis("value", title, value_format),
        color=alt.Color("measure:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip(f"{at}:T", title="time (UTC)", format="%Y-%m-%d %H:%M:%S"),
            alt.Tooltip("measure:N", title="measure"),
            alt.Tooltip("value:Q", title="value", format=value_format),
            *([alt.Tooltip(f"{beside}:Q", format=".1%")] if beside else ()),
        ],
    )
    drawing: alt.LayerChart = base.mark_line(strokeWidth=2.2) + base.mark_circle(size=28)
    return drawing.properties(height=HEIGHT)


def _time_axis(moments: pd.Series[Any], bucket: str) -> alt.Axis:
    """Few labels; days get one label each at most, since a finer tick would repeat the day."""
    ticks: int | dict[str, object] = 6
    if bucket == "day":
        days = (moments.max() - moments.min()).days
        ticks = {"interval": "day", "step": 1 + days // _DAYS_LABELLED}
    return alt.Axis(
        format=_TIME_FORMATS[bucket], tickCount=ticks, labelOverlap=True, labelSeparation=12
    )


def _value_axis(column: str, title: str, value_format: str) -> alt.Y:
    """From zero, without trailing zeros on the labels."""
    short = value_format.replace("f", "~f").replace("%", "~%")
    return alt.Y(
        f"{column}:Q", title=title, axis=alt.Axis(format=short, tickCount=5, labelFlush=False)
    )


def _duration_axis(column: str) -> alt.Y:
    """Seconds from a fraction to days, each readable beside the others."""
    return alt.Y(
        f"{column}:Q", title=None,
        scale=alt.Scale(type="symlog", constant=1, domainMin=0),
        axis=alt.Axis(
            values=list(DURATION_TICKS), labelExpr=_DURATION_LABEL, labelFlush=False,
            labelOverlap=True,
        ),
    )  # fmt: skip


def threshold(chart: alt.LayerChart, value: float) -> alt.LayerChart:
    """A dashed line that a measure should stay above or below; the title says what it is."""
    mark = pd.DataFrame([{"value": value}])
    rule = alt.Chart(mark).mark_rule(strokeDash=[6, 4], color=GREY).encode(y="value:Q")
    marked: alt.LayerChart = chart + rule
    return marked


def marked_young(chart: alt.LayerChart, records: Sequence[Record], at: str) -> alt.LayerChart:
    """A shade behind the buckets that are provisional: they are the newest ones."""
    young = [record[at] for record in records if record["is_provisional"]]
    if not young:
        return chart
    span = frame([{"begin": min(young), "end": max(young)}], ["begin", "end"])
    shade = alt.Chart(span).mark_rect(color=GREY, opacity=0.12).encode(x="begin:T", x2="end:T")
    marked: alt.LayerChart = shade + chart
    return marked.properties(height=HEIGHT)


def waterfall(steps: Sequence[Step], *, title: str) -> alt.LayerChart:
    """Bars that begin where the one before ended, each with its value."""
    rows = [
        {"label": s.label, "low": float(s.low), "high": float(s.high), "colour": s.colour,
         "value": float(s.high - s.low)}
        for s in steps
    ]  # fmt: skip
    drawn = pd.DataFrame(rows)
    # An axis needs a length even when nothing was converted.
    scale = alt.Scale(domain=[0, max(1.0, 1.12 * float(drawn["high"].max()))], nice=False)
    base = alt.Chart(drawn).encode(
        y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=160)),
        tooltip=[alt.Tooltip("label:N", title="bucket"), alt.Tooltip("value:Q", format=",.6f")],
    )
    bars_drawn = base.mark_bar().encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=alt.Axis(format="~s", tickCount=5)),
        x2="high:Q", color=alt.Color("colour:N", scale=None),
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=4, color=GREY).encode(
        x=alt.X("high:Q", scale=scale), text=alt.Text("value:Q", format=",.2f")
    )
    drawing: alt.LayerChart = bars_drawn + texts
    return drawing.properties(height=alt.Step(34))


def stacked_days(
    rows: Sequence[Record], day: str, kind: str, value: str, *, title: str,
    colours: Mapping[str, str],
) -> alt.Chart:  # fmt: skip
    """One bar a day, cut by kind in the order of the colours."""
    drawn = frame(rows, [day, kind, value])
    order = list(colours)
    drawn["place"] = drawn[kind].map(order.index)
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=alt.X(f"{day}:O", title=None, axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            y=_value_axis(value, title, ",.2f"),
            color=alt.Color(
                f"{kind}:N", legend=alt.Legend(title=None, orient="top"),
                scale=alt.Scale(domain=order, range=list(colours.values())),
            ),
            order="place:Q",
            tooltip=[
                alt.Tooltip(f"{day}:O", title="day"), alt.Tooltip(f"{kind}:N", title="bucket"),
                alt.Tooltip(f"{value}:Q", title="value", format=",.2f"),
            ],
        )
        .properties(height=HEIGHT)
    )  # fmt: skip
    return chart


def columns_over_time(
    records: Sequence[Record], at: str, column: str, *, title: str, colour: str, value_format: str
) -> alt.Chart:
    """One thin column a moment."""
    drawn = frame(records, [at, column])
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar(color=colour, width=4)
        .encode(
            x=alt.X(f"{at}:T", title=None, axis=_time_axis(drawn[at], "moment")),
            y=_value_axis(column, title, value_format),
            tooltip=[
                alt.Tooltip(f"{at}:T", title="time (UTC)", format="%Y-%m-%d %H:%M:%S"),
                alt.Tooltip(f"{column}:Q", title=title, format=value_format),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def bars(
    rows: Sequence[Mapping[str, Any]], label: str, value: str, *, title: str, colour: str
) -> alt.LayerChart:
    """Horizontal bars with their value at the end, in the order of the rows."""
    drawn = pd.DataFrame(list(rows), columns=[label, value])
    # Room for the number behind the longest bar; an axis needs a length even when all are zero.
    scale = alt.Scale(domain=[0, max(1.0, 1.1 * float(drawn[value].max()))], nice=False)
    base = alt.Chart(drawn).encode(
        y=alt.Y(
            f"{label}:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelOverlap=False)
        ),
        x=alt.X(
            f"{value}:Q", title=title, scale=scale,
            axis=alt.Axis(format="~s", tickMinStep=1, tickCount=5),
        ),
        tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{value}:Q", format=",")],
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=4, color=GREY).encode(
        text=alt.Text(f"{value}:Q", format=",")
    )
    drawing: alt.LayerChart = base.mark_bar(color=colour) + texts
    return drawing.properties(height=HEIGHT if len(drawn) <= _ROWS_THAT_FIT else alt.Step(30))


def curves(
    records: Sequence[Record], at: str, columns: Mapping[str, str], *, title: str
) -> alt.LayerChart:
    """Lines of counts over a number, such as hours; column -> its label."""
    wide = frame(records, [at, *columns]).rename(columns=dict(columns))
    long = wide.melt(id_vars=at, var_name="measure", value_name="value")
    base = alt.Chart(long).encode(
        x=alt.X(f"{at}:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=8)),
        y=_value_axis("value", "events", ",.0f"),
        color=alt.Color(
            "measure:N", legend=alt.Legend(title=None, orient="top"),
            scale=alt.Scale(domain=list(columns.values()), range=[BLUE, GREEN]),
        ),
        tooltip=[
            alt.Tooltip(f"{at}:Q", title=title), alt.Tooltip("measure:N", title="measure"),
            alt.Tooltip("value:Q", format=",.0f"),
        ],
    )  # fmt: skip
    drawing: alt.LayerChart = base.mark_line(strokeWidth=2.2) + base.mark_circle(size=28)
    return drawing.properties(height=HEIGHT)
