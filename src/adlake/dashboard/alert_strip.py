"""The strip on top of pages while KPI alerts are open; without one there is nothing to see."""

from __future__ import annotations

from typing import Final

import streamlit as st

from adlake.dashboard import alert_words as words
from adlake.dashboard import formats
from adlake.dashboard.lake import Record, Sources

REFRESH_SECONDS: Final = 30
NAMED: Final = 3


def strip(sources: Sources) -> None:
    """Ask behind the page, like its tiles: the frame waits for nothing."""
    opened = [True]

    @st.fragment(run_every=REFRESH_SECONDS, parallel=True, key="alert strip")
    def part() -> None:
        place = st.empty() if opened else st
        opened.clear()
        rows = sources.open_incidents(NAMED)
        if rows:
            with place.container():
                st.warning(sentence(rows), icon=":material/notifications_active:")

    # Its place is always there, so that no neighbour moves when it is hidden.
    with st.container():
        part()


def sentence(rows: list[Record]) -> str:
    """How many are open, and the newest of them."""
    count = rows[0]["incidents"]
    named = "; ".join(words.told(row) for row in rows)
    more = f"; and {formats.count(count - len(rows))} more" if count > len(rows) else ""
    many = "1 alert is open" if count == 1 else f"{formats.count(count)} alerts are open"
    return f"{many}: {named}{more}. [Alerts](alerts)"
