"""Both ways to read an object say the same: a match a member, and token by token."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.contracts.details import RejectDetail
from adlake.payload.plain import strict_json
from adlake.payload.plain.strict_json import StrictJsonError, read_object
from tests.fixtures.corpus import CASES

TEXTS = sorted({
    text for case in CASES
    if (text := (case.payload or b"").decode("utf-8", "replace"))
    and len(text) < 10_000
})  # fmt: skip
KEYS = st.sampled_from(["a", "b", "", "\u00e9", 'q"', "\\", "\n", "\ud800"])
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), KEYS, st.lists(st.none(), max_size=1)
)
ODD = st.sampled_from(["", " ", "\t", ",", "}", "{", '"', "\\", "0", "-", ".", "e", "NaN", "\x00"])


def by_token(text: str) -> dict[str, strict_json.JsonValue] | RejectDetail:
    try:
        return strict_json._members_by_token(text)
    except StrictJsonError as error:
        return error.detail


def agree(text: str) -> bool:
    """The quick way leaves the text to the other, or says what that says."""
    quick = strict_json._plain_members(text)
    return quick is None or quick == by_token(text)


def test_texts_of_the_corpus_are_read_as_token_by_token() -> None:
    assert len(TEXTS) > 100
    assert not [text for text in TEXTS if not agree(text)]


@given(st.lists(st.tuples(KEYS, VALUES), max_size=5), st.integers(0, 200), ODD, st.booleans())
def test_any_object_with_something_odd_in_it(
    members: list[tuple[str, object]], place: int, odd: str, has_spaces: bool
) -> None:
    colon, comma = (" : ", " ,\n") if has_spaces else (":", ",")
    text = comma.join(f"{json.dumps(key)}{colon}{json.dumps(value)}" for key, value in members)
    whole = f"{{{text}}}"
    place = min(place, len(whole))
    assert agree(whole)
    assert agree(whole[:place] + odd + whole[place:])
    assert agree(whole[:place] + whole[place + 1 :])


def test_what_producers_send_is_read_by_a_match_a_member() -> None:
    text = '{"event_id": "1", "bid_price": 0.25, "video": true, "creative_id": null}'
    assert strict_json._plain_members(text) == by_token(text) == read_object(text)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1} 2', '{"a":[]}', "{}", '{"a":"\\n"}'])
def test_everything_else_is_left_to_the_tokens(text: str) -> None:
    assert strict_json._plain_members(text) is None
