"""Order of contents, and the stored form of a state."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adlake.attribution.law.rules import EMPTY_STATE, Event, decode_state, encode_state, merge
from adlake.contracts.tables import EVENTS_STATE_SCHEMA

CLICK = Event("k1", 1_772_445_600_000, 1, 0, "c1", None, "u1", "DE", None, 1_772_445_600_500)
TEXT_FIELDS = ("campaign_id", "creative_id", "user_id", "geo_country", "platform")

IN_TUPLE_ORDER: list[dict[str, Any]] = [
    {"ts_ms": 0, "type_rank": 2, "micros": 9, "campaign_id": "z"},
    {"ts_ms": 1, "type_rank": 0, "micros": 9, "campaign_id": "z"},
    {"ts_ms": 1, "type_rank": 1, "micros": 8, "campaign_id": "z"},
    {"ts_ms": 1, "type_rank": 1, "micros": 9, "campaign_id": "a", "creative_id": "z"},
    {"ts_ms": 1, "type_rank": 1, "micros": 9, "campaign_id": "b", "creative_id": "a"},
]


@pytest.mark.parametrize("position", range(len(IN_TUPLE_ORDER) - 1))
def test_earlier_part_of_the_tuple_decides(position: int) -> None:
    smaller, larger = (replace(CLICK, **IN_TUPLE_ORDER[position + n]) for n in (0, 1))
    assert merge((larger,), (smaller,)) == merge((smaller,), (larger,)) == (smaller,)


@pytest.mark.parametrize("field", TEXT_FIELDS)
@pytest.mark.parametrize(
    ("smaller", "larger"),
    [(None, ""), ("", " "), ("Z", "a"), ("a", "aa"), ("z", "é"), ("\uff5e", "\U0001f600")],
    ids=ascii,
)
def test_null_stands_before_text_and_text_in_utf8_order(
    field: str, smaller: str | None, larger: str
) -> None:
    first, second = with_text(field, smaller), with_text(field, larger)
    assert merge((second,), (first,)) == merge((first,), (second,)) == (first,)


def with_text(field: str, text: str | None) -> Event:
    changed: dict[str, Any] = {field: text}
    return replace(CLICK, **changed)


def test_smaller_content_wins_even_when_ingested_later() -> None:
    smaller = replace(CLICK, micros=0, first_ingest_ms=9)
    larger = replace(CLICK, micros=1, first_ingest_ms=1)
    assert merge((larger,), (smaller,)) == (smaller,)


def test_equal_content_keeps_first_ingest() -> None:
    later = replace(CLICK, first_ingest_ms=CLICK.first_ingest_ms + 1)
    assert merge((later,), (CLICK,)) == merge((CLICK,), (later,)) == (CLICK,)


def test_equal_content_keeps_the_smallest_channel_and_region_each_by_itself() -> None:
    first = replace(CLICK, channel="b", region=None)
    later = replace(CLICK, first_ingest_ms=CLICK.first_ingest_ms + 1, channel="a", region="by")
    both = replace(CLICK, channel="a", region="by")
    assert merge((later,), (first,)) == merge((first,), (later,)) == (both,)
    assert merge((both,), (CLICK,)) == merge((CLICK,), (both,)) == (both,), "none is no smaller"


def test_a_losing_content_takes_its_channel_with_it() -> None:
    named = replace(CLICK, micros=1, channel="a", region="a")
    assert merge((named,), (CLICK,)) == merge((CLICK,), (named,)) == (CLICK,)


def test_state_is_sorted_by_event_id_in_utf8_order() -> None:
    event_ids = ["\U0001f600", "\uff5e", "é", "b", "B", "10", "9"]
    state = EMPTY_STATE
    for event_id in event_ids:
        state = merge(state, (replace(CLICK, event_id=event_id),))
    in_order = [event.event_id for event in state]
    assert in_order == ["10", "9", "B", "b", "é", "\uff5e", "\U0001f600"]
    assert in_order == sorted(event_ids, key=str.encode)


def test_encoded_state_is_compact_and_leaves_out_null() -> None:
    impression = replace(CLICK, event_id="i1", type_rank=0, micros=10**18 - 1, creative_id="")
    assert encode_state((impression, CLICK)) == (
        '[{"e":"i1","t":1772445600000,"r":0,"m":999999999999999999,"c":"c1","cr":"","u":"u1",'
        '"g":"DE","i":1772445600500},'
        '{"e":"k1","t":1772445600000,"r":1,"m":0,"c":"c1","u":"u1","g":"DE","i":1772445600500}]'
    )
    assert encode_state(EMPTY_STATE) == "[]"
    named = replace(CLICK, channel="social", region="by")
    assert encode_state((named,)).endswith('"i":1772445600500,"ch":"social","rg":"by"}]')


def test_encoded_members_are_the_schema_of_the_contract() -> None:
    everything = replace(CLICK, creative_id="cr1", platform="web", channel="social", region="by")
    members = EVENTS_STATE_SCHEMA.removeprefix("array<struct<").removesuffix(">>").split(",")
    assert list(json.loads(encode_state((everything,)))[0]) == [m.split(":")[0] for m in members]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('"\\/', '\\"\\\\/'),
        ("\b\t\n\f\r", "\\b\\t\\n\\f\\r"),
        ("\x00\x0b\x1b\x1f", "\\u0000\\u000B\\u001B\\u001F"),
        ("\x7f\x80\u2028\ufeff", "\x7f\x80\u2028\ufeff"),
        ("é漢\U0001f600<>&'", "é漢\U0001f600<>&'"),
        ("\\u000b", "\\\\u000b"),
    ],
    ids=ascii,
)
def test_text_is_escaped_as_spark_does(text: str, written: str) -> None:
    encoded = encode_state((replace(CLICK, platform=text),))
    assert f'"p":"{written}"' in encoded
    assert decode_state(encoded)[0].platform == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "must be a JSON array"),
        ("null", "must be a JSON array"),
        ("[", "Expecting value"),
        ("[1]", "an event of events_state needs"),
        ('[{"e":"a"}]', "an event of events_state needs"),
        ('[{"e":"a","t":1,"r":0,"m":0,"i":1,"x":1}]', "an event of events_state needs"),
        (
            '[{"e":"b","t":1,"r":0,"m":0,"i":1},{"e":"a","t":1,"r":0,"m":0,"i":1}]',
            "sorted by e without repeats",
        ),
        (
            '[{"e":"a","t":1,"r":0,"m":0,"i":1},{"e":"a","t":2,"r":0,"m":0,"i":1}]',
            "sorted by e without repeats",
        ),
    ],
)
def test_text_that_is_no_state_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode_state(text)
