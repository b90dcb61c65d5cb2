"""Every spelling that is allowed, and the reason of everything that is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.attribution.law.admission import Admitted
from adlake.attribution.law.admission import admit as admit_ad
from adlake.business.rules import admit as admit_business
from adlake.collector.aliases import epoch_ms
from adlake.collector.judging import Accepted, Refused, judged
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from tests.fixtures.business import CASES
from tests.fixtures.corpus import CASES as AD_CASES

NOW_MS = 1_772_445_600_000
IMPRESSION: dict[str, Any] = {
    "event_id": "e1", "event_type": "IMPRESSION", "event_timestamp": NOW_MS, "impression_id": "i1",
    "campaign_id": "c1", "bid_price": 0.25,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "event_id": "o1", "event_type": "ORDER", "event_timestamp": NOW_MS, "user_id": "u1",
    "order_id": "1", "amount": 10,
}  # fmt: skip


def verdict(event: dict[str, Any], **changes: object) -> Accepted | Refused:
    given = {n: v for n, v in (event | changes).items() if v is not ...}
    return judged(json.dumps(given), NOW_MS)


def sent(one: Accepted | Refused) -> dict[str, Any]:
    assert isinstance(one, Accepted), one
    members: dict[str, Any] = json.loads(one.value)
    return members


def test_what_is_spelt_as_the_contract_is_sent_to_the_byte() -> None:
    item = (
        '{ "event_id":"e1","event_type":"IMPRESSION", "event_timestamp":1772445600000,\n'
        '"more":[1.0],"impression_id":"i1","campaign_id":"c1","bid_price":0.250 }'
    )
    found = judged(item, NOW_MS)
    assert found == Accepted("e1", "IMPRESSION", AD_TOPIC, b"i1", item.encode())


def test_each_type_goes_to_its_topic_under_its_key() -> None:
    order = verdict(ORDER)
    assert isinstance(order, Accepted)
    assert (order.topic, order.key) == (BUSINESS_TOPIC, b"u1")
    change = verdict(
        ORDER, event_type="BUDGET_CHANGE", advertiser_id="a1", budget_value=5, period="DAILY"
    )
    assert isinstance(change, Accepted)
    assert (change.topic, change.key) == (BUSINESS_TOPIC, b"a1")
    by_name = verdict(
        ORDER, event_type="AD_CLICK", advertiser="Acme", click_id="k1", ad_id="x", event_id=...
    )
    assert isinstance(by_name, Accepted)
    assert (by_name.key, by_name.event_id) == (b"Acme", "k1")


@pytest.mark.parametrize("name", ["impression", "Impression"])
def test_types_may_be_in_small_letters(name: str) -> None:
    found = verdict(IMPRESSION, event_type=name)
    assert sent(found) == IMPRESSION
    assert sent(verdict(ORDER, event_type="order")) == ORDER


def test_a_type_that_nobody_knows_is_refused_as_it_was_sent() -> None:
    assert verdict(IMPRESSION, event_type="view") == Refused(
        "e1", "UNKNOWN_EVENT_TYPE", "BAD_EVENT_TYPE"
    )
    # Capitals of another alphabet make no name of ours.
    assert isinstance(verdict(IMPRESSION, event_type="\u0131mpress\u0131on"), Refused)


@pytest.mark.parametrize("alias", ["ts", "timestamp"])
@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2026-03-02T10:00:00Z", 0), ("2026-03-02T12:00:00.0019+02:00", 1),
        ("2026-03-02T10:00Z", 0), ("2026-03-02T09:59:59.999-00:00", -1),
    ],
)  # fmt: skip
def test_a_time_with_its_offset_is_that_moment(alias: str, text: str, after: int) -> None:
    found = sent(verdict(IMPRESSION, event_timestamp=..., **{alias: text}))
    assert found == IMPRESSION | {alias: text, "event_timestamp": NOW_MS + after}


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T10:00:00", "2026-03-02", "2026-13-02T10:00:00Z", "2026-02-30T10:00:00Z",
        "2026-03-02T24:00:00Z", "2026-03-02T10:00:60Z", "2026-03-02T10:00:00+99:00", "now",
        "2026-03-02 10:00:00Z", "\u0662026-03-02T10:00:00Z",
        True, [], "1900-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_another_time_is_refused(text: object) -> None:
    found = verdict(IMPRESSION, event_timestamp=..., ts=text)
    assert isinstance(found, Refused)
    assert (found.event_id, found.reason) == ("e1", "BAD_TIMESTAMP")


def test_the_time_of_the_contract_comes_first_and_null_is_none() -> None:
    assert sent(verdict(IMPRESSION, ts="2020-01-01T00:00:00Z"))["event_timestamp"] == NOW_MS
    found = verdict(IMPRESSION, event_timestamp=None, timestamp="2026-03-02T10:00:00Z")
    assert sent(found)["event_timestamp"] == NOW_MS
    assert sent(verdict(IMPRESSION, event_timestamp=..., ts=NOW_MS))["event_timestamp"] == NOW_MS
    assert isinstance(verdict(IMPRESSION, event_timestamp=...), Refused)


def test_an_impression_may_call_its_price_cost() -> None:
    item = json.dumps({n: v for n, v in IMPRESSION.items() if n != "bid_price"})
    found = judged(item[:-1] + ', "cost": 0.10}', NOW_MS)
    assert isinstance(found, Accepted)
    assert found.value.endswith(b'"cost": 0.10,"bid_price":0.10}')
    both = sent(verdict(IMPRESSION, cost=9))
    assert both["bid_price"] == 0.25
    for wrong in ("1", True, [1]):
        refused = verdict(IMPRESSION, bid_price=..., cost=wrong)
        assert isinstance(refused, Refused)
        assert refused.reason == "BAD_VALUE"


def test_a_cost_elsewhere_is_an_extra() -> None:
    click = sent(verdict(IMPRESSION, event_type="CLICK", bid_price=..., cost=3))
    assert "bid_price" not in click
    assert isinstance(
        verdict(IMPRESSION, event_type="CONVERSION", bid_price=..., cost=3), Refused
    )  # it has no conversion_value


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        ("5", "NOT_OBJECT"), ("{", "NOT_JSON"), ('{"a":NaN}', "NON_FINITE"),
        ('{"a":1,"a":2}', "DUP_KEY"), ("{} x", "TRAILING_DATA"), ("", "EMPTY"),
    ],
)  # fmt: skip
def test_what_is_no_strict_json_is_malformed(item: str, detail: str) -> None:
    assert judged(item, NOW_MS) == Refused(None, "MALFORMED_JSON", detail)


def test_what_is_accepted_of_the_corpora_is_admitted_and_the_rest_has_its_reason() -> None:
    """Payloads of all kinds, as a producer would post them."""
    count = 0
    for payload, ingest_ms in [(c.payload, c.ingest_ms) for c in (*AD_CASES, *CASES)]:
        try:
            item = (payload or b"").decode()
        except UnicodeDecodeError:
            continue
        found = judged(item, ingest_ms)
        if isinstance(found, Accepted):
            is_ad = found.topic == AD_TOPIC
            ad = isinstance(admit_ad(found.value, ingest_ms), Admitted)
            business = admit_business(found.value, found.key, ingest_ms).reason is None
            assert ad if is_ad else business, payload
            count += 1
    assert count > 50


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2200, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_of_any_offset_are_those_of_the_library(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert epoch_ms(moment.isoformat()) == since // timedelta(milliseconds=1)
