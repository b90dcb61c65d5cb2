"""Failed notifications: what nobody was told of, on which channel and why, by the API alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import streamlit as st

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import formats
from adlake.dashboard.alerts import CHANNELS
from adlake.dashboard.frame import section, table_height
from adlake.dashboard.lake import Record
from adlake.dashboard.remote import Remote, read
from adlake.folders import ADLAKE
from adlake.io.events_api.asking import ApiAwayError

PATH: Final = "/alerts/notifications"
REFRESH_SECONDS: Final = 30
MOST: Final = 50
ROWS_SHOWN: Final = 8


@dataclass(frozen=True)
class GivenUp:
    """What the API says of notifications that are not sent again."""

    rows: Sequence[Record] = ()
    """The newest first."""
    trouble: str = ""
    """Why nothing is known; empty: it is."""


def list_given_up(remote: Remote) -> None:
    """Draw the frame at once; it fills by itself, and an API that is slow delays no other part."""
    section(
        "Failed notifications", lambda: ask_given_up(remote), show_given_up,
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip


def ask_given_up(remote: Remote) -> GivenUp:
    """The newest of them, or why nobody can say."""
    try:
        found = remote.get(PATH, {"limit": str(MOST)})
    except ApiAwayError:
        return GivenUp(trouble="the API does not answer.")
    except AdlakeError as error:
        return GivenUp(trouble=f"the API cannot say: {error}")
    if found is None:
        return GivenUp(trouble="the API is older than this page.")
    return GivenUp([read(row) for row in found])


def show_given_up(told: GivenUp) -> None:
    """Quiet while there is none."""
    if told.trouble:
        st.caption(f"Notifications: {told.trouble}")
    elif not told.rows:
        st.caption("Notifications: none failed.")
    else:
        _table(told.rows)


def _table(rows: Sequence[Record]) -> None:
    st.subheader("Failed notifications", anchor=False)
    text = st.column_config.TextColumn
    st.dataframe(
        [row_of(row) for row in rows], hide_index=True,
        height=table_height(len(rows), ROWS_SHOWN),
        column_config={
            "Incident": st.column_config.LinkColumn(display_text=r"incident=(.*)"),
            "Code": text(help="As the receiver answered; empty: it did not"),
        },
    )  # fmt: skip
    which = f"The newest {MOST}" if len(rows) == MOST else f"{len(rows)} in all"
    st.caption(
        f"{which}, newest first. None of them is sent again. `{ADLAKE} alerts test-message` tries "
        "the channels that are on."
    )


def row_of(row: Record) -> Record:
    """A line of the table."""
    code = row["response_code"]
    return {
        "Time (UTC)": formats.clock(row["changed_at"]),
        "Channel": CHANNELS[row["channel"]][0],
        "Incident": f"alerts?incident={quote(row['incident_id'], safe='')}",
        "Transition": row["transition"],
        "Code": None if code is None else str(code),
        "Reason": row["reason"],
    }
