"""The sender to the API against a real HTTP server: batches, answers, and one that is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from adlake.contracts.address import LOOPBACK, Address
from adlake.devstack.services.ports import free_ports
from adlake.io.events_api import client as client_module
from adlake.io.events_api import publisher as publisher_module
from adlake.io.events_api.client import EventsApi, EventsApiError
from adlake.io.events_api.publisher import ApiPublisher, Record
from adlake.io.kafka.acks import UNPLACED, PartitionAcks
from tests.fixtures.servers.events_api import DIE, LOSE, Event, FakeApi, fake_api


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(publisher_module, "MOST_WAIT_SECONDS", 0.02)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api(FakeApi()) as api:
        yield api


def records(*numbers: int) -> list[Record]:
    return [(b"k", b'{"event_id": "e%d",  "n": 1.50}' % number, 7) for number in numbers]


def ids(events: list[Event]) -> list[str]:
    return [str(event["event_id"]) for event in events]


def goes_on() -> bool:
    return False


class Sender:
    """A publisher of ten at a time, and what it said about sending again."""

    def __init__(self, api: FakeApi, patience_seconds: float = 10.0, key: str = "") -> None:
        self.client = EventsApi(api.address, SecretStr(key) if key else None, timeout_seconds=5)
        self.publisher = ApiPublisher(self.client, 10, patience_seconds)
        self.resent: list[int] = []
        self.publisher.on_resend = self.resent.append

    def send(self, count: int) -> None:
        try:
            self.publisher.publish(records(*range(count)), goes_on)
            assert self.publisher.flush(10.0, goes_on)
        finally:
            self.client.close()


def test_events_travel_in_batches_to_the_byte_with_the_key(api: FakeApi) -> None:
    sender = Sender(api, key="open-sesame")
    sender.send(23)
    assert [len(post) for post in api.posts] == [10, 10, 3]
    assert ids(api.taken) == [f"e{number}" for number in range(23)]
    assert api.bodies[2] == b"[" + b",".join(v or b"" for _, v, _ in records(20, 21, 22)) + b"]"
    assert api.keys == ["open-sesame"] * 3
    assert sender.publisher.acked == 23
    assert sender.publisher.acks == {UNPLACED: PartitionAcks(23)}


def test_a_batch_waits_for_others_but_not_for_long(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(api)
    sender.publisher.publish(records(1), goes_on)
    sender.publisher.publish(records(2), goes_on)
    assert api.posts == []
    monkeypatch.setattr(publisher_module, "LINGER_SECONDS", 0.0)
    sender.publisher.publish([], goes_on)
    assert [ids(post) for post in api.posts] == [["e1", "e2"]]
    sender.publisher.publish([], goes_on)
    assert len(api.posts) == 1
    sender.client.close()


def test_503_is_sent_again_under_the_same_ids_and_told(
    api: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.plan = [503, 500]
    sender = Sender(api)
    with caplog.at_level(logging.WARNING):
        sender.send(5)
    assert [ids(post) for post in api.posts] == [[f"e{number}" for number in range(5)]] * 3
    assert sender.publisher.acks == {UNPLACED: PartitionAcks(5)}
    assert sender.resent == [5, 5]
    first, second = caplog.messages
    assert "503: the broker did not acknowledge in 5 s" in first
    assert "the same 5 events again" in first
    assert "500" in second


@pytest.mark.parametrize(("ending", "copies"), [(DIE, 2), (LOSE, 1)])
def test_one_that_dies_before_it_answers_is_asked_again(
    api: FakeApi, ending: int, copies: int
) -> None:
    api.plan = [202, ending]
    sender = Sender(api)
    sender.send(15)
    assert sorted(ids(api.taken)) == sorted(
        [f"e{n}" for n in range(10)] + [f"e{n}" for n in range(10, 15)] * copies
    )
    assert sender.publisher.acked == 15
    # It cannot know whether they had arrived.
    assert sender.resent == [5]


def test_what_was_refused_ends_the_run_and_is_named(api: FakeApi) -> None:
    api.refuse = lambda event: "FUTURE_TIMESTAMP" if event["event_id"] in ("e3", "e4") else ""
    sender = Sender(api)
    with pytest.raises(EventsApiError, match=r"refuses 2 of 10 events, the first e3: FUTURE_TIME"):
        sender.send(10)
    assert sender.publisher.acked == 0
    api.refuse = lambda event: "BAD_ID"
    with pytest.raises(EventsApiError, match="refuses 10 of 10 events, the first e0: BAD_ID"):
        Sender(api).send(10)
    assert len(api.posts) == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [(401, "ADLAKE_API_KEY"), (413, "fewer events at a time"), (404, "as no API of events does")],
)
def test_other_answers_are_not_sent_again(api: FakeApi, code: int, said: str) -> None:
    api.plan = [code]
    with pytest.raises(EventsApiError, match=said):
        Sender(api).send(3)
    assert len(api.posts) == 1


def test_a_server_that_takes_fewer_than_it_was_given_is_not_believed(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = FakeApi.answer
    monkeypatch.setattr(
        FakeApi, "answer", lambda self, body: (202, honest(self, body)[1] | {"accepted": 2})
    )
    with pytest.raises(EventsApiError, match="as no API of events does"):
        Sender(api).send(3)


def test_an_api_that_stays_away_ends_it_after_a_while() -> None:
    (port,) = free_ports(1)
    nobody = FakeApi(address=Address(LOOPBACK, port))
    sender = Sender(nobody, patience_seconds=0.3)
    began = time.monotonic()
    with pytest.raises(EventsApiError) as failure:
        sender.send(12)
    assert 0.3 <= time.monotonic() - began < 3
    assert f"127.0.0.1:{port} does not answer" in str(failure.value)
    assert "12 events are not taken" in str(failure.value)
    assert "under the same ids" in str(failure.value)
    # Nothing was sent, so nothing can be there twice.
    assert sender.resent == []


def test_it_goes_on_when_the_api_comes_back() -> None:
    (port,) = free_ports(1)
    api = FakeApi(address=Address(LOOPBACK, port))
    sender = Sender(api)
    asked = iter(range(1_000))
    with fake_api(api, port):
        sender.publisher.publish(records(*range(10)), goes_on)
    sender.publisher.publish(records(*range(10, 20)), lambda: next(asked) > 3)
    assert sender.publisher.acked == 10
    with fake_api(api, port):
        assert sender.publisher.flush(5.0, goes_on)
    sender.client.close()
    assert set(ids(api.taken)) == {f"e{number}" for number in range(20)}
    assert sender.publisher.acks == {UNPLACED: PartitionAcks(20)}


def test_who_is_told_to_stop_waits_no_longer() -> None:
    (port,) = free_ports(1)
    sender = Sender(FakeApi(address=Address(LOOPBACK, port)), patience_seconds=60.0)
    asked = iter(range(1_000))
    sender.publisher.publish(records(*range(10)), lambda: next(asked) > 5)
    assert not sender.publisher.flush(60.0, lambda: True)
    with pytest.raises(EventsApiError, match="10 events are not taken"):
        sender.publisher.flush(0.05, goes_on)


def test_an_idle_connection_is_not_trusted(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender(api)
    sender.publisher.publish(records(*range(10)), goes_on)
    first = sender.client._connection.sock
    sender.publisher.publish(records(*range(10)), goes_on)
    assert sender.client._connection.sock is first
    monkeypatch.setattr(client_module, "MOST_IDLE_SECONDS", -1.0)
    sender.publisher.publish(records(*range(10)), goes_on)
    assert sender.client._connection.sock is not first
    assert sender.publisher.acked == 30
    sender.client.close()


def test_the_key_is_in_no_message(api: FakeApi, caplog: pytest.LogCaptureFixture) -> None:
    api.plan = [503, 401]
    sender = Sender(api, key="open-sesame")
    with caplog.at_level(logging.DEBUG), pytest.raises(EventsApiError) as failure:
        sender.send(1)
    assert "open-sesame" not in caplog.text + str(failure.value)
