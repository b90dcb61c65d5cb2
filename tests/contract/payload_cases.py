"""Admissible payloads that are easy to read wrongly, with what they say, worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fixtures.corpus.ids_and_types import SEGMENTS

TS_MS = 1_772_445_600_000


@dataclass(frozen=True)
class PayloadCase:
    """One admitted payload; `expected` are columns of the oracle's reading of it."""

    story: str
    event_id: str
    payload: bytes
    expected: dict[str, Any]
    ingest_ms: int = TS_MS


def _case(number: int, story: str, member: str, **expected: object) -> PayloadCase:
    """A conversion with one more member, which may be its value."""
    event_id = f"p{number:02d}"
    members = [
        f'"event_id":"{event_id}"', '"event_type":"CONVERSION"', f'"impression_id":"imp-{event_id}"'
    ]  # fmt: skip
    if "event_timestamp" not in member:
        members.append(f'"event_timestamp":{TS_MS}')
    if "conversion_value" not in member:
        members.append('"conversion_value":1')
    payload = "{" + ",".join([*members, member]) + "}"
    return PayloadCase(story, event_id, payload.encode(), dict(expected))


_MONEY = {
    "0": 0, "-0": 0, "-0.0": 0, "-0e5": 0, "1": 1_000_000, "0.000001": 1,
    # Half up at the seventh decimal, from the text: a double holds none of these.
    "0.0000005": 1, "0.0000004999999999999999999999999999": 0, "2.0000015": 2_000_002,
    "1.0000025": 1_000_003, "0.1234565": 123_457, "0.12345649999999999999999999": 123_456,
    "1.005": 1_005_000, "0.1": 100_000, "0.30000000000000004": 300_000,
    "9007199254740.993e-1": 900_719_925_474_099_300, "123456789012.345678": 123_456_789_012_345_678,
    "999999999999.9999994": 999_999_999_999_999_999,
    "1e5": 10**11, "1E+5": 10**11, "1.5e-3": 1_500, "12e-7": 1, "15e-7": 2, "5e-7": 1, "4e-7": 0,
    "0.00001e11": 10**12, "100000000000000e-14": 1_000_000, "1e-320": 0,
    "1e-99999999999999999999": 0, "0e99999999999999999999": 0, "0e9223372036854775807": 0,
    "0.000e+400": 0,
    "1e00000000000000000000000000005": 10**11, "1e-0": 1_000_000,
    "0." + "9" * 3_000: 1_000_000, "0." + "0" * 3_000 + "1e3000": 100_000,
    "1" + "0" * 2_000 + "e-2000": 1_000_000, "0." + "0" * 6 + "4" + "9" * 5_000: 0,
}  # fmt: skip

_TEXTS = {
    r'"\ud83d\ude00"': "\U0001f600",
    r'"\uD83D\uDE00"': "\U0001f600",
    r'"a\ud83d\ude00b\u00e9"': "a\U0001f600bé",
    '"\U0001f600"': "\U0001f600",
    r'"?"': "?",
    r'"\\ud800"': r"\ud800",
    r'"\\\\ud800"': r"\\ud800",
    r'"\"\/\b\f\n\r\t"': '"/\b\f\n\r\t',
    r'"\u0000"': "\x00",
    r'"\u0022"': '"',
    '""': "",
    '" DE "': " DE ",
    '"Infinity"': "Infinity",
    '"null"': "null",
    '"\u2028\ufeff"': "\u2028\ufeff",
    '"' + "x" * 60_000 + '"': "x" * 60_000,
    # Not a string that UTF-8 can hold.
    r'"\ud800"': None,
    r'"\udc00"': None,
    r'"a\ud83dz"': None,
    r'"\ude00\ud83d"': None,
    r'"\ud83d\ud83d\ude00"': None,
    r'"\\\ud800"': None,
    r'"\uD83D\uDE00\uDBFF"': None,
    # Not a string.
    "null": None,
    "5": None,
    "1e400": None,
    "-1e400": None,
    "true": None,
    "[]": None,
    '["DE"]': None,
    '{"a":"DE"}': None,
}

_DEEP = "[" * 998 + "]" * 998

_SHAPES = (
    ("escaped name", r'"geo_countr\u0079":"DE"', {"geo_country": "DE"}),
    ("name in other case", '"GEO_COUNTRY":"DE"', {"geo_country": None}),
    ("same name deeper", '"meta_pixels":{"platform":"x","creative_id":"y"}', {"platform": None}),
    ("deeper name first", '"a":{"user_id":"x"},"user_id":"u"', {"user_id": "u"}),
    ("path-like names", '"a.user_id":"x","$.user_id":"y","user_id":"u"', {"user_id": "u"}),
    ("998 levels", f'"a":{_DEEP},"user_id":"u"', {"user_id": "u"}),
    ("long name", f'"{"k" * 60_000}":1,"user_id":"u"', {"user_id": "u"}),
    ("two long names", f'"{"k" * 60_000}":"x","{"l" * 60_000}" : 2,"user_id":"u"',
     {"user_id": "u"}),
    ("long name beside a long text", f'"{"k" * 60_000}":"{"v" * 60_000}","user_id":"u"',
     {"user_id": "u"}),
    ("long text that ends like a name", f'"a":["{"v" * 60_000}","b"],"user_id":"u"',
     {"user_id": "u"}),
    ("long name with escapes", f'"{"k" * 60_000}' + r'\\\"":"x\"","user_id":"u"', {"user_id": "u"}),
    ("long digits elsewhere", f'"a":{"7" * 5_000},"user_id":"u"', {"user_id": "u"}),
    ("10,000 members", ",".join(f'"x{n}":{n}' for n in range(10_000)) + ',"user_id":"u"',
     {"user_id": "u"}),
    ("lone surrogate elsewhere", r'"a":"\ud800","b":{"\udc00":1},"user_id":"u"', {"user_id": "u"}),
    ("null name", '"creative_id":null', {"creative_id": None}),
    ("empty name", '"creative_id":""', {"creative_id": ""}),
    ("kept spaces", '"creative_id":" c "', {"creative_id": " c "}),
    ("text of 4 bytes a sign", '"creative_id":"\U0001f600"', {"creative_id": "\U0001f600"}),
    ("white space", '"creative_id"\n\t :\r "c"', {"creative_id": "c"}),
    ("unknown money", '"bid_price":9.9', {"micros": 1_000_000}),
    ("seconds", '"event_timestamp":1772445600', {"ts_ms": TS_MS}),
    ("milliseconds", f'"event_timestamp":{TS_MS - 1}', {"ts_ms": TS_MS - 1}),
    ("first admissible second", '"event_timestamp":1420070400', {"ts_ms": 1_420_070_400_000}),
)  # fmt: skip


def _cases() -> list[PayloadCase]:
    drafts: list[tuple[str, str, dict[str, Any]]] = [
        *((f"value {text[:40]}", f'"conversion_value":{text}', {"micros": micros})
          for text, micros in _MONEY.items()),
        *((f"country {text[:40]}", f'"geo_country":{text}', {"geo_country": value})
          for text, value in _TEXTS.items()),
        *((f"platform {text[:40]}", f'"platform":{text}', {"platform": value})
          for text, value in _TEXTS.items()),
        *((f"{name} {text[:40]}", f'"{name}":{text}', {name: value})
          for name in ("channel", "region") for text, value in SEGMENTS.items()),
        *((f"country as a region {text[:40]}", f'"geo_country":{text}', {"country_segment": value})
          for text, value in SEGMENTS.items()),
        *_SHAPES,
    ]  # fmt: skip
    return [
        _case(number, story, member, **expected)
        for number, (story, member, expected) in enumerate(drafts)
    ]


PAYLOAD_CASES = tuple(_cases())
