"""F43: kill -9 before records are sent, and after it before that is written down: all is sent at
least once, and what is sent again has the same bytes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from adlake.business.contract import BusinessType
from adlake.contracts.tables import SERVING_FLIPS
from adlake.io.kafka.producer import publish_all
from adlake.provision.outside import kafka_access
from adlake.published.contract import CUSTOMERS, FLIPS
from tests.fixtures.business.case import event
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.customers.story import order, profile
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    VICTIMS,
    client_of,
    drilled_lake,
    prove,
    run_into,
    wait_for_free_port,
)
from tests.fixtures.drill.published import is_told, logged, rows_of, taken
from tests.fixtures.lake import Lake
from tests.fixtures.patience import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

USERS = tuple(f"u{number}" for number in range(12))
SOON_SECONDS = 400.0
"""Looks of a slow machine are far apart: they take a tenth of its time."""
SLICE = 7
"""So that the customers are two."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("published") / "home"
    with drilled_lake(
        home, PUBLISH_EVERY_SECONDS="1", PUBLISH_MOST_RECORDS=str(SLICE), BUDGETS="true"
    ) as one:
        send(one, [profile(user, now_ms(), f"p-{user}", now_ms()) for user in USERS])
        yield one


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def send(lake: Lake, deliveries: Sequence[Delivery]) -> None:
    settings = lake.settings()
    records = [(key, payload, stamp_ms) for payload, key, stamp_ms in deliveries]
    publish_all(kafka_access(settings), settings.kafka.business_topic, records)


def news(lake: Lake, name: str) -> None:
    """Each customer orders, so that each row is another one."""
    at_ms = now_ms()
    send(lake, [order(u, f"{name}-{u}", at_ms, 5, ingest_ms=at_ms) for u in USERS])


@pytest.mark.parametrize("action", VICTIMS)
@pytest.mark.parametrize("place", ["published.before_send", "published.after_send"])
def test_f43_a_driver_killed_around_a_send_leaves_nothing_out(
    lake: Lake, chronicle: Chronicle, place: str, action: str
) -> None:
    news(lake, f"{place}-{action}")
    before = taken(lake, CUSTOMERS)
    run_into(lake, f"{place}={action}")
    # A slice was sent and is in no log, or it was not sent.
    sent = Counter(taken(lake, CUSTOMERS)) - Counter(before)
    assert bool(sent) == (place == "published.after_send")
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    wait_until(
        lambda: is_told(lake, CUSTOMERS), SOON_SECONDS, every=2.0,
        otherwise="topic, log and table stayed apart",
    )  # fmt: skip
    counts = Counter(taken(lake, CUSTOMERS))
    again = sum(count - 1 for count in counts.values())
    lake.stack().down(only=["stream"])
    assert all(counts[one] == 2 for one in sent), "again, with the same bytes"
    chronicle.add(
        "F43", f"kill -9 {VICTIMS[action]} at {place}", fired=True,
        outcome=f"every row is its newest record; {again} records of {sum(counts.values())} came "
        "twice, with the same bytes",
    )  # fmt: skip


def test_f43_what_was_repeated_has_the_same_bytes(lake: Lake) -> None:
    """A kill after a send repeats that slice, and nothing else is ever repeated."""
    counts = Counter(taken(lake, CUSTOMERS))
    repeated = sum(count > 1 for count in counts.values())
    assert 0 < repeated <= SLICE * len(VICTIMS), "a slice for each kill after a send"
    assert max(counts.values()) == 2
    assert {key for key, _ in counts} == {user.encode() for user in USERS}


def test_f43_serving_decisions_are_told_once_they_have_come(
    lake: Lake, chronicle: Chronicle
) -> None:
    # A proof begins with Gold.
    lake.adlake("generate", "--events", "20", "--unpaced", "--seed", "7")
    at_ms = now_ms()
    first: dict[str, Any] = {"advertiser_id": "a1", "advertiser": "Shoes", "event_timestamp": at_ms}
    send(lake, [
        (event(BusinessType.AD_CLICK, **first, event_id=f"c{n}", click_id=f"c{n}", amount=6,
               budget_value=10), b"a1", at_ms + n)
        for n in range(2)
    ])  # fmt: skip
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    lake.adlake("budgets", "build")
    wait_until(
        lambda: rows_of(lake, FLIPS).keys() == logged(lake, FLIPS).keys() != set(), SOON_SECONDS,
        every=2.0, otherwise="decisions were not told",
    )  # fmt: skip
    values = [value or b"" for _, value in taken(lake, FLIPS)]
    assert sorted(values) == sorted(rows_of(lake, FLIPS).values()), "each once, as the row is"
    assert [b'"can_serve":true' in one for one in values] == [True, False], "in their order"
    with client_of(lake) as trino:
        [[ahead]] = trino.rows(f"SELECT count(*) FROM {SERVING_FLIPS} WHERE effective_at > now()")
    assert prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F43", "two decisions on a budget", fired=True,
        outcome=f"told in their order; {ahead} that lie ahead are not",
    )  # fmt: skip
