"""The law over random sets of deliveries: order, splits and repeats never change a result."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlake.attribution.law.admission import Admitted, admit
from adlake.attribution.law.rules import (
    EMPTY_STATE,
    AdmittedDelivery,
    Event,
    GoldRow,
    State,
    decode_state,
    delivery_findings,
    delivery_of,
    encode_state,
    event_outcomes,
    merge,
    project,
    segments_of,
    state_of,
)
from adlake.contracts.audit import Disposition
from adlake.contracts.law import LAW_V1
from tests.fixtures.law_sets import (
    DrawnDelivery,
    LawSet,
    law_set_strategy,
    law_sets,
    shuffled,
    split,
)

BULK_SEED = 20_260_302
BULK_SETS = 10_000
SHUFFLES = 6
RANK = {"IMPRESSION": 0, "CLICK": 1, "CONVERSION": 2}


@settings(max_examples=300, deadline=None)
@given(law_set=law_set_strategy(), seed=st.integers(0, 2**32))
def test_any_set_gives_one_result(law_set: LawSet, seed: int) -> None:
    check_set(law_set, Random(seed))


def test_ten_thousand_sets_give_one_result_each() -> None:
    rng = Random(BULK_SEED)
    for law_set in law_sets(BULK_SEED, BULK_SETS):
        check_set(law_set, rng)


@settings(max_examples=300, deadline=None)
@given(law_set_strategy(), law_set_strategy(), law_set_strategy())
def test_merge_is_commutative_associative_and_idempotent(a: LawSet, b: LawSet, c: LawSet) -> None:
    x, y, z = (state_of(deliveries_of(law_set)) for law_set in (a, b, c))
    assert merge(x, y) == merge(y, x)
    assert merge(merge(x, y), z) == merge(x, merge(y, z))
    assert merge(x, x) == merge(x, EMPTY_STATE) == merge(EMPTY_STATE, x) == x
    assert merge(merge(x, y), x) == merge(x, y)


@settings(max_examples=300, deadline=None)
@given(law_set=law_set_strategy(), delay_ms=st.integers(0, 10**10))
def test_ingest_times_change_only_lateness_and_update_time(law_set: LawSet, delay_ms: int) -> None:
    later = [replace(d, ingest_ms=d.ingest_ms + delay_ms) for d in law_set.deliveries]
    rows = [
        project(law_set.impression_id, state_of(deliveries_of(each)))
        for each in (law_set, LawSet(law_set.impression_id, tuple(later)))
    ]
    assert len({timeless(row) for row in rows}) == 1


def test_drawn_sets_reach_every_disposition_and_edge() -> None:
    seen: set[Disposition] = set()
    lags, delays, sizes = set(), set(), set()
    for law_set in law_sets(BULK_SEED, 2_000):
        state = state_of(deliveries_of(law_set))
        seen |= {o.disposition for o in event_outcomes(state) if o.disposition}
        sizes.add((len(law_set.deliveries), len(state)))
        delays |= {d.ingest_ms - d.ts_ms for d in law_set.deliveries}
        row = project(law_set.impression_id, state)
        if row and row.conversion_time is not None and row.click_time is not None:
            lags.add(row.conversion_time - row.click_time)
    window_ms, late_ms = LAW_V1.attribution_window_ms, LAW_V1.late_tolerance_ms
    assert seen == set(Disposition)
    assert {0, 1, window_ms - 1, window_ms} <= lags
    assert {-LAW_V1.future_tolerance_ms, late_ms, late_ms + 1} <= delays
    assert max(sizes)[0] == 9
    assert max(size for _, size in sizes) == 6


def test_drawn_payloads_are_admitted_as_drawn() -> None:
    for law_set in law_sets(BULK_SEED + 1, 2_000, with_future=True):
        for drawn in law_set.deliveries:
            verdict = admit(drawn.payload, drawn.ingest_ms)
            assert isinstance(verdict, Admitted) is not drawn.is_future
            if isinstance(verdict, Admitted):
                position = ("ad_events", drawn.partition, drawn.offset)
                assert delivery_of(verdict, drawn.ingest_ms, *position) == delivery(drawn)


def test_states_of_several_impressions_are_refused_as_one() -> None:
    first, second = law_sets(1, 2)
    with pytest.raises(ValueError, match="deliveries of 2 impressions"):
        state_of([*deliveries_of(first), *deliveries_of(second)])


def check_set(law_set: LawSet, rng: Random) -> None:
    """One state, one row and one audit, whatever the order; and the invariants of the law."""
    deliveries = deliveries_of(law_set)
    state = state_of(deliveries)
    row = project(law_set.impression_id, state)
    assert row is not None
    findings = delivery_findings(deliveries)
    for _ in range(SHUFFLES):
        read = shuffled(rng, deliveries)
        folded = EMPTY_STATE
        for batch in split(rng, read):
            folded = merge(folded, state_of(batch))
        assert folded == state
        assert merge(folded, state_of(split(rng, read)[0])) == state
        assert delivery_findings(read) == findings
    assert decode_state(encode_state(state)) == state
    assert project(law_set.impression_id, tuple(reversed(state))) == row
    assert segments_of(tuple(reversed(state))) == segments_of(state)
    assert len(deliveries) - len(state) == len(findings)
    check_winners(law_set, state)
    check_invariants(row, state)


def check_winners(law_set: LawSet, state: State) -> None:
    """The state by brute force: all deliveries of an id sorted by content, then by ingest."""
    kept = {}
    for drawn in sorted(law_set.deliveries, key=_content_then_ingest, reverse=True):
        event = delivery(drawn).event
        alike = [
            one for one in (delivery(other).event for other in law_set.deliveries)
            if (one.event_id, one.content_key) == (event.event_id, event.content_key)
        ]  # fmt: skip
        kept[drawn.event_id] = replace(
            event,
            channel=min(filter(None, (one.channel for one in alike)), default=None),
            region=min(filter(None, (one.region for one in alike)), default=None),
        )
    assert {event.event_id: event for event in state} == kept
    assert [event.event_id.encode() for event in state] == sorted(key.encode() for key in kept)


def check_invariants(row: GoldRow, state: State) -> None:
    """Section 4's invariants."""
    conversions = [event for event in state if event.type_rank == 2]
    outcomes = event_outcomes(state)
    attributed = [o for o in outcomes if o.disposition is Disposition.ATTRIBUTED]
    assert len(attributed) == row.is_converted
    assert sum(o.disposition is not None for o in outcomes) == len(conversions)
    if row.is_converted:
        assert row.is_clicked
        assert row.eligible
        assert row.conversion_time is not None
        assert row.click_time is not None
        assert 0 <= row.conversion_time - row.click_time <= LAW_V1.attribution_window_ms
    else:
        assert row.revenue == 0
        assert row.conversion_time is None
    assert (row.eligible is None) == (not conversions)
    assert (row.cost is None) == (row.impression_time is None)
    assert row.revenue + row.revenue_out_of_window == sum(event.micros for event in conversions)
    assert row.is_late == (row.late_by_ms > 0)
    assert row.late_by_ms == 0 or row.late_by_ms > LAW_V1.late_tolerance_ms
    assert sum(o.is_credited_click for o in outcomes) == row.is_clicked


def deliveries_of(law_set: LawSet) -> list[AdmittedDelivery]:
    return [delivery(drawn) for drawn in law_set.deliveries]


def delivery(drawn: DrawnDelivery) -> AdmittedDelivery:
    event = Event(
        event_id=drawn.event_id,
        ts_ms=drawn.ts_ms,
        type_rank=RANK[drawn.event_type],
        micros=drawn.micros,
        campaign_id=drawn.campaign_id,
        creative_id=drawn.creative_id,
        user_id=drawn.user_id,
        geo_country=drawn.geo_country,
        platform=drawn.platform,
        first_ingest_ms=drawn.ingest_ms,
        channel=drawn.channel,
        region=drawn.region,
    )
    return AdmittedDelivery(drawn.impression_id, event, "ad_events", drawn.partition, drawn.offset)


def timeless(row: GoldRow | None) -> GoldRow | None:
    """The row without what ingest times may change."""
    return row and replace(row, late_by_ms=0, is_late=False, last_updated_ts=0)


def _content_then_ingest(drawn: DrawnDelivery) -> tuple[object, ...]:
    names = (drawn.campaign_id, drawn.creative_id, drawn.user_id, drawn.geo_country, drawn.platform)
    nulls_first = tuple(b"" if name is None else b"\x00" + name.encode() for name in names)
    return (drawn.ts_ms, RANK[drawn.event_type], drawn.micros, *nulls_first, drawn.ingest_ms)
