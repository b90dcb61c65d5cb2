"""What a reader chose: time, campaign, country and platform. It stands in the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from adlake.dashboard.lake import Sources
from adlake.dashboard.periods import DATES, RANGES, Period, period_of

MOST_VALUES: Final = 100
VALUES_KEPT_SECONDS: Final = 300.0
PATIENCE_SECONDS: Final = 0.2
"""So long the frame of a page waits for the values of its filters."""
ASK_AGAIN_SECONDS: Final = 2
DEFAULT_RANGE: Final = "Last hour"
COLUMNS: Final = ("campaign_id", "geo_country", "platform")
_LABELS: Final = {"campaign_id": "Campaign", "geo_country": "Country", "platform": "Platform"}


@dataclass(frozen=True)
class Choice:
    """The values of the filters; None: all."""

    range_name: str = DEFAULT_RANGE
    dates: tuple[date, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """Column and value of each filter that is set."""

    def period(self, now: datetime | None = None) -> Period:
        """The time meant, by the reader's clock."""
        return period_of(self.range_name, now or datetime.now(UTC), self.dates)

    def parameters(self, now: datetime | None = None) -> dict[str, str]:
        """As parameters of a metric."""
        return self.period(now).parameters | dict(self.values)

    def parameters_before(self, now: datetime | None = None) -> dict[str, str]:
        """Of the same elapsed part of the period before."""
        return self.period(now).parameters_before | dict(self.values)

    def address(self, page: str, **more: str) -> str:
        """Address of another page with the same choice, and with more of it."""
        return f"{page}?{urlencode(self.query(**more))}"

    def query(self, **more: str) -> dict[str, str]:
        """As the part of an address behind its question mark."""
        shown = {} if self.range_name == DEFAULT_RANGE else {"range": self.range_name}
        days = {"from": self.dates[0], "to": self.dates[-1]} if self.dates else {}
        return (
            shown | {name: day.isoformat() for name, day in days.items()} | dict(self.values) | more
        )


def chosen(sources: Sources) -> Choice:
    """Draw the filters in one line; they stay when another page is opened."""
    range_name = st.segmented_control(
        "Impressions of", RANGES, default=DEFAULT_RANGE, required=True, key="range",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    columns = st.columns(5 if range_name == DATES else 3)
    days = dates(columns[3:]) if range_name == DATES else ()
    offered = _offered(sources)
    values = []
    for place, column in enumerate(COLUMNS):
        value = columns[place].selectbox(
            _LABELS[column], offered[column], index=None, key=column, bind="query-params",
            placeholder=f"{_LABELS[column]}: all", accept_new_options=True,
            label_visibility="collapsed",
        )  # fmt: skip
        if value:
            values.append((column, str(value)))
    return Choice(str(range_name), days, tuple(values))


def _look_again(sources: Sources) -> None:
    """Draw the filters once more when their values have come."""

    @st.fragment(run_every=ASK_AGAIN_SECONDS)
    def values() -> None:
        if sources.kept_values(MOST_VALUES, VALUES_KEPT_SECONDS, 0) is not None:
            st.rerun()

    values()


def dates(columns: list[st.delta_generator.DeltaGenerator]) -> tuple[date, date]:
    """Draw two days to choose, the earlier one first."""
    today = datetime.now(UTC).date()
    first, last = (
        column.date_input(
            label, value=today, key=name, bind="query-params", label_visibility="collapsed"
        )
        for column, label, name in zip(
            columns, ("First day", "Last day"), ("from", "to"), strict=True
        )
    )
    return (min(first, last), max(first, last))


def _offered(sources: Sources) -> dict[str, list[str]]:
    """The most frequent values; another one can be typed, also while nobody can say them."""
    offered: dict[str, list[str]] = {column: [] for column in COLUMNS}
    rows = sources.kept_values(MOST_VALUES, VALUES_KEPT_SECONDS, PATIENCE_SECONDS)
    # Its place is always there: a part that moves shows its neighbour's old numbers for a while.
    place = st.container()
    if rows is None:
        with place:
            _look_again(sources)
    for row in rows or ():
        offered[row["filter_name"]].append(row["filter_value"])
    for column in COLUMNS:
        # One of the address is offered although it is rare, or unknown yet.
        typed = st.query_params.get(column)
        if typed and typed not in offered[column]:
            offered[column].append(typed)
    return offered
