"""Corrections of rejected payloads: what is set, what stays, what admission says."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from adlake.attribution.law.correction import CorrectionError, parsed_setting, with_members
from adlake.cli import app
from adlake.cli.quarantine import _place
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.quarantine.corrections import (
    FilterError,
    NotInQuarantineError,
    StillRejectedError,
    corrected,
    parsed_position,
    parsed_time,
    shown_delivery,
)
from adlake.settings import Settings

NOW_MS = 1_772_445_600_000
ORIGIN = ("ad_events", 2, 17)
PAYLOAD = (
    b'{"event_id":"v1","event_type":"CONVERSION","impression_id":"i1", '
    b'"event_timestamp":1772445500000,"conversion_value":-5.10,"note":{"a":[1.50,"}"]}}'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conversion_value=5.10", ("conversion_value", "5.10")),
        ("event_timestamp=1772445500", ("event_timestamp", "1772445500")),
        ("event_id=123", ("event_id", '"123"')),
        ("event_id=null", ("event_id", "null")),
        ('event_id="a b"', ("event_id", '"a b"')),
        ("user_id=true", ("user_id", '"true"')),
        ("campaign_id=a=b", ("campaign_id", '"a=b"')),
        ("note=true", ("note", "true")),
        ("note=plain text", ("note", '"plain text"')),
        ("bid_price=NaN", ("bid_price", '"NaN"')),
        ("geo_country=", ("geo_country", '""')),
    ],
)
def test_a_setting_is_read_as_what_its_field_holds(text: str, expected: tuple[str, str]) -> None:
    assert parsed_setting(text) == expected


@pytest.mark.parametrize("text", ["", "=1", "bid_price"])
def test_a_setting_without_field_or_value_is_refused(text: str) -> None:
    with pytest.raises(CorrectionError, match="field=value"):
        parsed_setting(text)


def test_only_the_named_members_change() -> None:
    fixed = with_members(PAYLOAD, {"conversion_value": "5.10", "event_id": '"v2"'})
    assert fixed == (
        b'{"event_type":"CONVERSION","impression_id":"i1","event_timestamp":1772445500000,'
        b'"note":{"a":[1.50,"}"]},"conversion_value":5.10,"event_id":"v2"}'
    )
    assert with_members(b" { } ", {"a": "1"}) == b'{"a":1}'
    assert with_members(b'{"a":1,"a":2,"\\u0061":3,"b":"\xc3\xa9"}', {"a": "4"}) == (
        b'{"b":"\xc3\xa9","a":4}'
    )


@pytest.mark.parametrize(
    "payload",
    [None, b"", b" ", b"[]", b"{", b'{"a":1', b'{"a" 1}', b'{"a":1,}', b'{"a":1}x', b"\xff",
     b"{1:2}", b'{"a":' + b"[" * 5_000],
)  # fmt: skip
def test_what_is_no_object_cannot_be_set(payload: bytes | None) -> None:
    with pytest.raises(CorrectionError, match="--payload"):
        with_members(payload, {"a": "1"})


def test_a_correction_carries_its_origin_and_is_admitted() -> None:
    fixed = with_members(PAYLOAD, {"conversion_value": "5.10"})
    marked, verdict = corrected(ORIGIN, fixed, NOW_MS)
    assert json.loads(marked)["adlake_origin"] == {
        "topic": "ad_events", "partition": 2, "offset": 17,
    }  # fmt: skip
    assert (verdict.event_id, verdict.micros) == ("v1", 5_100_000)
    assert corrected(ORIGIN, marked, NOW_MS) == (marked, verdict)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (PAYLOAD, "NEGATIVE_VALUE"),
        (with_members(PAYLOAD, {"conversion_value": '"5"'}), "BAD_VALUE"),
        (with_members(PAYLOAD, {"event_timestamp": str(NOW_MS + 300_001)}), "FUTURE_TIMESTAMP"),
        (b'{"adlake_origin":1,"adlake_origin":2}', "MALFORMED_JSON"),
        (b"{}", "MISSING_KEY"),
        (b"", "MALFORMED_JSON"),
        (b"no json", "MALFORMED_JSON"),
        (b"[1]", "MALFORMED_JSON"),
    ],
)
def test_a_correction_that_would_be_rejected_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(StillRejectedError, match=f"ad_events/2/17 would be rejected.*{reason}"):
        corrected(ORIGIN, payload, NOW_MS)


def test_positions_and_times_are_read() -> None:
    assert parsed_position("2/17", lambda: "ads@2") == ("ads@2", 2, 17)
    assert parsed_position("ads/2/17", _not_asked) == ("ads", 2, 17)
    for wrong in ("", "2", "2/", "/7", "a/b", "x/2/17/3", "2/-1"):
        with pytest.raises(NotInQuarantineError, match="partition/offset"):
            parsed_position(wrong, _not_asked)
    assert parsed_time("") is None
    assert str(parsed_time("2026-03-02T10:00")) == "2026-03-02 10:00:00+00:00"
    with pytest.raises(FilterError):
        parsed_time("yesterday")


def _not_asked() -> str:
    raise AssertionError("the position says its topic, or is none")


def test_the_command_takes_a_short_position_from_the_newest_incarnation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incarnations = [SourceIncarnation("ad_events"), SourceIncarnation("ad_events", 2)]
    monkeypatch.setattr(
        "adlake.io.postgres.source_incarnations.source_incarnations",
        lambda _connect, _topic: incarnations,
    )
    monkeypatch.setattr("adlake.wiring.lake.lease_connect", lambda _settings: None)
    assert _place("0/1234", Settings({})) == ("ad_events@2", 0, 1234)
    assert _place("ad_events/0/1234", Settings({})) == ("ad_events", 0, 1234)


def test_a_fix_says_the_whole_position(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = SourceIncarnation("ad_events", 2)
    monkeypatch.setattr(
        "adlake.io.postgres.source_incarnations.newest_incarnation", lambda *_: newest
    )
    monkeypatch.setattr("adlake.wiring.lake.lease_connect", lambda _settings: None)
    monkeypatch.setattr("adlake.io.trino.client.connect", lambda *_address: nullcontext())
    delivery = {"raw_payload": "{}", "raw_bytes": None}
    monkeypatch.setattr("adlake.quarantine.corrections.rejected_delivery", lambda *_: delivery)
    monkeypatch.setattr("adlake.quarantine.corrections.fix", lambda *_, **_names: 7)
    order = ["quarantine", "fix", "0/1234", "--set", "bid_price=1", "--why", "a typo"]
    done = CliRunner().invoke(app, order)
    assert "fix 7 of ad_events@2/0/1234 waits" in done.output


def test_bytes_are_shown_without_steering_the_terminal() -> None:
    delivery = {
        "kafka_topic": "ads", "kafka_partition": 0, "kafka_offset": 3, "ingest_ts": "t",
        "reject_reason": "MALFORMED_JSON", "reject_detail": "BAD_UTF8", "event_id": None,
        "event_type": None, "impression_id": None, "campaign_id": None, "kafka_key": None,
        "raw_payload": None, "raw_bytes": b"\x1b[2J\xff{" + b"x" * 5_000,
    }  # fmt: skip
    lines = dict(shown_delivery(delivery))
    assert lines["payload"] == "5,006 bytes"
    assert all(text.isprintable() for text in lines.values())
    parts = [text for name, text in shown_delivery(delivery) if not name]
    assert parts[0].startswith("\\x1b[2J\\xff{x")
    assert parts[1] == "... 1,006 more bytes; --raw gives all"
