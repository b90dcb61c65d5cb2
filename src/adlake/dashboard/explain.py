"""Explain: every delivery of one impression, what became of it and why, and its Gold row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from adlake.dashboard.frame import csv_button, guarded, head, table_height
from adlake.dashboard.lake import Sources
from adlake.folders import ADLAKE
from adlake.io.output import displayed
from adlake.proof.explain import Explanation, UnknownImpressionError

MOST_LINES: Final = 500
"""Of one table; an id that gathers the events of strangers has more."""
ROWS_SHOWN: Final = 12
Explain = Callable[[str], Explanation]


def show(sources: Sources, explain: Explain) -> None:
    """Ask for an impression id, and say why its row is as it is."""
    head(sources, "Explain")
    impression_id = st.text_input(
        "Impression id", key="impression_id", bind="query-params",
        placeholder="an impression id, for example from the page Rows",
    )  # fmt: skip
    if not impression_id:
        st.info(f"`{ADLAKE} explain IMPRESSION_ID` says the same.", icon=":material/search:")
        return
    with guarded("Explain"), st.spinner("Asking the lake", show_time=True):
        try:
            explanation = explain(impression_id)
        except UnknownImpressionError:
            st.warning(
                "Bronze has no delivery of this impression: check the id, or wait for its batch.",
                icon=":material/search_off:",
            )
            return
        draw(explanation)


def draw(explanation: Explanation) -> None:
    """The three tables of `adlake explain`."""
    if explanation.differences:
        st.error(
            f"Gold differs from what the deliveries give: {', '.join(explanation.differences)}. "
            "A batch may still be on its way.",
            icon=":material/error:",
        )
    titles = ("Deliveries, in order of arrival", f"Events; {explanation.law}", "The Gold row")
    parts = zip(titles, explanation.tables(), strict=True)
    for number, (title, (_, table)) in enumerate(parts, start=1):
        # The lake's own texts are shown in tables alone: a heading would read them as markdown.
        st.subheader(title, anchor=False)
        records = list(table.records())
        if not records:
            st.caption("None.")
            continue
        shown = [
            {name: displayed(value, name) for name, value in record.items()}
            for record in records[:MOST_LINES]
        ]
        st.dataframe(shown, hide_index=True, height=table_height(len(shown), ROWS_SHOWN))
        if len(records) > MOST_LINES:
            st.caption(f"The first {MOST_LINES} of {len(records):,}; the CSV has all.")
        csv_button("CSV of this table", records, f"explain-{number}")
