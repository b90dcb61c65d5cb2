"""Rows: the impressions behind a number, and what every event of one of them became."""

from __future__ import annotations

from typing import Final

import streamlit as st

from adlake.dashboard.filters import Choice, chosen
from adlake.dashboard.frame import (
    answered,
    csv_button,
    explained_rows,
    head,
    section,
    shown_of,
    table_height,
)
from adlake.dashboard.lake import Record, Sources

MOST_ROWS: Final = 200
ROWS_SHOWN: Final = 18
ONLY: Final = {
    "Impressions": "all", "Clicked": "clicked", "Converted": "converted",
    "With a late event": "late",
}  # fmt: skip
"""What a person reads, also in the address, and the parameter of the metric."""


def show(sources: Sources) -> None:
    """Draw the frame at once, and then the rows."""
    head(sources, "Rows")
    choice = chosen(sources)
    only = st.segmented_control(
        "Which", list(ONLY), default="Impressions", required=True,
        key="only", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    section("Rows", lambda: ask_rows(sources, choice, ONLY[str(only)]), draw_rows)


def ask_rows(sources: Sources, choice: Choice, only: str) -> list[Record]:
    """The newest impressions of the choice."""
    given = choice.parameters() | {"only": only, "most": str(MOST_ROWS)}
    return answered(sources, "impressions", given)


def draw_rows(rows: list[Record]) -> None:
    """One row an impression, with the way to its explanation."""
    if not rows:
        st.info("No such impression in this range.", icon=":material/hourglass_empty:")
        return
    shown = [{name: row[name] for name in row if name != "impressions"} for row in rows]
    moment, number = st.column_config.DatetimeColumn, st.column_config.NumberColumn
    st.dataframe(
        explained_rows(shown), hide_index=True, height=table_height(len(rows), ROWS_SHOWN),
        column_order=("impression_id", "explain", *list(shown[0])[1:]),
        column_config={
            "impression_id": "Impression", "campaign_id": "Campaign", "creative_id": "Creative",
            "user_id": "User", "geo_country": "Country", "platform": "Platform",
            "impression_time": moment("Shown (UTC)", width="medium"),
            "click_time": moment("Clicked", width="medium"),
            "conversion_time": moment("Converted", width="medium"),
            "cost": number("Cost", format="%.6f"), "revenue": number("Revenue", format="%.6f"),
            "revenue_out_of_window": number("Not attributed", format="%.6f"),
            "late_by_ms": number("Late by ms", format="localized"),
            "explain": st.column_config.LinkColumn("Why", display_text="explain"),
        },
    )  # fmt: skip
    st.caption(shown_of(len(rows), rows[0]["impressions"], "impressions", "newest first"))
    csv_button("CSV of these rows", shown, "rows")
