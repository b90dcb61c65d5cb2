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
_TIME_FORMATS: Final[Mapping[str, str]] = {"minute": "%H:%M", "hour": "%d %b %H:%M", "day": "%d %b"}


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
    title: str, bucket: str = "minute",
) -> alt.LayerChart:  # fmt: skip
    """Lines over time with a legend on top and all values of a moment in one tooltip."""
    labels = {line.column: line.label for line in drawn}
    wide = frame(records, [at, *labels]).rename(columns=labels)
    long = wide.melt(id_vars=[at], var_name="measure", value_name="value").dropna()
    colours = alt.Scale(domain=list(labels.values()), range=[line.colour for line in drawn])
    base = alt.Chart(long).encode(
        x=alt.X(
            f"{at}:T",
            title=None,
            axis=alt.Axis(format=_TIME_FORMATS[bucket], tickCount=6, labelOverlap=True),
        ),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(format=value_format, tickCount=5)),
        color=alt.Color("measure:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip(f"{at}:T", title="time (UTC)", format="%Y-%m-%d %H:%M:%S"),
            alt.Tooltip("measure:N", title="measure"),
            alt.Tooltip("value:Q", title="value", format=value_format),
        ],
    )
    drawing: alt.LayerChart = base.mark_line(strokeWidth=2.2) + base.mark_circle(size=28)
    return drawing.properties(height=HEIGHT)


def threshold(chart: alt.LayerChart, value: float, label: str) -> alt.LayerChart:
    """A dashed line that a measure should stay above or below."""
    mark = pd.DataFrame([{"value": value, "label": label}])
    rule = alt.Chart(mark).mark_rule(strokeDash=[6, 4], color=GREY).encode(y="value:Q")
    text = alt.Chart(mark).mark_text(
        align="right", dy=-7, dx=-4, color=GREY, fontSize=11
    ).encode(y="value:Q", x=alt.value("width"), text="label:N")  # fmt: skip
    marked: alt.LayerChart = chart + rule + text
    return marked


def columns_over_time(
    records: Sequence[Record], at: str, column: str, *, title: str, colour: str, value_format: str
) -> alt.Chart:
    """One thin column a moment."""
    drawn = frame(records, [at, column])
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar(color=colour, width=4)
        .encode(
            x=alt.X(f"{at}:T", title=None, axis=alt.Axis(format="%H:%M", tickCount=6)),
            y=alt.Y(f"{column}:Q", title=title, axis=alt.Axis(format=value_format, tickCount=5)),
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
    base = alt.Chart(drawn).encode(
        y=alt.Y(
            f"{label}:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelOverlap=False)
        ),
        x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format="~s", tickMinStep=1, tickCount=5)),
        tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{value}:Q", format=",")],
    )
    texts = base.mark_text(align="left", dx=4, color=GREY).encode(
        text=alt.Text(f"{value}:Q", format=",")
    )
    drawing: alt.LayerChart = base.mark_bar(color=colour) + texts
    return drawing.properties(height=HEIGHT if len(drawn) <= _ROWS_THAT_FIT else alt.Step(30))
