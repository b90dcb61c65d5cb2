"""The fuzzer of whole records: what it draws is repeatable, and leaves no kind out."""

from __future__ import annotations

import pytest

from adlake.attribution.law.admission import Admitted, admit
from adlake.contracts.law import MAX_PAYLOAD_BYTES
from adlake.contracts.record_time import FIRST_INGEST_MS, GREGORIAN_MS, LAST_INGEST_MS
from adlake.io.kafka.admin import MAX_MESSAGE_BYTES, NEWEST_MS, OLDEST_MS
from tests.fixtures.corpus.records import (
    CODECS,
    HEADERS,
    KEYS,
    STEPS,
    TIMES,
    TRANSACTIONS,
    VALUES,
    FuzzedRecord,
    records,
)

NOW_MS = 1_772_445_600_000


@pytest.fixture(scope="module")
def drawn() -> list[FuzzedRecord]:
    return records(seed=11, count=1_500, now_ms=NOW_MS)


def test_one_seed_and_clock_give_the_same_records() -> None:
    assert records(3, 60, NOW_MS) == records(3, 60, NOW_MS)
    assert records(3, 60, NOW_MS) != records(4, 60, NOW_MS)


def test_every_member_of_every_dimension_appears(drawn: list[FuzzedRecord]) -> None:
    found = {name: {one.kinds[name] for one in drawn} for name in drawn[0].kinds}
    assert found == {
        "key": set(KEYS), "value": set(VALUES), "headers": set(HEADERS),
        "time": {*TIMES, *STEPS}, "codec": set(CODECS), "transaction": set(TRANSACTIONS),
    }  # fmt: skip


def test_records_are_what_their_kinds_say(drawn: list[FuzzedRecord]) -> None:
    sizes = {one.kinds["value"]: len(one.value or b"") for one in drawn}
    assert sizes["of full size"] == MAX_PAYLOAD_BYTES == sizes["a byte too large"] - 1
    assert sizes["a byte too large"] < sizes["at the broker's limit"] < MAX_MESSAGE_BYTES
    assert {one.value is None for one in drawn if one.kinds["value"] == "null"} == {True}
    values = [value for one in drawn for _, value in one.headers]
    assert None in values
    assert b"" in values


def test_times_lie_on_both_sides_of_every_limit(drawn: list[FuzzedRecord]) -> None:
    times = [one.timestamp_ms for one in drawn]
    for limit in (
        FIRST_INGEST_MS, GREGORIAN_MS, 0, NOW_MS - OLDEST_MS, NOW_MS, NOW_MS + NEWEST_MS,
        LAST_INGEST_MS,
    ):  # fmt: skip
        assert min(times) < limit < max(times)
    assert {-1, 0, -(2**63), 2**63 - 1} <= set(times)


def test_a_good_share_is_admitted(drawn: list[FuzzedRecord]) -> None:
    verdicts = [admit(one.value, one.timestamp_ms) for one in drawn]
    admitted = sum(isinstance(one, Admitted) for one in verdicts)
    assert 0.3 < admitted / len(verdicts) < 0.7
