"""Which delivery of a business event counts, and why the others do not."""

from __future__ import annotations

import itertools
import json

import pytest

from adlake.business.audit import JudgedDelivery, content_json, reasons
from adlake.business.contract import CONTENT_FIELDS, TYPES, BusinessType
from adlake.business.rules import admit
from tests.fixtures.business.case import INGEST_MS, event

T = BusinessType


def told(*payloads: bytes) -> list[str | None]:
    """The reason of each delivery, sent in this order a millisecond apart; None: it counts."""
    deliveries = [
        JudgedDelivery(("t", 0, offset), INGEST_MS + offset, admit(payload, b"k", INGEST_MS))
        for offset, payload in enumerate(payloads)
    ]
    found = reasons(deliveries)
    assert found == reasons([*reversed(deliveries), *deliveries]), "the order of reading matters"
    return [found.get(one.position) for one in deliveries]


def test_the_first_delivery_of_the_smallest_content_counts_whatever_came_first() -> None:
    cheap, dear = event(T.ORDER, amount=1), event(T.ORDER, amount=2)
    assert told(dear, cheap, cheap, dear) == [
        "CONFLICTING_DUPLICATE", None, "DUPLICATE_DELIVERY", "CONFLICTING_DUPLICATE",
    ]  # fmt: skip


def test_time_comes_before_money_and_money_before_the_rest() -> None:
    later = event(T.ORDER, amount=1, event_timestamp=1_706_600_051)
    assert told(later, event(T.ORDER, amount=2)) == ["CONFLICTING_DUPLICATE", None]
    assert told(event(T.ORDER, amount=2, user_id="a"), event(T.ORDER, amount=1, user_id="z")) == [
        "CONFLICTING_DUPLICATE", None,
    ]  # fmt: skip


def test_a_content_with_a_field_more_is_the_smaller_one() -> None:
    assert told(event(T.SIGNUP), event(T.SIGNUP, impression_id="i")) == [
        "CONFLICTING_DUPLICATE", None,
    ]  # fmt: skip


def test_an_order_told_again_under_an_event_id_of_its_own_is_a_repeat() -> None:
    assert told(event(T.ORDER), event(T.ORDER, event_id="ev-2")) == [None, "DUPLICATE_DELIVERY"]


def test_c3_an_order_for_less_under_another_event_id_sets_the_dearer_one_aside() -> None:
    dearer, cheaper = event(T.ORDER, amount=100), event(T.ORDER, event_id="ev-2", amount=90)
    assert told(dearer, cheaper) == ["CONFLICTING_DUPLICATE", None]
    assert told(cheaper, dearer, dearer) == [None, *["CONFLICTING_DUPLICATE"] * 2]


@pytest.mark.parametrize("event_type", list(T))
def test_what_a_type_counts_once_per_tells_two_events_apart(event_type: T) -> None:
    for name in TYPES[event_type].once_per:
        assert told(event(event_type), event(event_type, **{name: "other"})) == [None, None]
    extra = event(event_type, unknown_field=1)
    assert told(event(event_type), extra) == [None, "DUPLICATE_DELIVERY"]


def test_types_do_not_share_their_ids() -> None:
    every = [event(one) for one in (T.SIGNUP, T.SHARE, T.COMPLETION, T.CUSTOMER_PROFILE)]
    for pair in itertools.permutations(every, 2):
        assert told(*pair) == [None, None]


def test_a_rejected_delivery_has_its_reason_and_takes_nobodys_place() -> None:
    assert told(event(T.ORDER, amount=-1), event(T.ORDER)) == ["NEGATIVE_VALUE", None]


def test_a_remark_shows_on_the_delivery_that_counts_and_gives_way_to_a_finding() -> None:
    click = event(T.AD_CLICK, budget_value="much")
    assert told(click, click) == ["BAD_BUDGET_VALUE", "DUPLICATE_DELIVERY"]


def test_a_click_that_carries_another_budget_than_the_change_in_force_has_a_remark() -> None:
    def click(click_id: str, at_ms: int, budget: object, **said: object) -> bytes:
        named = {"event_id": click_id, "click_id": click_id, "event_timestamp": at_ms}
        return event(T.AD_CLICK, budget_value=budget, **named, **said)

    def change(event_id: str, at_ms: int, budget: object) -> bytes:
        return event(T.BUDGET_CHANGE, event_id=event_id, event_timestamp=at_ms, budget_value=budget)

    at_ms = INGEST_MS - 1_000
    assert told(
        click("before", at_ms - 1, 7), click("agrees", at_ms, 8), click("differs", at_ms, 7),
        click("none", at_ms, None), click("other", at_ms, 7, advertiser_id="adv-2"),
        change("a", at_ms, 6), change("b", at_ms, 8), change("c", at_ms + 2, 9),
        click("late", at_ms + 1, 9), click("late", at_ms + 1, 9), click("next", at_ms + 2, 9),
    ) == [
        None, None, "BUDGET_MISMATCH", None, None, None, None, None,
        "BUDGET_MISMATCH", "DUPLICATE_DELIVERY", None,
    ]  # fmt: skip


def test_the_content_is_canonical_json() -> None:
    full = admit(event(T.ADVERTISER_STATUS, full=True), b"k", INGEST_MS).fields
    assert content_json(full) == (
        '{"advertiser":"Acme \u00d6l & Co","advertiser_id":"adv-1",'
        '"flight_end":"2024-01-30T07:34:10.001Z","flight_start":"2024-01-30T07:34:10.000Z",'
        '"status":"ACTIVE","time_zone":"Europe/Berlin"}'
    )
    click = admit(event(T.AD_CLICK, full=True), b"k", INGEST_MS).fields
    assert json.loads(content_json(click))["budget_value"] == "1000.000000"


def test_contents_hold_neither_the_ids_that_count_nor_the_money_that_is_compared() -> None:
    for event_type, names in CONTENT_FIELDS.items():
        contract = TYPES[event_type]
        assert not {"event_id", *contract.once_per, contract.money} & set(names)
        assert set(names) <= {*contract.required, *contract.optional}
