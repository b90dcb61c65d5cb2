"""A strict JSON object reader that keeps what admission needs and judges the rest.

The standard reader accepts NaN, keeps the last of two equal keys, turns numbers into floats and
has a depth limit that depends on the interpreter; here every text has one verdict. The reader
keeps its own stack, so depth costs memory and never a crash, and runs in linear time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import MAX_NESTING_DEPTH

JSON_WHITE_SPACE: Final = " \t\n\r"

_TOKEN: Final = re.compile(
    r"""[ \t\n\r]*+(?:
    (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
    |(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
    |(?P<mark>[{}\[\],:])
    |(?P<word>true|false|null)
    |(?P<non_finite>NaN|[+-]?Infinity|[+-]INF)
    )""",
    re.VERBOSE,
)
_BLANK_REST: Final = re.compile(r"[ \t\n\r]*+\Z")
_OPENED: Final = re.compile(r"[ \t\n\r]*+\{")
_PLAIN_MEMBER: Final = re.compile(
    r"""[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+(?:
    "([^"\\\x00-\x1f]*+)"
    |(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
    |(true|false|null)
    )[ \t\n\r]*+([,}])""",
    re.VERBOSE,
)


class StrictJsonError(ValueError):
    """The text is not exactly one strict JSON object; `detail` says in what way."""

    def __init__(self, detail: RejectDetail) -> None:
        super().__init__(f"not one strict JSON object: {detail}")
        self.detail = detail


class Kind(Enum):
    """JSON type of a member's value."""

    STRING = auto()
    NUMBER = auto()
    NULL = auto()
    OTHER = auto()
    """true, false, an object or an array: never what an ad event field wants."""


class JsonValue(NamedTuple):
    """A member's value: `text` is the decoded string or the number's own characters, else ''."""

    kind: Kind
    text: str = ""


_OTHER: Final = JsonValue(Kind.OTHER)
_NULL: Final = JsonValue(Kind.NULL)


class _Expect(Enum):
    VALUE = auto()
    FIRST_KEY = auto()
    KEY = auto()
    COLON = auto()
    FIRST_ITEM = auto()
    COMMA = auto()


@dataclass
class _Reader:
    """State of one pass: `open_keys` has one entry a level, None for an array."""

    members: dict[str, JsonValue] = field(default_factory=dict)
    open_keys: list[set[str] | None] = field(default_factory=list)
    expect: _Expect = _Expect.VALUE
    top_key: str = ""
    deepest: int = 0
    has_duplicate: bool = False
    has_non_finite: bool = False

    def take(self, group: str, text: str) -> None:
        """Consume one token; raise StrictJsonError where the grammar forbids it."""
        if group == "mark":
            self._take_mark(text)
        elif group == "string" and self.expect in (_Expect.KEY, _Expect.FIRST_KEY):
            self._take_key(_decoded(text))
        else:
            self._take_scalar(group, text)

    def _take_mark(self, mark: str) -> None:
        if mark in "{[":
            self._require(self.expect in (_Expect.VALUE, _Expect.FIRST_ITEM))
            self._note_member(_OTHER)
            self.open_keys.append(set() if mark == "{" else None)
            self.deepest = max(self.deepest, len(self.open_keys))
            self.expect = _Expect.FIRST_KEY if mark == "{" else _Expect.FIRST_ITEM
        elif mark == ":":
            self._require(self.expect is _Expect.COLON)
            self.expect = _Expect.VALUE
        elif mark == ",":
            self._require(self.expect is _Expect.COMMA)
            self.expect = _Expect.VALUE if self.open_keys[-1] is None else _Expect.KEY
        else:
            self._close(mark)

    def _close(self, mark: str) -> None:
        in_array = self.open_keys[-1] is None
        self._require(in_array == (mark == "]"))
        empty = _Expect.FIRST_ITEM if in_array else _Expect.FIRST_KEY
        self._require(self.expect in (_Expect.COMMA, empty))
        self.open_keys.pop()
        self.expect = _Expect.COMMA

    def _take_key(self, key: str) -> None:
        keys = self.open_keys[-1]
        if keys is not None:
            self.has_duplicate = self.has_duplicate or key in keys
            keys.add(key)
        if len(self.open_keys) == 1:
            self.top_key = key
        self.expect = _Expect.COLON

    def _take_scalar(self, group: str, text: str) -> None:
        self._require(self.expect in (_Expect.VALUE, _Expect.FIRST_ITEM))
        if group == "string":
            self._note_member(JsonValue(Kind.STRING, _decoded(text)))
        elif group == "number":
            self._note_member(JsonValue(Kind.NUMBER, text))
        else:
            self.has_non_finite = self.has_non_finite or group == "non_finite"
            self._note_member(_NULL if text == "null" else _OTHER)
        self.expect = _Expect.COMMA

    def _note_member(self, value: JsonValue) -> None:
        if len(self.open_keys) == 1:
            self.members[self.top_key] = value

    @staticmethod
    def _require(allowed: bool) -> None:
        if not allowed:
            raise StrictJsonError(RejectDetail.NOT_JSON)


def _decoded(token: str) -> str:
    # A valid string token by now; a lone surrogate escape stays a lone surrogate.
    return str(json.loads(token)) if "\\" in token else token[1:-1]


def read_object(text: str) -> dict[str, JsonValue]:
    """Members of the one JSON object that `text` holds.

    Raises:
        StrictJsonError: `text` is anything else; the detail follows the order of RejectDetail.
    """
    members = _plain_members(text)
    return _members_by_token(text) if members is None else members


def _plain_members(text: str) -> dict[str, JsonValue] | None:
    """Of an object as producers send it: flat, without escapes, nothing wrong with it.

    One match a member, where a token each takes four times as long. None: it is another text.
    """
    opened = _OPENED.match(text)
    members: dict[str, JsonValue] = {}
    position, mark = (0, "") if opened is None else (opened.end(), ",")
    while mark == ",":
        found = _PLAIN_MEMBER.match(text, position)
        if found is None or found[1] in members:
            return None
        key, string, number, word, mark = found.groups()
        if string is not None:
            members[key] = JsonValue(Kind.STRING, string)
        elif number is not None:
            members[key] = JsonValue(Kind.NUMBER, number)
        else:
            members[key] = _NULL if word == "null" else _OTHER
        position = found.end()
    return members if members and _BLANK_REST.match(text, position) else None


def _members_by_token(text: str) -> dict[str, JsonValue]:
    if text.lstrip(JSON_WHITE_SPACE)[:1] != "{":
        raise StrictJsonError(RejectDetail.NOT_JSON)
    reader = _Reader()
    position = 0
    while position == 0 or reader.open_keys:
        token = _TOKEN.match(text, position)
        if token is None or token.lastgroup is None:
            raise StrictJsonError(RejectDetail.NOT_JSON)
        reader.take(token.lastgroup, token[token.lastgroup])
        position = token.end()
    if reader.has_non_finite:
        raise StrictJsonError(RejectDetail.NON_FINITE)
    if not _BLANK_REST.match(text, position):
        raise StrictJsonError(RejectDetail.TRAILING_DATA)
    if reader.deepest > MAX_NESTING_DEPTH:
        raise StrictJsonError(RejectDetail.TOO_DEEP)
    if reader.has_duplicate:
        raise StrictJsonError(RejectDetail.DUP_KEY)
    return reader.members
