"""What the routes that add customers, orders and messages publish; the broker is a double."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from adlake.api.app import build_app
from adlake.api.parts import Parts
from adlake.api.routes import customer_events
from adlake.contracts.topics import BUSINESS_TOPIC
from tests.unit.api.parts import parts_with
from tests.unit.api.test_events import NOW_MS, BrokerDouble

ORDERS, ENGAGEMENTS = "/customers/u1/orders", "/customers/u1/engagements"


@pytest.fixture
def broker() -> BrokerDouble:
    return BrokerDouble()


@pytest.fixture
def parts(broker: BrokerDouble) -> Parts:
    return replace(parts_with(), publisher=broker, dice=random.Random(5), ack_seconds=0.3)


@pytest.fixture
def api(parts: Parts) -> TestClient:
    return TestClient(build_app(parts))


def sent(broker: BrokerDouble) -> list[tuple[bytes | None, dict[str, Any]]]:
    """Key and event of each record."""
    assert {topic for topic, _ in broker.taken} <= {"business"}
    return [(key, json.loads(value or b"")) for _, (key, value, _) in broker.taken]


def test_a_customer_is_a_profile(api: TestClient, broker: BrokerDouble) -> None:
    told = {"user_id": "u1", "name": "Ada", "email": "ada@x.de"}
    answer = api.post("/customers", json=told, headers={"Idempotency-Key": "e1"})
    assert answer.status_code == 202
    event = {"event_id": "e1", "event_type": "CUSTOMER_PROFILE", "event_timestamp": NOW_MS} | told
    assert answer.json() == {"event_id": "e1", "user_id": "u1", "event": event}
    assert sent(broker) == [(b"u1", event)]
    made = api.post("/customers", json={}).json()
    assert made["user_id"] == f"usr-{made['event_id']}"


def test_an_exact_order_and_an_exact_message(api: TestClient, broker: BrokerDouble) -> None:
    answer = api.post(ORDERS, json={"order_id": "o1", "amount": 5000.01}).json()
    assert answer["event"]["amount"] == "5000.01"
    api.post(ENGAGEMENTS, json={"channel": "sms", "status": "FAILED", "activation_id": "m1"})
    (key, order), (_, message) = sent(broker)
    assert (key, order["order_id"], order["amount"]) == (b"u1", "o1", 5000.01)
    assert (message["channel"], message["status"], message["activation_id"]) == (
        "sms", "FAILED", "m1",
    )  # fmt: skip


def test_what_is_drawn_is_named_by_its_event(api: TestClient, broker: BrokerDouble) -> None:
    """So that the same request again is the same order, and the same message."""
    for _ in range(2):
        api.post(ORDERS, headers={"Idempotency-Key": "k1"})
        api.post(ENGAGEMENTS, headers={"Idempotency-Key": "k2"})
    events = [event for _, event in sent(broker)]
    assert {event["order_id"] for event in events if "order_id" in event} == {"k1"}
    assert {event["activation_id"] for event in events if "activation_id" in event} == {"k2"}


def test_draws_are_seeded_and_of_the_promised_shares(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[dict[str, Any]] = []

    async def keep(
        _parts: Parts, _type: str, _name: str, fields: dict[str, Any], *, is_given: bool
    ) -> None:
        assert is_given
        drawn.append(fields)

    monkeypatch.setattr(customer_events, "_taken", keep)

    def draw(count: int) -> list[dict[str, Any]]:
        drawn.clear()
        for _ in range(count):
            for route in (customer_events.add_order, customer_events.engage):
                with pytest.raises(StopIteration):
                    route(parts, "u1", None, "e").send(None)
        return list(drawn)

    first = draw(10_000)
    parts.dice = random.Random(5)
    assert draw(100) == first[:200]
    amounts = [one["amount"] for one in first if "amount" in one]
    assert (min(amounts) < 12, max(amounts) > 498) == (True, True)
    assert all(10 <= one <= 500 and one.as_tuple().exponent == -2 for one in amounts)
    statuses = Counter(one["status"] for one in first if "status" in one)
    assert abs(statuses["DELIVERED"] / 10_000 - 0.75) < 0.015
    channels = Counter(one["channel"] for one in first if "channel" in one)
    assert all(abs(channels[name] / 10_000 - 0.25) < 0.02 for name in channels)
    assert set(channels) == {"email", "sms", "push", "in_app"}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (ORDERS, {"amount": -1}, "amount"),
        (ORDERS, {"amount": "much"}, "amount"),
        (ORDERS, {"amount": True}, "amount"),
        (ORDERS, {"amount": 10**12}, "amount"),
        (ENGAGEMENTS, {"channel": "fax"}, "channel"),
        (ENGAGEMENTS, {"status": "READ"}, "status"),
        ("/customers", {"age": 7}, "age"),
        ("/customers", {"user_id": "a\u0001"}, "BAD_ID"),
        ("/customers/%20/orders", {}, "MISSING_USER_ID"),
    ],
)
def test_what_is_refused_is_named_and_not_published(
    api: TestClient, broker: BrokerDouble, path: str, body: dict[str, Any], named: str
) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == 422
    assert named in json.dumps(answer.json()["detail"])
    assert broker.taken == []


def test_a_silent_broker_and_a_wrong_key(parts: Parts, broker: BrokerDouble) -> None:
    broker.is_silent = True
    assert TestClient(build_app(parts)).post(ORDERS).status_code == 503
    locked = TestClient(build_app(replace(parts, key=SecretStr("k"))))
    assert locked.post("/customers", json={}).status_code == 401


def test_a_topic_that_is_switched_off_takes_nothing(parts: Parts) -> None:
    topics = {name: told for name, told in parts.topics.items() if name != BUSINESS_TOPIC}
    answer = TestClient(build_app(replace(parts, topics=topics))).post(ORDERS)
    assert (answer.status_code, "SWITCHED_OFF" in answer.text) == (422, True)
