"""Channel and region: their stored form, and whose they are; plain Python against SQL on DuckDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlake.attribution.law.admission import Admitted, admit
from adlake.attribution.law.rules import AdmittedDelivery, delivery_of
from adlake.attribution.law.segment_text import segment_text
from adlake.attribution.law.segments import Segments, segments_of
from adlake.io.sql.files import sql_text
from tests.fixtures.segment_sets import segment_payloads

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
        assert segments_of(delivered(order)) == {"imp-1": expected}, story


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_order_and_repeats_never_change_segments(seed: int) -> None:
    rng = Random(seed)
    deliveries = delivered(segment_payloads(rng, impressions=4))
    expected = segments_of(deliveries)
    again = [*deliveries, *rng.sample(deliveries, len(deliveries) // 2)]
    rng.shuffle(again)
    assert segments_of(again) == expected


def oracle(deliveries: Sequence[AdmittedDelivery]) -> dict[str, Segments]:
    """The SQL form on DuckDB."""
    texts = ("campaign_id", "creative_id", "user_id", "geo_country", "platform")
    numbers = ("ts_ms", "type_rank", "micros")
    rows: list[dict[str, Any]] = [
        {
            "impression_id": one.impression_id, "event_id": one.event.event_id,
            **{name: getattr(one.event, name) for name in (*numbers, *texts)},
            "channel": one.channel, "region": one.region,
            "country_segment": segment_text(one.event.geo_country),
        }
        for one in deliveries
    ]  # fmt: skip
    schema = pa.schema([(n, pa.int64() if n in numbers else pa.string()) for n in rows[0]])
    with duckdb.connect() as connection:
        connection.register("admitted_deliveries", pa.Table.from_pylist(rows, schema=schema))
        found = connection.sql(sql_text("oracles/impression_segments")).fetchall()
    assert len(found) == len({row[0] for row in found})
    return {impression_id: Segments(*segments) for impression_id, *segments in found}


@pytest.mark.parametrize("seed", range(5))
def test_sql_form_gives_the_same_segments(seed: int) -> None:
    deliveries = delivered(segment_payloads(Random(seed), impressions=300))
    expected = segments_of(deliveries)
    assert oracle(deliveries) == expected
    assert len(set(expected.values())) > 20, "the sets must tell forms apart"
