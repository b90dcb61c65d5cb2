"""A request is told apart into events without a character of theirs being changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.collector.items import (
    MAX_ITEMS,
    NoItemsError,
    TooManyItemsError,
    items_of,
    member_spans,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.lists(JSON, min_size=1, max_size=6), st.sampled_from([None, 1]), st.booleans())
def test_an_array_is_its_members(values: list[object], indent: int | None, is_ascii: bool) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert [json.loads(item) for item in items_of(body)] == values


def test_an_object_is_one_item_with_its_own_characters() -> None:
    assert items_of(b' {"a": 1.10, "a": 1e2} \n') == ['{"a": 1.10, "a": 1e2}']


def test_items_of_an_array_keep_their_own_characters() -> None:
    assert items_of(b'[ {"a":0.10} ,{"b" : NaN}\t]') == ['{"a":0.10}', '{"b" : NaN}']


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"[]", b"[ ]", b"[", b"[1", b"[1,", b"[1,]", b"[1]]", b"[1] 2", b"[1 2]",
        b"[,1]", b"\xff", b"[" * 200_000,
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_holds_no_event(body: bytes) -> None:
    with pytest.raises(NoItemsError):
        items_of(body)


def test_more_than_the_bound_is_refused_and_the_bound_is_not() -> None:
    assert len(items_of(json.dumps([0] * MAX_ITEMS).encode())) == MAX_ITEMS
    with pytest.raises(TooManyItemsError, match="1,000"):
        items_of(json.dumps([0] * (MAX_ITEMS + 1)).encode())


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5), st.sampled_from([None, 2]))
def test_spans_are_those_of_the_values(members: dict[str, object], indent: int | None) -> None:
    text = json.dumps(members, indent=indent)
    spans = member_spans(text)
    assert {name: json.loads(text[a:b]) for name, (a, b) in spans.items()} == members
