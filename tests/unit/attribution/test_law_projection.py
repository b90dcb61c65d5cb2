"""Projection details that the truth table leaves open, worked out from the law's text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adlake.attribution.law.rules import (
    EMPTY_STATE,
    Event,
    GoldRow,
    State,
    event_outcomes,
    project,
    units,
)
from adlake.contracts.audit import EventFlag
from adlake.contracts.law import LAW_V1

IMPRESSION = Event("i1", 0, 0, 1_500_000, "c1", "cr1", "u1", "DE", "web", 0)
CLICK = Event("k1", 60_000, 1, 0, "c1", "cr1", "u1", "DE", "web", 60_000)
CONVERSION = Event("v1", 90_000, 2, 20_000_000, "c1", "cr1", "u1", "DE", "web", 90_000)
F = LAW_V1.future_tolerance_ms


def row_of(*events: Event) -> GoldRow:
    row = project("imp-1", tuple(sorted(events, key=lambda event: event.event_id)))
    assert row is not None
    return row


def flags_of(event_id: str, *events: Event) -> frozenset[EventFlag]:
    state: State = tuple(sorted(events, key=lambda event: event.event_id))
    return next(o.flags for o in event_outcomes(state) if o.event_id == event_id)


def click_with(field: str, text: str | None) -> Event:
    changed: dict[str, Any] = {field: text}
    return replace(CLICK, **changed)


def test_empty_state_has_no_row_and_no_outcome() -> None:
    assert project("imp-1", EMPTY_STATE) is None
    assert event_outcomes(EMPTY_STATE) == ()


def test_conversion_alone_gives_its_dimensions_and_no_cost() -> None:
    row = row_of(CONVERSION)
    assert (row.campaign_id, row.cost, row.impression_time) == ("c1", None, None)
    assert (row.eligible, row.revenue, row.revenue_out_of_window) == (False, 0, 20_000_000)


def test_dimensions_are_never_mixed_from_two_events() -> None:
    bare_impression = replace(IMPRESSION, user_id=None, platform=None)
    row = row_of(bare_impression, CLICK, CONVERSION)
    assert (row.user_id, row.platform, row.geo_country) == (None, None, "DE")


def test_impressions_of_the_same_time_are_ordered_by_event_id() -> None:
    other = replace(IMPRESSION, event_id="h9", micros=7, creative_id="cr7")
    assert (row_of(IMPRESSION, other).cost, row_of(IMPRESSION, other).creative_id) == (7, "cr7")
    assert flags_of("i1", IMPRESSION, other) == {EventFlag.DUPLICATE_IMPRESSION}


def test_clicks_of_the_same_time_credit_the_larger_event_id() -> None:
    twin = replace(CLICK, event_id="k2")
    outcomes = event_outcomes((IMPRESSION, CLICK, twin, CONVERSION))
    assert [o.event_id for o in outcomes if o.is_credited_click] == ["k2"]


@pytest.mark.parametrize(("click_ms", "is_flagged"), [(-F - 1, True), (-F, False), (0, False)])
def test_click_is_early_only_beyond_the_clock_tolerance(click_ms: int, is_flagged: bool) -> None:
    early = replace(CLICK, ts_ms=click_ms, first_ingest_ms=click_ms)
    flags = flags_of("k1", IMPRESSION, early)
    assert (EventFlag.CLICK_BEFORE_IMPRESSION in flags) is is_flagged
    assert EventFlag.CLICK_BEFORE_IMPRESSION not in flags_of("k1", early)


@pytest.mark.parametrize("field", ["campaign_id", "user_id"])
@pytest.mark.parametrize("other", ["c9", None])
def test_dimension_mismatch_is_a_different_campaign_or_user(field: str, other: str | None) -> None:
    assert flags_of("k1", IMPRESSION, click_with(field, other)) == {EventFlag.DIM_MISMATCH}


@pytest.mark.parametrize("field", ["creative_id", "geo_country", "platform"])
def test_other_dimensions_may_differ(field: str) -> None:
    assert flags_of("k1", IMPRESSION, click_with(field, "x")) == frozenset()


def test_early_arrival_does_not_make_up_for_a_late_one() -> None:
    ahead = replace(CLICK, first_ingest_ms=CLICK.ts_ms - F)
    late = replace(CONVERSION, first_ingest_ms=CONVERSION.ts_ms + LAW_V1.late_tolerance_ms + 1)
    row = row_of(ahead, late)
    assert (row.late_by_ms, row.is_late) == (3_600_001, True)
    assert row.last_updated_ts == late.first_ingest_ms
    assert flags_of("v1", ahead, late) == {EventFlag.LATE}


def test_constants_decide_the_window() -> None:
    narrow = replace(LAW_V1, attribution_window_ms=29_999)
    assert row_of(CLICK, CONVERSION).is_converted
    row = project("imp-1", (CLICK, CONVERSION), narrow)
    assert row is not None
    assert not row.is_converted


def test_sum_out_of_window_may_exceed_one_value() -> None:
    most = 10**18 - 1
    repeats = [replace(CONVERSION, event_id=f"v{n}", micros=most) for n in range(5)]
    assert row_of(*repeats).revenue_out_of_window == 5 * most


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.000000"), (1, "0.000001"), (-1_500_000, "-1.500000"), (600_000, "0.600000")],
)
def test_units_are_exact_with_six_decimals(micros: int, text: str) -> None:
    assert str(units(micros)) == text
    assert units(micros) * 1_000_000 == micros


def test_units_hold_the_largest_sum_of_the_table() -> None:
    assert units(10**38 - 1) == Decimal("9" * 32 + "." + "9" * 6)
