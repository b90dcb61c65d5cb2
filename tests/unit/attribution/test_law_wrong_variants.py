"""Wrong laws, planted as edits of the production source: the truth table must catch each one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.fixtures.law_check import check_case
from tests.fixtures.law_modules import Edit, LawModules, edited_law
from tests.golden import law_cases


@dataclass(frozen=True)
class WrongLaw:
    """A plausible mistake and the rows of the truth table that must catch it."""

    name: str
    caught_by: frozenset[int]
    edit: Edit


def _wrong(name: str, caught_by: set[int], module: str, old: str, new: str) -> WrongLaw:
    return WrongLaw(name, frozenset(caught_by), Edit(module, old, new))


LISTED = (
    _wrong(
        "seven-day window is open at its end",
        {8},
        "projection",
        "> constants.window_at(conversion.ts_ms)",
        ">= constants.window_at(conversion.ts_ms)",
    ),
    _wrong(
        "click must be strictly before the conversion",
        {36},
        "projection",
        "bisect_right(click_times, conversion.ts_ms)",
        "bisect_right(click_times, conversion.ts_ms - 1)",
    ),
    _wrong(
        "last click overall gets the credit",
        {11, 16, 17},
        "projection",
        "clicks_before = bisect_right(click_times, conversion.ts_ms)",
        "clicks_before = len(clicks)",
    ),
    _wrong(
        "first click gets the credit",
        {10, 16, 17},
        "projection",
        "clicks[clicks_before - 1]",
        "clicks[0]",
    ),
    _wrong(
        "late at one hour already",
        {29},
        "projection",
        "slowest_ms > constants.late_tolerance_ms",
        "slowest_ms >= constants.late_tolerance_ms",
    ),
    _wrong(
        "the last ingest counts",
        {18, 19},
        "state",
        "min(known.first_ingest_ms, other.first_ingest_ms)",
        "max(known.first_ingest_ms, other.first_ingest_ms)",
    ),
    _wrong(
        "the larger payload wins",
        {20, 21, 22},
        "state",
        "known_key < other_key",
        "known_key > other_key",
    ),
    _wrong(
        "repeat conversions are not summed",
        {13, 14, 35},
        "projection",
        "if conversion is not attributed",
        "if attributed is None or conversion.ts_ms < attributed.ts_ms",
    ),
    _wrong(
        "eligible is false before any conversion",
        {1, 2, 12, 22, 23, 25, 31, 37},
        "projection",
        "eligible=attributed is not None if attribution.conversions else None",
        "eligible=attributed is not None",
    ),
    _wrong(
        "costs of repeated impressions are summed",
        {25},
        "projection",
        "cost=impression.micros if impression else None",
        "cost=sum(i.micros for i in attribution.impressions) if impression else None",
    ),
    _wrong(
        "only conversions make a row late",
        {6, 27},
        "projection",
        "max(event.arrived_after_ms for event in state)",
        "max((e.arrived_after_ms for e in state if e.type_rank == 2), default=0)",
    ),
    _wrong(
        "no tolerance for clocks that run ahead",
        {32},
        "payload",
        "ts_ms > ingest_ms + constants.future_tolerance_ms",
        "ts_ms > ingest_ms",
    ),
)

FURTHER = (
    _wrong(
        "the last payload to arrive wins",
        {20, 21, 22},
        "state",
        "event if known is None else _winner(known, event)",
        "event",
    ),
    _wrong(
        "the row keeps its first update time",
        {3, 6, 19, 27},
        "projection",
        "last_updated_ts=max(",
        "last_updated_ts=min(",
    ),
    _wrong(
        "events of the same time stand in any order",
        {35},
        "projection",
        "return (event.ts_ms, event.event_id)",
        "return (event.ts_ms, -ord(event.event_id[0]))",
    ),
    _wrong(
        "an out-of-window conversion blocks a later one",
        {16},
        "projection",
        "if disposition is Disposition.ATTRIBUTED",
        "if disposition in (Disposition.ATTRIBUTED, Disposition.OUT_OF_WINDOW)",
    ),
    _wrong(
        "unknown cost is 0",
        {26},
        "projection",
        "cost=impression.micros if impression else None",
        "cost=impression.micros if impression else 0",
    ),
    _wrong(
        "dimensions come from the newest event",
        {26},
        "projection",
        "(self.impressions or self.clicks or self.conversions)[0]",
        "(self.conversions or self.clicks or self.impressions)[-1]",
    ),
    _wrong(
        "dimensions come from the click",
        {40},
        "projection",
        "(self.impressions or self.clicks or self.conversions)[0]",
        "(self.clicks or self.impressions or self.conversions)[0]",
    ),
    _wrong(
        "the carrier of an event is its first delivery in the log",
        {19},
        "delivery_audit",
        "        delivery.ingest_ms,\n",
        "",
    ),
    _wrong(
        "a negative value is admitted",
        {23, 24},
        "admission",
        "fault or (micros if isinstance(micros, RejectDetail) else None)",
        "fault or None",
    ),
)


@pytest.mark.parametrize("wrong", LISTED + FURTHER, ids=lambda wrong: wrong.name)
def test_truth_table_catches_wrong_law(wrong: WrongLaw) -> None:
    with edited_law(wrong.edit) as law:
        assert rows_that_catch(law) >= wrong.caught_by


def test_truth_table_catches_nothing_when_nothing_is_wrong() -> None:
    with edited_law() as law:
        assert rows_that_catch(law) == set()


def test_edit_is_refused_when_the_law_has_no_such_text() -> None:
    with (
        pytest.raises(ValueError, match="is 0 times in projection"),
        edited_law(Edit("projection", "no such text", "")),
    ):
        pass


def rows_that_catch(law: LawModules) -> set[int]:
    """Numbers of the rows that this law gets wrong."""
    caught = set()
    for case in law_cases():
        try:
            check_case(law, case)
        except AssertionError:
            caught.add(case.number)
    return caught
