"""One request to its events, each with its own characters: no number is read and written again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from adlake.payload.plain.strict_json import JSON_WHITE_SPACE

MAX_ITEMS: Final = 1_000
_DECODER: Final = json.JSONDecoder()


class NoItemsError(ValueError):
    """The request holds no event: it is no JSON, or an empty array."""


class TooManyItemsError(ValueError):
    """The request holds more than MAX_ITEMS events."""


def items_of(body: bytes) -> list[str]:
    """The JSON texts of one object, or of each member of an array, as they were sent.

    Only the ends of the items are looked for; whether an item is strict JSON is judged later.

    Raises:
        NoItemsError: the body cannot be told apart into events.
        TooManyItemsError: there are more than MAX_ITEMS.
    """
    try:
        text = body.decode("utf-8").strip(JSON_WHITE_SPACE)
    except UnicodeDecodeError:
        raise NoItemsError("the body is not UTF-8") from None
    if not text:
        raise NoItemsError("the body is empty")
    if not text.startswith("["):
        return [text]
    items: list[str] = []
    for item in members_of_array(text):
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise TooManyItemsError(f"more than {MAX_ITEMS:,} events in one request: send less")
    return items


def members_of_array(text: str) -> Iterator[str]:
    """The text of each member of a JSON array.

    Raises:
        NoItemsError: it is empty, or no JSON.
    """
    place = _skipped(text, 1)
    if text[place : place + 1] == "]":
        raise NoItemsError("the array is empty")
    while True:
        end = value_end(text, place)
        yield text[place:end]
        place = _skipped(text, end)
        mark = text[place : place + 1]
        place = _skipped(text, place + 1)
        if mark == "]" and place == len(text):
            return
        if mark != ",":
            raise NoItemsError("the array is not JSON")


def value_end(text: str, place: int) -> int:
    """Where the JSON value ends that begins here.

    Raises:
        NoItemsError: none does, or it is nested deeper than can be read.
    """
    try:
        return _DECODER.raw_decode(text, place)[1]
    except (ValueError, RecursionError):
        raise NoItemsError("the body is not JSON") from None


def member_spans(text: str) -> dict[str, tuple[int, int]]:
    """Name of each member of a strict JSON object -> where its value begins and ends."""
    spans = {}
    place = _skipped(text, _skipped(text, 0) + 1)
    while text[place] != "}":
        end = value_end(text, place)
        name = json.loads(text[place:end])
        begin = _skipped(text, _skipped(text, end) + 1)
        end = value_end(text, begin)
        spans[name] = (begin, end)
        place = _skipped(text, end)
        if text[place] == ",":
            place = _skipped(text, place + 1)
    return spans


def _skipped(text: str, place: int) -> int:
    """The next place that is no white space."""
    while place < len(text) and text[place] in JSON_WHITE_SPACE:
        place += 1
    return place
