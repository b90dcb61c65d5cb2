"""What the pages share: tiles, the line that says how old the data are, and readable errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import formats
from adlake.dashboard.lake import Record
from adlake.io.trino.client import TableMissingError, TrinoUnreachableError


def tile(column: DeltaGenerator, label: str, value: str, explanation: str) -> None:
    """One number with its meaning behind the question mark."""
    column.metric(label, value, help=explanation, border=True)


def seconds_since(moment: datetime | None) -> Decimal | None:
    """Age of a commit now; answers may be a few seconds old, the age on the page is not."""
    if moment is None:
        return None
    age = Decimal((datetime.now(UTC) - moment).total_seconds())
    return max(age, Decimal(0))


def data_as_of(freshness: Record) -> None:
    """When the newest batch became visible."""
    moment = freshness["last_commit_at"]
    if moment is None:
        st.caption("Data as of: no batch yet")
        return
    age = formats.duration(seconds_since(moment))
    st.caption(f"Data as of **{formats.clock(moment)}** ({age} ago)")


@contextmanager
def guarded(page: str) -> Iterator[None]:
    """Turn expected failures into a message; the page tries again by itself."""
    try:
        with _first_wait(page):
            yield
    except TrinoUnreachableError:
        st.error(
            "Trino does not answer. Start it with `make up`; this page goes on by itself.",
            icon=":material/cloud_off:",
        )
    except TableMissingError:
        st.info(
            f"{page}: the lake is empty. Its tables appear with the stream's first batch; "
            "`make status` shows whether the stream runs.",
            icon=":material/hourglass_empty:",
        )
    except AdlakeError as error:
        st.error("A query failed; this page tries again.", icon=":material/error:")
        st.code(str(error), language=None)


def _first_wait(page: str) -> AbstractContextManager[None]:
    """A spinner while a page is first filled; refreshes go on behind the numbers shown."""
    seen = f"seen {page}"
    if seen in st.session_state:
        return nullcontext()
    st.session_state[seen] = True
    spinner: AbstractContextManager[None] = st.spinner("Asking the lake", show_time=True)
    return spinner
