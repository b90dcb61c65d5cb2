"""The charts of the page Budgets: spend beside the budget, and budgets over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import altair as alt

from adlake.dashboard.charts import BLUE, GREY, HEIGHT, ORANGE, RED, frame
from adlake.dashboard.lake import Record

Drawing = alt.Chart | alt.LayerChart
KINDS: Final = {"net_spend": "Net", "overdelivery_amount": "Overdelivered"}
"""What the valid spend of a day is made of, from below."""
_COLOURS: Final = {"Net": BLUE, "Overdelivered": RED}


def against_budget(rows: Sequence[Record], period: str) -> Drawing:
    """A bar a bucket of its valid spend, and a mark at the budget where it is one of the period.

    Args:
        rows: of `/advertisers/{id}/spend`, the newest first.
        period: DAILY or MONTHLY: budgets of another one are not drawn beside these buckets.
    """
    days = [row["local_day"].isoformat() for row in reversed(rows)]
    parts = [
        {"day": row["local_day"].isoformat(), "part": label, "amount": row[name], "place": place}
        for row in rows
        for place, (name, label) in enumerate(KINDS.items())
    ]
    day = alt.X("day:O", title=None, sort=days, axis=alt.Axis(labelOverlap=True, labelAngle=0))
    bars = (
        alt.Chart(frame(parts, ["day", "part", "amount", "place"]))
        .mark_bar()
        .encode(
            x=day,
            y=alt.Y("amount:Q", title="spend", axis=alt.Axis(format=",.2~f", tickCount=5)),
            color=alt.Color(
                "part:N", legend=alt.Legend(title=None, orient="top"),
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
            ),
            order="place:Q",
            tooltip=[
                alt.Tooltip("day:O"), alt.Tooltip("part:N"),
                alt.Tooltip("amount:Q", format=",.2f"),
            ],
        )
    )  # fmt: skip
    known = [
        {"day": row["local_day"].isoformat(), "budget": row["budget_value"]}
        for row in rows
        if row["budget_value"] is not None and row["period"] == period
    ]
    # A layer without rows would have no extent, of which the drawing complains.
    if not known:
        alone: alt.Chart = bars.properties(height=HEIGHT)
        return alone
    marks = (
        alt.Chart(frame(known, ["day", "budget"]))
        .mark_tick(color=ORANGE, thickness=3, size=28)
        .encode(
            x=day, y="budget:Q",
            tooltip=[alt.Tooltip("day:O"), alt.Tooltip("budget:Q", format=",.2f")],
        )
    )  # fmt: skip
    both: alt.LayerChart = bars + marks
    return both.properties(height=HEIGHT)


def budget_steps(rows: Sequence[Record], hours: Sequence[Record], now: datetime) -> Drawing | None:
    """Budgets as steps, and the average of each hour with a click; None: no budget is known.

    Args:
        rows: of `/advertisers/{id}/budgets`, the newest first.
        hours: of `/advertisers/{id}/spend` by hour.
        now: how far the budget in force is drawn.
    """
    if not rows:
        return None
    steps = [{"at": row["start_ts"], "budget": row["budget_value"]} for row in reversed(rows)]
    steps.append({"at": rows[0]["end_ts"] or now, "budget": rows[0]["budget_value"]})
    time = alt.X("at:T", title=None, axis=alt.Axis(
        format="%d %b %H:%M", tickCount=6, labelOverlap=True, labelSeparation=12,
    ))  # fmt: skip
    told = [
        alt.Tooltip("at:T", title="time (UTC)", format="%Y-%m-%d %H:%M"),
        alt.Tooltip("budget:Q", format=",.2f"),
    ]
    value = alt.Y("budget:Q", title="budget", axis=alt.Axis(format=",.2~f", tickCount=5))
    line = (
        alt.Chart(frame(steps, ["at", "budget"]))
        .mark_line(color=ORANGE, interpolate="step-after", strokeWidth=2.2)
        .encode(x=time, y=value, tooltip=told)
    )
    begin = steps[0]["at"]
    averages = [
        {"at": row["bucket_start"], "budget": row["average_budget"]}
        for row in hours
        if row["average_budget"] is not None and row["bucket_start"] >= begin
    ]
    if not averages:
        alone: alt.Chart = line.properties(height=HEIGHT)
        return alone
    dots = (
        alt.Chart(frame(averages, ["at", "budget"]))
        .mark_circle(color=GREY, size=36)
        .encode(x=time, y="budget:Q", tooltip=told)
    )
    both: alt.LayerChart = line + dots
    return both.properties(height=HEIGHT)
