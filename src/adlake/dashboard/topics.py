"""Topics: the newest records of one, read from the broker when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import formats
from adlake.dashboard.frame import table_height
from adlake.dashboard.lake import Record
from adlake.folders import ADLAKE
from adlake.io.kafka.newest_records import SeenRecord, text_of

COUNTS: Final = (10, 50, 100)
"""Records that are read at a time."""
LONGEST_SHOWN: Final = 500
"""Characters of a key or a payload."""
ROWS_SHOWN: Final = 12


@dataclass(frozen=True)
class Topics:
    """What there is to look at, and how."""

    names: Sequence[str]
    """As the broker calls them; at least one."""
    read: Callable[[str, int], Sequence[SeenRecord]]
    """The newest so many records of a topic, oldest of them first. Raises AdlakeError."""


def offer_topics(topics: Topics) -> None:
    """A topic to choose; the broker is asked when the button is pressed, and not before."""
    st.subheader("Topics", anchor=False)

    @st.fragment
    def part() -> None:
        with st.form("topics", border=False):
            # All are in sight: a list that opens would close while the parts above fill.
            topic = st.segmented_control(
                "Topic", topics.names, default=topics.names[0], required=True
            )
            columns = st.columns([5, 1], vertical_alignment="bottom")
            count = columns[0].segmented_control(
                "Newest records", COUNTS, default=COUNTS[0], required=True
            )
            is_asked = columns[1].form_submit_button("Read", width="stretch")
        if is_asked:
            _read(topics, topic or topics.names[0], count or COUNTS[0])

    part()


def _read(topics: Topics, topic: str, count: int) -> None:
    try:
        with st.spinner("Reading"):
            records = topics.read(topic, count)
    except AdlakeError as error:
        st.error(f"Topic {topic}: nothing was read.", icon=":material/cloud_off:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    if not records:
        st.info(
            f"Topic {topic} is empty: its newest offsets hold no record.",
            icon=":material/hourglass_empty:",
        )
        return
    rows = [row_of(one) for one in reversed(records)]
    number = st.column_config.NumberColumn
    st.dataframe(
        rows, hide_index=True, height=table_height(len(rows), ROWS_SHOWN),
        column_config={
            # Without separators, to be copied.
            "Partition": number(format="%d", width="small"),
            "Offset": number(format="%d", width="small"),
            "Payload": st.column_config.TextColumn(width="large"),
        },
    )  # fmt: skip
    st.caption(
        f"Topic {topic}, newest first, read at {formats.clock(datetime.now(UTC))}. Texts are cut "
        f"after {LONGEST_SHOWN} characters: `{ADLAKE} peek {topic} --format json` has all of them."
    )


def row_of(record: SeenRecord) -> Record:
    """A line of the table; None where a record has no time, key or payload."""
    at = record.at
    millis = 0 if at is None else at.microsecond // 1_000
    return {
        "Partition": record.partition,
        "Offset": record.offset,
        "Time (UTC)": None if at is None else f"{at:%Y-%m-%d %H:%M:%S}.{millis:03}",
        "Key": text_of(record.key, LONGEST_SHOWN),
        "Payload": text_of(record.value, LONGEST_SHOWN),
    }
