"""Customers are those of the worked examples, in whatever order and however often events come."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlake.business.audit import content_of
from adlake.business.contract import CONTENT_FIELDS, TYPES, BusinessType
from adlake.business.rules import admit
from adlake.contracts.tables import CUSTOMER_360, CUSTOMER_EVENTS
from adlake.customers import contract
from adlake.customers.contract import CustomerType
from adlake.customers.plain import Customer
from adlake.customers.rules import Standing
from adlake.settings import REPO_ROOT
from tests.fixtures.business.case import INGEST_MS
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.customers.story import (
    MINUTE_MS,
    START_MS,
    customers,
    events_of,
    message,
    messages,
    order,
    orders,
    profile,
    random_story,
)

TEN = START_MS
ORDERS: dict[str, Callable[[Sequence[Delivery]], list[Delivery]]] = {
    "forward": list,
    "reversed": lambda sent: list(sent)[::-1],
    "doubled": lambda sent: [*sent, *sent],
}
in_any_order = pytest.mark.parametrize("told", ORDERS.values(), ids=ORDERS)
Told = Callable[[Sequence[Delivery]], list[Delivery]]
FEW = settings(deadline=None, max_examples=40)
"""Of stories, each of dozens of events."""


def one(told: Told, *sent: Delivery, as_of: date | None = None) -> Customer:
    """The only customer; each delivery arrives at a moment of its own."""
    staged = [(payload, key, INGEST_MS + n) for n, (payload, key, _) in enumerate(sent)]
    [found] = customers(told(staged), as_of)
    assert found.last_updated_ms == max(
        event.first_ingest_ms for event in events_of(staged) if event.is_counted
    )
    return found


def history(customer: Customer) -> list[tuple[str, int, int, int]]:
    """Stage, entered (ms from ten o'clock), delivered messages, all messages."""
    return [
        (entry.stage, entry.entered_ms - TEN, entry.standing.delivered_count,
         entry.standing.activation_count)
        for entry in customer.history
    ]  # fmt: skip


@in_any_order
def test_c1_a_profile_alone_is_a_prospect(told: Told) -> None:
    sent = profile("u1", TEN, name="Ada", email=" Ada@X.de", geo_country="DE")
    found = one(told, sent)
    assert (found.stage, found.previous_stage, found.segments) == ("prospect", None, ("prospects",))
    assert found.standing == Standing()
    assert (found.score, found.band, found.standing.engagement_rate) == (0, "low", 0.0)
    assert (found.name, found.geo_country, found.created_ms) == ("Ada", "DE", TEN)
    assert (found.first_order_ms, found.last_order_ms) == (None, None)


@in_any_order
def test_c2_value_and_messages_lift_a_stage_and_lower_it_again(told: Told) -> None:
    sent = [order("u1", "o1", TEN, 5_000)]
    assert one(told, *sent).stage == "customer"
    sent.append(order("u1", "o2", TEN + 1, 0.01))
    found = one(told, *sent)
    assert (found.stage, found.standing.lifetime_micros) == ("high-value", 5_000_010_000)
    sent += messages("u1", TEN + 2, 7, 3)
    assert one(told, *sent).stage == "evangelist"
    sent.append(message("u1", "m10", TEN + 99, "FAILED"))
    found = one(told, *sent)
    assert (found.stage, found.previous_stage) == ("high-value", "evangelist")
    assert (found.name, found.created_ms) == (None, None)


@in_any_order
def test_c3_an_order_counts_once_with_its_smallest_content(told: Told) -> None:
    first, again = (order("u1", "o1", TEN, 100, event_id=event_id) for event_id in ("e1", "e2"))
    found = one(told, first, again, first)
    assert found.standing == Standing(1, 100_000_000)
    smaller = order("u1", "o1", TEN, 90, event_id="e2")
    assert one(told, first, smaller, first).standing == Standing(1, 90_000_000)


@in_any_order
def test_c4_the_latest_status_of_a_message_is_its_status(told: Told) -> None:
    bought = order("u1", "o1", TEN, 100)
    assert one(told, bought, *messages("u1", TEN, 1, 1)).stage == "customer"
    assert one(told, bought, *messages("u1", TEN, 2, 1)).stage == "engaged"
    failed = message("u1", "m1", TEN, "FAILED")
    delivered = message("u1", "m1", TEN + 5 * MINUTE_MS, "DELIVERED")
    assert one(told, failed, delivered).standing == Standing(delivered_count=1)
    assert one(told, *messages("u1", TEN, 3)).stage == "prospect"


@in_any_order
def test_c5_c6_the_score_its_band_and_the_segments(told: Told) -> None:
    found = one(told, *orders("u1", TEN, 3, 1_500), *messages("u1", TEN, 2, 1))
    assert (found.score, found.band) == (373_333, "medium")
    new_year = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000)
    sent = [
        (payload, key, new_year + MINUTE_MS)
        for payload, key, _ in (
            *orders("u1", new_year - 11, 12, 9_000), *messages("u1", new_year, 9, 1)
        )
    ]  # fmt: skip
    [found] = customers(told(sent))
    assert (found.score, found.band, found.last_order_ms) == (980_000, "high", new_year)
    segments = ["active_customers", "big_spenders", "likely_buyers", "responsive"]
    assert list(found.segments) == segments
    [lapsed] = customers(told(sent), date(2026, 4, 2))
    assert list(lapsed.segments) == sorted([*segments, "lapsed"])
    [not_yet] = customers(told(sent), date(2026, 4, 1))
    assert list(not_yet.segments) == segments


@in_any_order
def test_c7_a_late_event_rewrites_the_history(told: Told) -> None:
    sent = [
        profile("u1", TEN - MINUTE_MS),
        order("u1", "o1", TEN, 3_000),
        message("u1", "m1", TEN + MINUTE_MS, "DELIVERED"),
        message("u1", "m2", TEN + 2 * MINUTE_MS, "FAILED"),
        order("u1", "o2", TEN + 3 * MINUTE_MS, 2_000.01),
    ]
    found = one(told, *sent)
    assert history(found) == [
        ("prospect", -MINUTE_MS, 0, 0),
        ("customer", 0, 0, 0),
        ("engaged", MINUTE_MS, 1, 1),
        ("customer", 2 * MINUTE_MS, 1, 2),
        ("high-value", 3 * MINUTE_MS, 1, 2),
    ]
    assert [entry.left_ms for entry in found.history] == [
        *(entry.entered_ms for entry in found.history[1:]), None,
    ]  # fmt: skip
    late = one(told, *sent, message("u1", "m3", TEN + MINUTE_MS // 2, "DELIVERED"))
    assert history(late) == [
        ("prospect", -MINUTE_MS, 0, 0),
        ("customer", 0, 0, 0),
        ("engaged", MINUTE_MS // 2, 1, 1),
        ("high-value", 3 * MINUTE_MS, 2, 3),
    ]
    assert (late.stage, late.previous_stage) == ("high-value", "engaged")


@in_any_order
def test_the_latest_profile_counts_whole_and_a_late_old_one_changes_nothing(told: Told) -> None:
    old = profile("u1", TEN, "p1", name="Ada", email="a@x.de", geo_country="DE")
    new = profile("u1", TEN + 1, "p2", name="Bea", email=..., geo_country=...)
    found = one(told, new, old)
    assert (found.name, found.email_sha256, found.geo_country) == ("Bea", None, None)
    assert found.created_ms == TEN
    same_time = profile("u1", TEN + 1, "p10", name="Cyd")
    assert one(told, new, old, same_time).name == "Bea", "of one moment the larger id"


@in_any_order
def test_events_of_one_moment_take_effect_together(told: Told) -> None:
    found = one(told, order("u1", "o1", TEN, 1), *messages("u1", TEN, 1))
    assert history(found) == [("engaged", 0, 1, 1)]


@in_any_order
def test_an_order_of_two_customers_is_that_of_the_smaller_content(told: Told) -> None:
    sent = [order("u1", "o1", TEN, 10), profile("u1", TEN), order("u2", "o1", TEN, 20)]
    found = {customer.user_id: customer for customer in customers(told(sent))}
    assert list(found) == ["u1"], "nothing counts for the other one"
    sent.append(order("u2", "o1", TEN - 1, 20))
    first, second = customers(told(sent))
    assert (first.standing, second.standing) == (Standing(), Standing(1, 20_000_000))


def test_a_message_id_of_two_customers_is_two_messages() -> None:
    found = customers([message("u1", "m", TEN), message("u2", "m", TEN + 1, "FAILED")])
    assert [customer.standing.activation_count for customer in found] == [1, 1]


def test_what_is_refused_or_about_nobody_counts_nowhere() -> None:
    assert customers([order("u1", "o1", TEN, -1), order("", "o2", TEN, 1)]) == []


@FEW
@given(st.integers(0, 10**6), st.integers(0, 80), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_change_a_row(seed: int, count: int, dice: random.Random) -> None:
    sent = random_story(seed, count)
    events, found = events_of(sent), customers(sent, date(2024, 6, 1))
    again = [*sent, *dice.choices(sent, k=len(sent))] if sent else []
    dice.shuffle(again)
    assert sorted(events_of(again), key=repr) == sorted(events, key=repr)
    assert customers(again, date(2024, 6, 1)) == found
    assert {one.user_id for one in events if one.is_counted} == {one.user_id for one in found}


@FEW
@given(st.integers(0, 10**6))
def test_a_history_has_no_gap_and_ends_in_the_present(seed: int) -> None:
    for customer in customers(random_story(seed, 60)):
        entries = customer.history
        assert [one.left_ms for one in entries] == [*(one.entered_ms for one in entries[1:]), None]
        stages = [one.stage for one in entries]
        assert all(before != after for before, after in pairwise(stages))
        moments = [one.entered_ms for one in entries]
        assert moments == sorted(set(moments))


def test_only_the_day_tells_customers_of_two_days_apart() -> None:
    sent = random_story(seed=3, count=60)
    early, late = (customers(sent, day) for day in (date(2024, 1, 1), date(2026, 1, 1)))
    assert {"lapsed"} == {
        segment
        for one, other in zip(early, late, strict=True)
        for segment in {*one.segments} ^ {*other.segments}
    }
    without = [replace(one, segments=(), as_of=None) for one in early]
    assert without == [replace(one, segments=(), as_of=None) for one in late]


@pytest.mark.parametrize("one", CustomerType)
def test_what_counts_once_is_what_the_contract_of_business_events_says(one: CustomerType) -> None:
    event_type = BusinessType(str(one))
    assert TYPES[event_type].key == "user_id"
    assert TYPES[event_type].once_per == (contract.COUNTED_BY[one],)
    assert CONTENT_FIELDS[event_type] == contract.CONTENT_FIELDS[one]


def test_contents_are_those_of_the_audit() -> None:
    """Else the audit would call a conflict what counts here."""
    said = set()
    for sent in random_story(seed=5, count=300):
        for event in events_of([sent]):
            payload, key, ingest_ms = sent
            event_ms, micros, text = content_of(admit(payload, key, ingest_ms).fields)
            assert event.rank == (event_ms, micros, text.decode())
            said.add(text)
    assert len(said) > 100


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (CUSTOMER_EVENTS, contract.EVENT_COLUMNS),
        (CUSTOMER_360, contract.CUSTOMER_COLUMNS),
    ],
)
def test_a_table_has_the_columns_of_the_contract(table: str, columns: tuple[str, ...]) -> None:
    text = (REPO_ROOT / "sql" / "ddl" / f"{table.replace('.', '/')}.sql").read_text()
    lines = [line for line in text.splitlines() if line.startswith("  ") and line[2] != "'"]
    assert tuple(line.split()[0] for line in lines) == columns
