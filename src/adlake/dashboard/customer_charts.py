"""The chart of a customer: the stages it went through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import altair as alt

from adlake.dashboard.charts import BLUE, frame
from adlake.dashboard.lake import Record

STAGES: Final = ("prospect", "customer", "engaged", "high-value", "evangelist")
"""From below; a customer may go down again."""


def stage_steps(rows: Sequence[Record], now: datetime) -> alt.LayerChart:
    """Steps from stage to stage, with a point where each was entered.

    Args:
        rows: of `/customers/{user_id}/history`, the first stage first; at least one.
        now: how far the present stage is drawn.
    """
    last = rows[-1]
    # An event may be dated a little ahead.
    end = max(now, last["entered_at"])
    entered = frame(
        rows, ["entered_at", "stage", "order_count", "lifetime_value", "engagement_rate"]
    )
    steps = frame([*rows, {"entered_at": end, "stage": last["stage"]}], ["entered_at", "stage"])
    time = alt.X("entered_at:T", title=None, axis=alt.Axis(
        format="%d %b %H:%M", tickCount=6, labelOverlap=True, labelSeparation=12,
    ))  # fmt: skip
    stage = alt.Y(
        "stage:N", title=None, sort=list(reversed(STAGES)),
        scale=alt.Scale(domain=list(reversed(STAGES))),
    )  # fmt: skip
    line = (
        alt.Chart(steps)
        .mark_line(color=BLUE, interpolate="step-after", strokeWidth=2.2)
        .encode(x=time, y=stage)
    )
    points = (
        alt.Chart(entered)
        .mark_circle(color=BLUE, size=70)
        .encode(
            x=time, y=stage,
            tooltip=[
                alt.Tooltip("entered_at:T", title="entered (UTC)", format="%Y-%m-%d %H:%M:%S"),
                alt.Tooltip("stage:N"), alt.Tooltip("order_count:Q", title="orders"),
                alt.Tooltip("lifetime_value:Q", title="lifetime value", format=",.2f"),
                alt.Tooltip("engagement_rate:Q", title="delivered of messages", format=".1%"),
            ],
        )
    )  # fmt: skip
    drawing: alt.LayerChart = line + points
    return drawing.properties(height=200)
