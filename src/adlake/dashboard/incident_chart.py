"""The chart of an incident: its metric, the threshold, and the windows in which its rule fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import altair as alt

from adlake.dashboard.alert_words import is_rate
from adlake.dashboard.charts import BLUE, GREY, HEIGHT, ORANGE, RED, frame
from adlake.dashboard.lake import Record

FIRED: Final = "fired"
WITHDRAWN: Final = "withdrawn"
MEASURED: Final = "measured"
THRESHOLD: Final = "threshold"
BOUND: Final = "upper bound"
_COLOURS: Final = {
    MEASURED: BLUE, THRESHOLD: GREY, FIRED: RED, WITHDRAWN: GREY, BOUND: ORANGE,
}  # fmt: skip


def drawn_kinds(rows: Sequence[Record]) -> list[Record]:
    """Each thing to draw as a row of its own: window, kind and value; NULL is not drawn."""
    drawn: list[Record] = []
    for row in rows:
        values = {MEASURED: row["measured"], THRESHOLD: row["threshold"]}
        if row["status"] is not None:
            values[row["status"]] = row["fired_value"]
        # Other rules' bounds are a sum or a probability: of another unit than the metric.
        if row["rule"] == "A":
            values[BOUND] = row["bound"]
        drawn += [
            {"window_start": row["window_start"], "kind": kind, "value": float(value)}
            for kind, value in values.items()
            if value is not None
        ]
    return drawn


def incident_chart(rows: Sequence[Record]) -> alt.LayerChart | None:
    """Lines of what was measured and of the threshold, marks where the rule fired; None: nothing.

    Args:
        rows: of the metric `alert_series`.
    """
    drawn = drawn_kinds(rows)
    if not any(row["kind"] != THRESHOLD for row in drawn):
        return None
    metric = rows[0]["metric"]
    number = ".2%" if is_rate(metric) else ",.1~f"
    table = frame(drawn, ["window_start", "kind", "value"])
    kinds = [kind for kind in _COLOURS if any(row["kind"] == kind for row in drawn)]
    colours = alt.Scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds])
    base = alt.Chart(table).encode(
        x=alt.X(
            "window_start:T", title=None,
            axis=alt.Axis(format="%d %b %H:%M", tickCount=6, labelOverlap=True, labelSeparation=12),
        ),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=number, tickCount=5, labelFlush=False)),
        color=alt.Color("kind:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip("window_start:T", title="window (UTC)", format="%Y-%m-%d %H:%M"),
            alt.Tooltip("kind:N", title="what"),
            alt.Tooltip("value:Q", title="value", format=number),
        ],
    )  # fmt: skip

    # A layer without rows would have no extent, of which the drawing complains.
    layers = [
        mark(base.transform_filter(alt.FieldEqualPredicate(field="kind", equal=kind)))
        for kind, mark in _MARKS
        if kind in kinds
    ]
    drawing = alt.layer(*layers).properties(height=HEIGHT)
    assert isinstance(drawing, alt.LayerChart)  # noqa: S101 - no layer is a facet
    return drawing


_MARKS: Final[tuple[tuple[str, Callable[[alt.Chart], alt.Chart]], ...]] = (
    (MEASURED, lambda chart: chart.mark_line(strokeWidth=2.2)),
    (MEASURED, lambda chart: chart.mark_circle(size=28)),
    (THRESHOLD, lambda chart: chart.mark_line(strokeDash=[6, 4], interpolate="step-after")),
    (BOUND, lambda chart: chart.mark_tick(thickness=3, size=14)),
    (WITHDRAWN, lambda chart: chart.mark_point(shape="diamond", size=120, filled=True)),
    (FIRED, lambda chart: chart.mark_point(shape="diamond", size=120, filled=True)),
)
