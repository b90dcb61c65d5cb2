"""Late events: how many of the last days arrived long after their window had ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from adlake.dashboard import formats
from adlake.dashboard.frame import answered, section
from adlake.dashboard.lake import Record, Sources
from adlake.io.trino.client import TableMissingError

REFRESH_SECONDS: Final = 60
"""Nobody acts on it within a minute, and it sums up days."""
DAYS: Final = 7


def count_late(sources: Sources) -> None:
    """Draw the frame at once; it fills by itself."""
    section(
        "Late events", lambda: ask_late(sources, datetime.now(UTC)), show_late,
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip


def ask_late(sources: Sources, now: datetime) -> Record | None:
    """Sums of the last days' windows, cut to the hour: answers are kept.

    None: the lake is empty.
    """
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    try:
        rows = answered(sources, "campaign_kpis", {"since": since.isoformat()})
    except TableMissingError:
        return None
    return rows[0] if rows else None


def show_late(sums: Record | None) -> None:
    """Column `late_events` of metric `campaign_kpis`."""
    if sums is None:
        st.caption(f"Late events: the lake has no events of the last {DAYS} days.")
        return
    late = sums["late_events"]
    told = f"{formats.count(late)} events" if late != 1 else "1 event"
    st.caption(
        f"Late events: {told} of the last {DAYS} days came more than an hour after the end of "
        "their window of five minutes. Each counts at its own time."
    )
