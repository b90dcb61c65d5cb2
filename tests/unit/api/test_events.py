"""POST /events by the answers that its users are promised; the broker is a double."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from adlake.api.app import build_app
from adlake.api.bodies import MAX_BODY_BYTES
from adlake.api.parts import Budget, Parts
from adlake.contracts.errors import AdlakeError
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.io.kafka.collecting import BusyError, Written
from adlake.io.kafka.producer import Record

NOW_MS = 1_772_445_600_000
Done = Callable[[BaseException | None], None]


@dataclass
class BrokerDouble:
    """Says what it is told to say, from another thread as the real client does."""

    taken: list[tuple[str, Record]] = field(default_factory=list)
    answer: BaseException | None = None
    is_silent: bool = False
    is_busy: bool = False
    stamps_ms: int = 0
    """Time of a record at the broker; 0: none is told."""

    def publish(
        self, records: Sequence[tuple[str, Record]], done: Done, written: Written = lambda _: None
    ) -> None:
        if self.is_busy:
            raise BusyError("50,000 events wait for the broker already: send this again later")
        self.taken += records
        if self.stamps_ms:
            written(self.stamps_ms)
        if not self.is_silent:
            threading.Thread(target=done, args=(self.answer,)).start()


@pytest.fixture
def broker() -> BrokerDouble:
    return BrokerDouble()


@pytest.fixture
def parts(broker: BrokerDouble) -> Parts:
    return Parts(
        publisher=broker,
        topics={AD_TOPIC: "ads", BUSINESS_TOPIC: "business"},
        ask_kafka=lambda: None,
        ask_trino=lambda: 12.0,
        ask_metric=lambda name, given: [],
        knows_campaign=lambda name: True,
        now_ms=lambda: NOW_MS,
        ack_seconds=0.3,
    )


@pytest.fixture
def api(parts: Parts) -> TestClient:
    return TestClient(build_app(parts))


def impression(number: int = 1, **changes: object) -> dict[str, Any]:
    event = {
        "event_id": f"e{number}", "event_type": "IMPRESSION", "event_timestamp": NOW_MS,
        "impression_id": f"i{number}", "campaign_id": "c1", "bid_price": 0.25,
    }  # fmt: skip
    return {name: value for name, value in (event | changes).items() if value is not ...}


def test_all_accepted(api: TestClient, broker: BrokerDouble) -> None:
    answer = api.post("/events", json=impression())
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 1,
        "refused": 0,
        "items": [{"event_id": "e1", "accepted": True, "reason": None, "detail": None}],
    }
    value = json.dumps(impression(), separators=(",", ":")).encode()
    assert broker.taken == [("ads", (b"i1", value, NOW_MS))]


def test_p4_one_accepted_of_three(api: TestClient, broker: BrokerDouble) -> None:
    """The worked example of the contract, sent twice."""
    click = impression(2, event_type="CLICK", impression_id=" ")
    for _ in range(2):
        answer = api.post("/events", json=[impression(), click, impression(3, event_type="VIEW")])
        assert answer.status_code == 207
        items = answer.json()["items"]
        assert [one["reason"] for one in items] == [None, "MISSING_KEY", "UNKNOWN_EVENT_TYPE"]
        assert [one["event_id"] for one in items] == ["e1", "e2", "e3"]
    assert [topic for topic, _ in broker.taken] == ["ads", "ads"]
    told = api.get("/metrics").text
    assert 'adlake_api_accepted_events_total{event_type="IMPRESSION"} 2.0' in told
    assert 'adlake_api_refused_events_total{reason="MISSING_KEY"} 2.0' in told


def test_all_refused(api: TestClient, broker: BrokerDouble) -> None:
    answer = api.post("/events", json=impression(event_timestamp=..., ts="2026-03-02T10:00:00"))
    assert answer.status_code == 422
    assert answer.json()["items"][0]["reason"] == "BAD_TIMESTAMP"
    assert broker.taken == []


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[1,", b"\xff\xfe", b"[" * 100_000])
def test_a_body_without_events_is_refused_and_never_an_error(api: TestClient, body: bytes) -> None:
    answer = api.post("/events", content=body)
    assert answer.status_code == 422
    assert answer.json()["items"][0]["reason"] == "MALFORMED_JSON"


def test_too_many_events_or_bytes(api: TestClient, broker: BrokerDouble, parts: Parts) -> None:
    assert api.post("/events", json=[impression(n) for n in range(1_000)]).status_code == 202
    assert api.post("/events", json=[0] * 1_001).status_code == 413
    assert api.post("/events", content=b" " * (MAX_BODY_BYTES + 1)).status_code == 413
    assert len(broker.taken) == 1_000
    assert parts.budget.held == 0


def test_no_acknowledgement_in_time(api: TestClient, broker: BrokerDouble) -> None:
    broker.is_silent = True
    answer = api.post("/events", json=impression())
    assert answer.status_code == 503
    assert "send all of them again" in answer.json()["detail"]
    assert answer.headers["Retry-After"] == "1"


def test_what_the_broker_refused_or_has_no_room_for(api: TestClient, broker: BrokerDouble) -> None:
    broker.answer = AdlakeError("not enough replicas")
    answer = api.post("/events", json=impression())
    assert (answer.status_code, "not enough replicas" in answer.text) == (503, True)
    broker.is_busy = True
    answer = api.post("/events", json=impression())
    assert (answer.status_code, "50,000" in answer.text) == (503, True)


def test_a_burst_is_held_within_the_budget(api: TestClient, parts: Parts) -> None:
    parts.budget = Budget(limit=1_000, held=900)
    answer = api.post("/events", json=impression())
    assert answer.status_code == 503
    assert parts.budget.held == 900
    parts.budget = Budget(limit=1_000)
    assert api.post("/events", json=impression()).status_code == 202
    assert parts.budget.held == 0


def test_writers_need_the_key_where_one_is_set(api: TestClient, parts: Parts) -> None:
    parts.key = SecretStr("open sesame")
    for headers in ({}, {"X-Api-Key": "open"}, {"X-Api-Key": "Open Sesame"}):
        assert api.post("/events", json=impression(), headers=headers).status_code == 401
    answer = api.post("/events", json=impression(), headers={"X-Api-Key": "open sesame"})
    assert answer.status_code == 202
    assert api.get("/health").status_code == 200
    assert "sesame" not in repr(parts)


def test_a_topic_that_is_switched_off_takes_nothing(
    api: TestClient, parts: Parts, broker: BrokerDouble
) -> None:
    parts.topics = {AD_TOPIC: "ads"}
    order = impression(event_type="ORDER", user_id="u", order_id="o", amount=1)
    answer = api.post("/events", json=[order, impression()])
    assert answer.status_code == 207
    assert answer.json()["items"][0]["detail"] == "TOPIC_SWITCHED_OFF"
    assert len(broker.taken) == 1
