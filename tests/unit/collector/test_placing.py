"""Everything has a topic whose pipeline admits it, or rejects it by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.attribution.law.admission import Rejected
from adlake.attribution.law.admission import admit as admit_ad
from adlake.business.rules import admit as admit_business
from adlake.collector.judging import Accepted, Refused, judged
from adlake.collector.placing import Placed, placed
from adlake.contracts.law import MAX_ID_BYTES, MAX_PAYLOAD_BYTES
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from tests.fixtures.business import CASES
from tests.fixtures.corpus import CASES as AD_CASES

NOW_MS = 1_772_445_600_000
CLICK: dict[str, Any] = {
    "event_id": "e1", "event_type": "CLICK", "event_timestamp": NOW_MS, "impression_id": "i1",
}  # fmt: skip


def place(**changes: object) -> Placed:
    event = {n: v for n, v in (CLICK | changes).items() if v is not ...}
    return placed(json.dumps(event).encode())


def rejected(one: Placed, ingest_ms: int) -> tuple[str, str]:
    """Reason and detail that the pipeline of its topic gives."""
    if one.topic == AD_TOPIC:
        found = admit_ad(one.value, ingest_ms)
        assert isinstance(found, Rejected), one
        return found.reason, found.detail
    business = admit_business(one.value, one.key, ingest_ms)
    assert business.reason is not None, one
    return business.reason, str(business.detail)


def test_all_of_the_corpora_lie_where_the_collector_puts_them_or_are_rejected_alike() -> None:
    accepted, refused = 0, 0
    for payload, ingest_ms in [(c.payload, c.ingest_ms) for c in (*AD_CASES, *CASES)]:
        one = placed(payload or b"")
        try:
            verdict = judged((payload or b"").decode(), ingest_ms)
        except UnicodeDecodeError:
            verdict = Refused(None, "MALFORMED_JSON", "")
        if isinstance(verdict, Accepted):
            assert (one.topic, one.key, one.value) == (verdict.topic, verdict.key, verdict.value)
            accepted += 1
            continue
        reason, detail = rejected(one, ingest_ms)
        if payload is not None:  # a line is never a tombstone
            assert reason == verdict.reason, payload
            assert detail == (verdict.detail or detail), payload
        refused += 1
    assert accepted > 50
    assert refused > 50


@pytest.mark.parametrize(
    "item",
    [
        b"nonsense", b'{"event_type":"CLICK"', b"\xff\xfe", b'{"event_type":"VIEW"}', b"[1]",
        b'{"event_type":5}', b'{"event_type":"CLICK","event_type":"CLICK"}', b'{"user_id":"u"}',
    ],
)  # fmt: skip
def test_what_nobody_knows_is_business_without_a_key_and_to_the_byte(item: bytes) -> None:
    assert placed(item) == Placed(BUSINESS_TOPIC, None, item)
    assert admit_business(item, None, NOW_MS).reason is not None


def test_a_bad_event_of_a_known_type_keeps_its_topic_and_its_key() -> None:
    assert place(event_timestamp=...).topic == AD_TOPIC
    assert place(event_timestamp=...).key == b"i1"
    order = placed(b'{"event_type":"ORDER","user_id":"u1"}')
    assert (order.topic, order.key) == (BUSINESS_TOPIC, b"u1")
    by_name = placed(b'{"event_type":"AD_CLICK","advertiser_id":" ","advertiser":"Acme"}')
    assert by_name.key == b"Acme"


@pytest.mark.parametrize(
    "impression_id", [..., None, "", "  ", 7, [], "a\nb", "i" * (MAX_ID_BYTES + 1), "\ud800"]
)
def test_an_id_that_could_be_none_is_no_key(impression_id: object) -> None:
    assert place(impression_id=impression_id).key is None


def test_other_spellings_are_written_as_the_contract_has_them_and_the_rest_stays() -> None:
    item = b' {"event_id":"e1", "event_type":"click","ts":"2026-03-02T10:00:00Z","impression_id":1}'
    found = placed(item)
    assert found.topic == AD_TOPIC
    assert found.value == (
        b' {"event_id":"e1", "event_type":"CLICK","ts":"2026-03-02T10:00:00Z","impression_id":1'
        b',"event_timestamp":1772445600000}'
    )


def test_what_grows_too_large_by_its_other_spelling_is_rejected_as_too_large() -> None:
    event = CLICK | {"ts": "2026-03-02T10:00:00Z", "more": ""}
    del event["event_timestamp"]
    event["more"] = "x" * (MAX_PAYLOAD_BYTES - len(json.dumps(event)))
    found = placed(json.dumps(event).encode())
    verdict = admit_ad(found.value, NOW_MS)
    assert isinstance(verdict, Rejected)
    assert verdict.detail == "TOO_LARGE"


def test_a_topic_that_is_switched_off_leaves_its_events_to_ad_events() -> None:
    order = b'{"event_id":"1","event_type":"ORDER","event_timestamp":1772445600000,"user_id":"u"}'
    for item in (order, b"nonsense"):
        one = placed(item, (AD_TOPIC,))
        assert one.topic == AD_TOPIC
        assert isinstance(admit_ad(one.value, NOW_MS), Rejected)


@given(st.binary(max_size=60))
def test_no_bytes_are_lost(item: bytes) -> None:
    assert placed(item) == Placed(BUSINESS_TOPIC, None, item)
