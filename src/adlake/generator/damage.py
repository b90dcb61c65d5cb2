"""Damaged and drifted payloads: how they look, and which reject reason they deserve."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from typing import Final

from adlake.contracts.events import RejectReason

Fields = dict[bytes, bytes]
"""JSON member name -> raw JSON text of its value, in order."""

_COMMON_KEYS = (
    "event_id", "event_id:null", "event_id:blank", "event_type", "event_type:null",
    "event_timestamp", "event_timestamp:null", "impression_id", "impression_id:null",
    "impression_id:blank",
)  # fmt: skip
MISSING_KEYS: Final = (
    (*_COMMON_KEYS, "campaign_id", "campaign_id:null", "campaign_id:blank", "bid_price"),
    _COMMON_KEYS,
    (*_COMMON_KEYS, "conversion_value", "conversion_value:null"),
)
"""By type rank."""
_ABSENT_FORMS: Final = {"null": b"null", "blank": b'"  "'}
_MONEY_FIELDS: Final = (b"bid_price", b"bid_price", b"conversion_value")
"""By type rank; on a click the field is foreign and ignored."""

_MALFORMED: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "null_value": lambda sound: None,
    "empty": lambda sound: b"",
    "blank": lambda sound: b"   ",
    "cut": lambda sound: sound[: len(sound) * 2 // 3],
    "trailing_data": lambda sound: sound + b" trailing",
    "two_objects": lambda sound: sound + sound,
    "array": lambda sound: b"[" + sound + b"]",
    "scalar": lambda sound: b"42",
    "duplicate_key": lambda sound: sound[:-1] + b',"event_id":"again"}',
    "nan": lambda sound: sound[:-1] + b',"quality":NaN}',
    "infinity": lambda sound: sound[:-1] + b',"quality":-Infinity}',
    "single_quotes": lambda sound: sound.replace(b'"', b"'"),
    "comment": lambda sound: b"/* v2 */" + sound,
    "bad_utf8": lambda sound: sound[:-1] + b',"note":"\xff\xfe"}',
    "byte_order_mark": lambda sound: b"\xef\xbb\xbf" + sound,
    "leading_zero": lambda sound: sound[:-1] + b',"quality":007}',
    "raw_control_character": lambda sound: sound[:-1] + b',"note":"a\nb"}',
    "gzip": lambda sound: gzip.compress(sound, mtime=0),
    "too_deep": lambda sound: sound[:-1] + b',"deep":' + b"[" * 1_200 + b"]" * 1_200 + b"}",
}
MALFORMATIONS: Final = tuple(_MALFORMED)


def _with(**changes: bytes) -> Callable[[Fields, int], Fields]:
    return lambda fields, rank: {**fields, **{name.encode(): raw for name, raw in changes.items()}}


def _string_money(fields: Fields, rank: int) -> Fields:
    name = _MONEY_FIELDS[rank]
    return {**fields, name: b'"' + fields.get(name, b"1.5") + b'"'}


def _exponent_money(fields: Fields, rank: int) -> Fields:
    name = _MONEY_FIELDS[rank]
    return {**fields, name: fields.get(name, b"1.5") + b"e0"}


def _escaped(fields: Fields, rank: int) -> Fields:
    letters = fields[b"event_type"].strip(b'"').decode()
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in letters)
    return {**fields, b"event_type": f'"{escaped}"'.encode()}


_DRIFTED: Final[dict[str, tuple[RejectReason | None, Callable[[Fields, int], Fields]]]] = {
    "new_field": (None, _with(schema_version=b"2", consent=b"true")),
    "nested_field": (None, _with(device=b'{"os":{"name":"ios","version":[17,5,1]}}')),
    "text_field": (None, _with(note='"Größe: 12″ \U0001f600"'.encode())),
    "reordered": (None, lambda fields, rank: dict(reversed(fields.items()))),
    "escaped": (None, _escaped),
    "exponent_money": (None, _exponent_money),
    "pixels_null": (None, _with(meta_pixels=b"null")),
    "string_timestamp": (RejectReason.BAD_TIMESTAMP, _with(event_timestamp=b'"1706600050"')),
    "iso_timestamp": (RejectReason.BAD_TIMESTAMP, _with(event_timestamp=b'"2024-01-30T07:34:10Z"')),
    "fraction_timestamp": (RejectReason.BAD_TIMESTAMP, _with(event_timestamp=b"1706600050.7")),
    "ancient_timestamp": (RejectReason.BAD_TIMESTAMP, _with(event_timestamp=b"0")),
    "string_money": (RejectReason.BAD_VALUE, _string_money),
    "number_id": (RejectReason.BAD_ID, _with(user_id=b"4711")),
    "long_id": (RejectReason.BAD_ID, _with(creative_id=b'"' + b"x" * 257 + b'"')),
    "new_event_type": (RejectReason.UNKNOWN_EVENT_TYPE, _with(event_type=b'"VIEW"')),
    "lower_case_type": (RejectReason.UNKNOWN_EVENT_TYPE, _with(event_type=b'"click"')),
}
DRIFTS: Final = tuple(_DRIFTED)


def reject_reason(damage: str, rank: int) -> RejectReason | None:
    """The reason a payload with this damage must be rejected for; None if it is admitted."""
    kind, _, detail = damage.partition(":")
    if kind == "missing":
        return RejectReason.MISSING_KEY
    if kind == "malformed":
        return RejectReason.MALFORMED_JSON
    if kind == "negative":
        return None if rank == 1 else RejectReason.NEGATIVE_VALUE
    if kind == "drift":
        return None if detail == "string_money" and rank == 1 else _DRIFTED[detail][0]
    return None


def damaged_payload(damage: str, rank: int, fields: Fields) -> bytes | None:
    """The bytes of an event (`fields`) after this damage; None is a null Kafka value."""
    kind, _, detail = damage.partition(":")
    if kind == "missing":
        name, _, form = detail.partition(":")
        fields = dict(fields)
        if form:
            fields[name.encode()] = _ABSENT_FORMS[form]
        else:
            del fields[name.encode()]
    elif kind == "negative":
        name_bytes = _MONEY_FIELDS[rank]
        fields = {**fields, name_bytes: b"-" + fields.get(name_bytes, b"1.5")}
    elif kind == "drift":
        fields = _DRIFTED[detail][1](fields, rank)
    payload = object_of(fields)
    return _MALFORMED[detail](payload) if kind == "malformed" else payload


def object_of(fields: Mapping[bytes, bytes]) -> bytes:
    """One compact JSON object."""
    return b"{" + b",".join(b'"%b":%b' % member for member in fields.items()) + b"}"
