"""Channel and region: their stored form, and whose they are; plain Python against SQL on DuckDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlake.attribution.law.admission import Admitted, admit
from adlake.attribution.law.rules import (
    EMPTY_STATE,
    AdmittedDelivery,
    Segments,
    State,
    decode_state,
    delivery_of,
    encode_state,
    merge,
    segments_of,
    states_of,
)
from adlake.attribution.law.segment_text import segment_text
from tests.fixtures.law_sets import shuffled, split
from tests.fixtures.segment_sets import segment_payloads, segments_by_hand
from tests.fixtures.trino.oracle_engines import DELIVERY_SCHEMA, oracle_rows

TS_MS = 1_772_445_600_000


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Paid SOCIAL ", "paid social"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("x" * 256, "x" * 256), (" " * 9 + "x" * 256, "x" * 256),
        ("x" * 257, None), ("é" * 129, None), ("a\nb", None), ("  ", None), ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_segment_is_trimmed_and_lowered_or_unknown(text: str | None, kept: str | None) -> None:
    assert segment_text(text) == kept


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_stored_form_is_stable_and_never_blank(text: str) -> None:
    kept = segment_text(text)
    assert kept is None or (kept and kept == segment_text(f"  {kept} "))
    assert segment_text(text.encode().upper().decode()) == kept, "a capital is no other channel"


def delivered(payloads: Sequence[bytes]) -> list[AdmittedDelivery]:
    verdicts = [admit(payload, TS_MS) for payload in payloads]
    assert all(isinstance(one, Admitted) for one in verdicts)
    return [
        delivery_of(one, TS_MS, "ads", 0, n)
        for n, one in enumerate(verdicts)
        if isinstance(one, Admitted)
    ]


def event(event_id: str, event_type: str = "IMPRESSION", **members: object) -> bytes:
    fields = {
        "event_id": event_id, "event_type": event_type, "event_timestamp": TS_MS,
        "impression_id": "imp-1", "campaign_id": "c1", "bid_price": 1, "conversion_value": 1,
    }  # fmt: skip
    return json.dumps({**fields, **members}).encode()


@pytest.mark.parametrize(
    ("story", "payloads", "expected"),
    [
        ("none is named", [event("i")], Segments(None, None)),
        ("country stands in", [event("i", geo_country=" DE ")], Segments(None, "de")),
        ("its own region", [event("i", geo_country="DE", region="BY")], Segments(None, "by")),
        ("smallest of the same content", [event("i", channel="b"), event("i", channel="a"),
         event("i")], Segments("a", None)),
        ("another content does not count", [event("i", channel="b"),
         event("i", channel="a", user_id="u2"), event("i", channel="a", bid_price=2)],
         Segments("b", None)),
        ("a click does not count", [event("k", "CLICK", channel="a"), event("i", channel="b")],
         Segments("b", None)),
        ("a click alone", [event("k", "CLICK", channel="a")], Segments("a", None)),
        ("first impression", [event("i2", channel="a"), event("i1", channel="b")],
         Segments("b", None)),
    ],
)  # fmt: skip
def test_segments_are_those_of_the_donor(
    story: str, payloads: list[bytes], expected: Segments
) -> None:
    for order in (payloads, payloads[::-1], payloads * 2):
        assert segments_by_hand(delivered(order)) == {"imp-1": expected}, story
        assert folded(delivered(order)) == {"imp-1": expected}, story


def folded(deliveries: Sequence[AdmittedDelivery]) -> dict[str, Segments]:
    return {name: segments_of(state) for name, state in states_of(deliveries).items()}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_order_repeats_and_batches_never_change_segments(seed: int) -> None:
    rng = Random(seed)
    deliveries = delivered(segment_payloads(rng, impressions=4))
    expected = segments_by_hand(deliveries)
    merged: dict[str, State] = {}
    for batch in split(rng, shuffled(rng, deliveries)):
        for name, state in states_of(batch).items():
            stored = decode_state(encode_state(merged.get(name, EMPTY_STATE)))
            merged[name] = merge(stored, state)
    assert merged == states_of(deliveries)
    assert folded(deliveries) == expected


def oracle(deliveries: Sequence[AdmittedDelivery]) -> dict[str, Segments]:
    """The SQL form on DuckDB."""
    rows = [
        {
            **{name: getattr(one.event, name, None) for name in DELIVERY_SCHEMA.names},
            "impression_id": one.impression_id, "ingest_ms": one.ingest_ms,
            "country_segment": segment_text(one.event.geo_country),
        }
        for one in deliveries
    ]  # fmt: skip
    found = oracle_rows(rows, columns=("impression_id", "channel", "region"))
    return {name: Segments(row["channel"], row["region"]) for name, row in found.items()}


@pytest.mark.parametrize("seed", range(5))
def test_all_forms_give_the_same_segments(seed: int) -> None:
    deliveries = delivered(segment_payloads(Random(seed), impressions=300))
    expected = segments_by_hand(deliveries)
    assert folded(deliveries) == expected
    assert oracle(deliveries) == expected
    assert len(set(expected.values())) > 20, "the sets must tell forms apart"
