"""What the pages share: the head with its badge, tiles, tables to take along, readable errors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from html import escape
from typing import Final, Literal, TypeVar
from urllib.parse import quote

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import charts, formats
from adlake.dashboard.health import FRESHNESS_PROMISE_SECONDS
from adlake.dashboard.lake import Record, Sources
from adlake.dashboard.remote import Remote
from adlake.io.events_api.asking import ApiAwayError, ApiUnreadyError
from adlake.io.output import write_csv
from adlake.io.trino.client import (
    QueryResult,
    TableMissingError,
    TrinoUnreachableError,
)

BADGE_SECONDS: Final = 5
WAITING: Final = "..."
UNCHANGED: Final = "no change"
_WAITING_TILE: Final = (
    '<div class="waiting-tile" style="flex: 1; min-height: 7rem; padding: 1rem; '
    'border: 1px solid rgba(128, 128, 128, 0.25); border-radius: 0.5rem">'
    '<div style="font-size: 0.875rem">{label}</div>'
    '<div style="font-size: 2.25rem">{value}</div></div>'
)
_UNTIL_ANSWERED: Final = (
    '<style>[class*="st-key-part-"]:has([class*="st-key-answer-"], [data-testid="stAlert"]) '
    '[data-testid="stElementContainer"]:has(.until-answered) {{ display: none }}</style>'
    '<div class="until-answered">{shown}</div>'
)
"""Hidden in a part that has its answer, or a message in the place of it."""
_OLD_SECONDS: Final = 10 * FRESHNESS_PROMISE_SECONDS
T = TypeVar("T")
BadgeColour = Literal["green", "orange", "red", "gray"]


@dataclass(frozen=True)
class Change:
    """A number beside that of the period before."""

    now: Decimal | int | None
    before: Decimal | int | None
    is_good: bool | None = True
    """Whether more is better; None: neither."""

    @property
    def _percent(self) -> Decimal:
        now, before = Decimal(self.now or 0), Decimal(self.before or 1)
        return round(100 * (now - before) / abs(before), 1)

    @property
    def in_words(self) -> str | None:
        """`+12.3 %`; None where there is nothing to compare with."""
        if self.now is None or not self.before:
            return None
        return f"{self._percent:+,.1f} %" if self._percent else UNCHANGED

    @property
    def colour(self) -> Literal["normal", "inverse", "off"]:
        """Of its arrow."""
        if self.is_good is None or not self.in_words or not self._percent:
            return "off"
        return "normal" if self.is_good else "inverse"


@dataclass(frozen=True)
class Note:
    """Words beside a number, in place of a change."""

    in_words: str
    colour: Literal["off"] = "off"


def head(sources: Sources, title: str) -> None:
    """The head of a page over Gold."""
    titled(title, lambda: _said_by_badge(sources))


def titled(title: str, ask: Callable[[], Callable[[], object]]) -> None:
    """The title, and how fresh the data are: on every page, at the same place.

    Args:
        title: of the page.
        ask: waits for the answer and gives what draws the badge.
    """
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(title, anchor=False)
    place = right.container(horizontal_alignment="right")

    opened = [True]

    @st.fragment(run_every=BADGE_SECONDS, parallel=True, key="badge")
    def badge() -> None:
        shown = st.empty() if opened else st
        if opened:
            opened.clear()
            shown.badge("Asking the lake", icon=":material/schedule:", color="gray")
        said = ask()
        with shown.container():
            said()

    with place:
        badge()


def _said_by_badge(sources: Sources) -> Callable[[], object]:
    try:
        [freshness] = sources.answers({"freshness": {}})["freshness"]
    except TrinoUnreachableError:
        return partial(st.badge, "Trino does not answer", icon=":material/cloud_off:", color="red")
    except AdlakeError:
        return partial(st.badge, "No data yet", icon=":material/hourglass_empty:", color="gray")
    return _dated(freshness["last_commit_at"], "Newest commit to Gold")


def head_of(remote: Remote, part: str, title: str) -> None:
    """The head of a page that reads the API alone.

    Args:
        remote: what the page reads.
        part: budgets or customers, whose tables are meant.
        title: of the page.
    """

    def ask() -> Callable[[], object]:
        try:
            moment = remote.as_of(part)
        except ApiAwayError:
            return partial(
                st.badge, "The API does not answer", icon=":material/cloud_off:", color="red"
            )
        except AdlakeError:
            return partial(st.badge, "No data yet", icon=":material/hourglass_empty:", color="gray")
        return _dated(moment, f"Newest commit to the tables of {part}")

    titled(title, ask)


def _dated(moment: datetime | None, meaning: str) -> Callable[[], object]:
    words, colour = freshness_in_words(moment, datetime.now(UTC))
    told = f"{meaning}: {formats.clock(moment)}"
    return partial(st.badge, words, icon=":material/schedule:", color=colour, help=told)


def freshness_in_words(moment: datetime | None, now: datetime) -> tuple[str, BadgeColour]:
    """What the badge says, by commit times alone: no event's own time can hide a stall."""
    if moment is None:
        return "No batch yet", "gray"
    age = max(Decimal(0), Decimal((now - moment).total_seconds()))
    words = f"Data as of {formats.duration(age)} ago"
    if age <= FRESHNESS_PROMISE_SECONDS:
        return words, "green"
    return words, "orange" if age <= _OLD_SECONDS else "red"


def tile(
    column: DeltaGenerator,
    label: str,
    value: str,
    explanation: str,
    change: Change | Note | None = None,
) -> None:
    """One number with its meaning behind the question mark, and its change if it has one."""
    is_flat = isinstance(change, Note) or (change is not None and change.in_words == UNCHANGED)
    column.metric(
        label, value, help=explanation, border=True, height="stretch",
        delta=None if change is None else change.in_words,
        delta_color="normal" if change is None else change.colour,
        delta_arrow="off" if is_flat else "auto",
    )  # fmt: skip


def waiting_tiles(rows: Sequence[Sequence[str]]) -> str:
    """The tiles before their numbers have come, as HTML.

    A browser shows it with the title, while a metric waits for a script of its own.
    """
    lines = []
    for labels in rows:
        tiles = [_WAITING_TILE.format(label=escape(label), value=WAITING) for label in labels]
        lines.append(f'<div style="display: flex; gap: 1rem">{"".join(tiles)}</div>')
    return f'<div style="display: grid; gap: 1rem">{"".join(lines)}</div>'


def section(
    name: str, ask: Callable[[], T], draw: Callable[[T], None], *, seconds: int | None = None,
    tiles: Sequence[Sequence[str]] = (), tells_of_outages: bool = True,
) -> None:  # fmt: skip
    """A part of a page that asks, fills and refreshes by itself, beside the other parts.

    What is shown until its first answers come is drawn by the page, so that a browser gets it with
    the title. The part runs beside the page and may not take it away: the browser hides it.

    Args:
        name: what a message about it calls it.
        ask: waits for the answers; draws nothing.
        draw: shows them.
        seconds: refreshed so often; None: only with the page.
        tiles: labels of what is shown until the first answers come.
        tells_of_outages: says so when Trino is away or the lake is empty; one part of a page does.
    """
    opened = [True]

    @st.fragment(run_every=seconds, parallel=True, key=name)
    def part() -> None:
        # A refresh leaves what is shown until it has something new; another choice does not.
        place = st.empty() if opened else st
        opened.clear()
        with guarded(name, tells_of_outages=tells_of_outages):
            found = ask()
            with place.container(key=f"answer {name}"):
                draw(found)

    with st.container(key=f"part {name}"):
        asking = f"{escape(name)}: asking the lake {WAITING}"
        st.html(_UNTIL_ANSWERED.format(shown=waiting_tiles(tiles) if tiles else asking))
        part()


def csv_button(label: str, records: Sequence[Mapping[str, object]], name: str) -> None:
    """What is shown, exact and as CSV; written when somebody takes it."""
    if not records:
        return
    st.download_button(
        label, data=lambda: csv_of(records), file_name=f"{name}.csv", mime="text/csv",
        icon=":material/download:", type="tertiary", key=f"csv {name}", on_click="ignore",
    )  # fmt: skip


def csv_of(records: Sequence[Mapping[str, object]]) -> str:
    """As `adlake query --format csv` writes rows: exact numbers, no text that a sheet would run."""
    columns = tuple(records[0])
    rows = (tuple(record[name] for name in columns) for record in records)
    text = io.StringIO()
    write_csv(QueryResult(columns, rows), text)
    return text.getvalue()


def explained_at(impression_id: str | None) -> str | None:
    """Address of the explanation of an impression; None without one."""
    return f"explain?impression_id={quote(impression_id, safe='')}" if impression_id else None


def explained_rows(rows: Sequence[Record]) -> pd.DataFrame:
    """The rows as a table, each with the way to its explanation (column `explain`)."""
    linked = [row | {"explain": explained_at(row["impression_id"])} for row in rows]
    return charts.frame(linked, list(linked[0]))


def shown_of(shown: int, found: int, things: str, order: str) -> str:
    """How many rows a table holds, of how many."""
    if shown == found:
        return f"{formats.count(found)} {things}, {order}."
    return f"The first {formats.count(shown)} of {formats.count(found)} {things}, {order}."


def seconds_since(moment: datetime | None) -> Decimal | None:
    """Age of a commit now; answers may be a few seconds old, the age on the page is not."""
    if moment is None:
        return None
    age = Decimal((datetime.now(UTC) - moment).total_seconds())
    return max(age, Decimal(0))


@contextmanager
def guarded(part: str, *, tells_of_outages: bool = True) -> Iterator[None]:
    """Turn expected failures into a message; the page tries again by itself."""
    try:
        yield
    except (TrinoUnreachableError, TableMissingError, ApiAwayError, ApiUnreadyError) as error:
        if tells_of_outages:
            _tell_of_outage(part, error)
    except AdlakeError as error:
        st.error(f"{part}: a query failed; this page tries again.", icon=":material/error:")
        st.code(str(error), language=None)


def _tell_of_outage(part: str, error: AdlakeError) -> None:
    if isinstance(error, TrinoUnreachableError):
        st.error(
            "Trino does not answer. Start it with `make up`; this page goes on by itself.",
            icon=":material/cloud_off:",
        )
    elif isinstance(error, ApiAwayError):
        st.error(
            "The API does not answer. Start it with `make up ONLY=api`; this page goes on by "
            "itself.",
            icon=":material/cloud_off:",
        )
    elif isinstance(error, ApiUnreadyError):
        st.info(
            f"{part}: the API cannot read the lake (yet); this page goes on by itself.",
            icon=":material/hourglass_empty:",
        )
        st.code(str(error), language=None, wrap_lines=True)
    else:
        st.info(
            f"{part}: the lake is empty. Its tables appear with the stream's first batch; "
            "`make status` shows whether the stream runs.",
            icon=":material/hourglass_empty:",
        )


def table_height(rows: int, most: int) -> int:
    """Pixels of a table of so many rows, of which `most` are seen at once."""
    return 3 + 35 * (1 + min(rows, most))


def answered(sources: Sources, name: str, parameters: Mapping[str, str]) -> list[Record]:
    """Rows of one metric."""
    return sources.answers({name: parameters})[name]
