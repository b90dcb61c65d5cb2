"""Customers at hand and what was posted since: told once, from whichever source, bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from adlake.api.customer_cache import PERSON_SECONDS, CustomerCache
from adlake.api.customer_feed import CustomerFeed, milliseconds
from adlake.api.parts import Parts
from adlake.api.pending import MOST_MS, Pending, PostedEvent
from adlake.api.routes import customer_events
from adlake.contracts.errors import AdlakeError
from adlake.contracts.gauges import API_OVERDUE
from adlake.io.kafka.followed import Message, Poll
from adlake.io.kafka.topic import TopicError
from adlake.published.contract import CUSTOMERS
from adlake.published.plain import payload_of
from tests.unit.api.parts import LakeDouble, parts_with
from tests.unit.api.test_customers import ROW
from tests.unit.api.test_events import NOW_MS, BrokerDouble

NOW = datetime.fromtimestamp(NOW_MS / 1_000, UTC)
OLD = {**ROW, "last_updated_ts": NOW - timedelta(hours=1), "name": "Ada", "email_sha256": "f0"}


def row(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - of any column
    return OLD | changed


def told(**changed: Any) -> bytes:  # noqa: ANN401 - likewise
    """The record of the topic."""
    return payload_of(CUSTOMERS, row(**changed))


@dataclass
class Here:
    """An API, its lake, its broker and its clocks."""

    lake: LakeDouble = field(default_factory=lambda: LakeDouble({"customers": [row()]}))
    broker: BrokerDouble = field(default_factory=lambda: BrokerDouble(stamps_ms=NOW_MS + 7))
    cache: CustomerCache = field(default_factory=lambda: CustomerCache(2))
    known: set[str] = field(default_factory=set)
    is_away: bool = False
    now_ms: int = NOW_MS
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache.clock = lambda: self.seconds
        self.parts: Parts = replace(
            parts_with(self.lake), publisher=self.broker, cache=self.cache,
            knows_event=self._knows, now_ms=lambda: self.now_ms,
        )  # fmt: skip
        self.parts.pending.on_overdue = lambda: self.parts.meters.add(API_OVERDUE)
        self.api = TestClient(build_app(self.parts))

    def _knows(self, event_id: str) -> bool:
        self.asked.append(event_id)
        if self.is_away:
            raise AdlakeError("no Trino answers")
        return event_id in self.known

    def order(self, key: str = "", user: str = "u1") -> None:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.api.post(f"/customers/{user}/orders", json={"amount": 9.5}, headers=headers)
        assert answer.status_code == 202

    def customer(self, user: str = "u1") -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/customers/{user}").json()
        return found

    def pending(self, user: str = "u1") -> list[str]:
        return [one["event_id"] for one in self.customer(user)["pending"]]


@pytest.fixture
def here() -> Here:
    return Here()


def test_what_was_posted_is_told_until_the_row_is_as_new(here: Here) -> None:
    assert here.pending() == []
    here.order("k1")
    [one] = here.customer()["pending"]
    assert one["acknowledged_at"] == "2026-03-02T10:00:00.007000Z", "the broker's time, not ours"
    assert (one["event_id"], one["event_type"], one["event"]["amount"]) == ("k1", "ORDER", "9.5")
    here.lake.rows["customers"] = [row(last_updated_ts=NOW + timedelta(milliseconds=6))]
    assert here.pending() == ["k1"], "another event made it newer"
    here.lake.rows["customers"] = [row(last_updated_ts=NOW + timedelta(milliseconds=7))]
    assert here.pending() == []
    here.order()
    assert here.asked == ["k1"], "an id that is made here is new"
    assert here.pending("u2") == [], "another customer's"


def test_a_retry_counts_once_wherever_the_first_one_went(here: Here) -> None:
    """Through this process or another, into the lake or not yet."""
    here.order("k1")
    here.order("k1")
    assert here.pending() == ["k1"]
    here.known = {"k2"}
    here.order("k2")
    assert here.pending() == ["k1"], "Bronze has it"
    here.is_away = True
    here.order("k3")
    assert here.pending() == ["k1"], "nobody knows: later is better than twice"


def test_a_lake_that_is_slow_to_say_delays_no_post(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_events, "KNOWN_SECONDS", 0.02)

    go_on = threading.Event()

    def slowly(_event_id: str) -> bool:
        assert go_on.wait(10)
        return False

    here.parts.knows_event = slowly
    with here.api:  # else each request would wait for its threads at its end
        here.order("k1")
        go_on.set()
        assert here.pending() == []


def test_what_the_broker_did_not_take_is_not_told(here: Here) -> None:
    here.broker.answer = RuntimeError("no")
    assert here.api.post("/customers/u1/orders").status_code == 503
    assert here.pending() == []


def test_a_new_customer_is_a_prospect_until_the_lake_has_the_row(here: Here) -> None:
    here.lake.rows["customers"] = []
    assert here.api.get("/customers/new").status_code == 404
    here.api.post("/customers", json={"user_id": "new", "name": "Eve"})
    answer = here.customer("new")
    assert (answer["is_in_lake"], answer["lifecycle_stage"], answer["order_count"]) == (
        False, "prospect", 0,
    )  # fmt: skip
    assert (answer["last_updated_ts"], answer["segments"]) == (None, ["prospects"])
    assert answer["pending"][0]["event"]["name"] == "Eve"


def test_after_ten_minutes_it_leaves_and_is_counted(here: Here) -> None:
    here.order("k1")
    here.now_ms += MOST_MS + 6
    assert here.pending() == ["k1"]
    here.now_ms += 1
    assert here.pending() == []
    told_of = here.api.get("/metrics").text
    assert "adlake_api_overdue_events_total 1.0" in told_of
    waits = here.api.get("/health").json()
    assert (waits["pending_events"], waits["overdue_events"]) == (0, 1)
    # What was seen in the lake is not overdue.
    here.broker.stamps_ms = here.now_ms
    here.order("k2")
    here.lake.rows["customers"] = [row(last_updated_ts=NOW + timedelta(hours=1))]
    assert here.pending() == []
    here.now_ms += 2 * MOST_MS
    assert here.pending() == []
    assert "adlake_api_overdue_events_total 1.0" in here.api.get("/metrics").text


def test_what_waits_is_bounded() -> None:
    pending = Pending(most_events=2, most_bytes=10)
    for name, size in (("a", 1), ("b", 1), ("c", 1)):
        pending.add(PostedEvent(name, "ORDER", "u", 5, {}, size))
    assert [one.event_id for one in pending.of("u", None, 5)] == ["b", "c"]
    pending.add(PostedEvent("d", "ORDER", "u", 5, {}, 10))
    assert [one.event_id for one in pending.of("u", None, 5)] == ["d"]
    pending.seen("u", 4)
    assert len(pending) == 1
    pending.seen("u", 5)
    assert len(pending) == 0


# ---- customers at hand ----


@dataclass
class Topic:
    """Gives what it has, then ends the feed."""

    batches: list[list[Message] | Exception] = field(default_factory=list)
    began: list[dict[int, int]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @contextmanager
    def follow(self, positions: dict[int, int]) -> Iterator[Poll]:
        self.began.append(dict(positions))
        positions.setdefault(0, 7)
        self.order.append("follow")
        yield self._poll

    def _poll(self, _seconds: float) -> list[Message]:
        if not self.batches:
            self.feed._stopping.set()
            return []
        found = self.batches.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    feed: CustomerFeed = field(init=False)


def fed(here: Here, *batches: list[Message] | Exception, begins_empty: bool = False) -> Topic:
    """A topic and its feed, read to the end."""
    topic = Topic(list(batches))

    def rows() -> list[dict[str, Any]]:
        topic.order.append("lake")
        return here.lake.metric("customers", {})

    topic.feed = CustomerFeed(
        here.cache, here.parts.pending, topic.follow, rows, lambda: here.now_ms,
        begins_empty=begins_empty,
    )  # fmt: skip
    topic.feed.feed()
    here.lake.asked.clear()
    return topic


def test_it_is_filled_from_the_lake_and_fed_by_the_topic(here: Here) -> None:
    topic = fed(here, [(b"u1", told(order_count=3, delivered_count=2, activation_count=3))])
    assert topic.order == ["follow", "lake"], "nothing falls between the two"
    answer = here.customer()
    assert (answer["source"], answer["order_count"], answer["name"]) == ("cache", 3, "Ada")
    assert answer["engagement_rate"] == 2 / 3, "as exactly as the lake tells it"
    assert here.lake.asked == [], "nobody was asked"
    from_lake = Here().customer()
    same = Here()
    fed(same)
    assert same.customer() | {"source": "lake"} == from_lake


def test_it_begins_empty_where_that_is_wanted(here: Here) -> None:
    topic = fed(here, begins_empty=True)
    assert (topic.order, len(here.cache)) == (["follow"], 0)
    assert here.customer()["source"] == "lake"
    assert len(here.cache) == 0, "answers of the lake do not fill it"
    fed(here, [(b"u1", told(order_count=3))], begins_empty=True)
    # The topic names no person: the lake says once who it is.
    assert [here.customer()[part] for part in ("source", "name")] == ["lake", "Ada"]
    answer = here.customer()
    assert [answer[part] for part in ("source", "name", "order_count")] == ["cache", "Ada", 3]


def test_before_it_is_filled_the_lake_answers(here: Here) -> None:
    here.lake.is_away = True
    with pytest.raises(AdlakeError):
        fed(here, [(b"u1", told())])
    here.lake.is_away = False
    assert here.customer()["source"] == "lake"


def test_a_name_is_asked_for_again_a_minute_after_the_topic_told_something(here: Here) -> None:
    fed(here)
    here.seconds += 2 * PERSON_SECONDS
    assert here.customer()["source"] == "cache", "nothing was told since"
    here.lake.rows["customers"] = [row(name="Eve")]
    fed(here, [(b"u1", told())])
    assert [here.customer()[part] for part in ("source", "name")] == ["lake", "Eve"]
    fed(here, [(b"u1", told(order_count=4))])
    answer = here.customer()
    assert [answer[part] for part in ("source", "order_count")] == ["cache", 4]


def test_who_was_posted_a_moment_ago_is_told_without_the_lake_where_all_others_are_known(
    here: Here,
) -> None:
    fed(here)
    here.lake.is_away = True
    assert here.api.get("/customers/new").status_code == 503
    here.order(user="new")
    answer = here.customer("new")
    assert [answer[part] for part in ("source", "is_in_lake")] == ["cache", False]
    assert len(answer["pending"]) == 1
    fed(here, [(b"u2", told(user_id="u2")), (b"u3", told(user_id="u3"))])
    assert here.api.get("/customers/new").status_code == 503, "some had to make room"
    other = Here(cache=CustomerCache(1))
    fed(other)
    assert not other.cache.is_whole, "there may be more of them"


def test_without_the_lake_a_customer_at_hand_is_told(here: Here) -> None:
    fed(here, [(b"u1", told(order_count=3))], begins_empty=True)
    here.lake.is_away = True
    answer = here.customer()
    assert [answer[part] for part in ("source", "name", "order_count")] == ["cache", None, 3]
    assert here.api.get("/customers/u2").status_code == 503


def test_who_is_gone_is_asked_for(here: Here) -> None:
    fed(here, [(b"u1", None)])
    here.lake.rows["customers"] = []
    assert here.api.get("/customers/u1").status_code == 404


def test_the_rows_at_hand_are_bounded_and_the_last_ones(here: Here) -> None:
    fed(here, [(b"u2", told(user_id="u2"))], [(b"u3", told(user_id="u3"))])
    assert len(here.cache) == 2
    assert here.cache.get("u1") == (None, False)
    here.cache.get("u2")
    fed(here, [(b"u4", told(user_id="u4"))])
    assert here.cache.get("u3")[0] is None, "asked for longer ago"
    assert here.cache.get("u2")[0] is not None
    here.lake.rows["customers"] = [row(user_id=f"u{n}") for n in range(5)]
    small = CustomerCache(2)
    other = Here(lake=here.lake, cache=small)
    fed(other)
    assert [small.get(f"u{n}")[0] is not None for n in range(5)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_record_settles_what_was_posted(here: Here) -> None:
    """Also where nobody asks for the customer."""
    fed(here)
    here.order("k1")
    assert here.pending() == ["k1"]
    fed(here, [(b"u1", told(last_updated_ts=NOW + timedelta(milliseconds=7)))])
    assert len(here.parts.pending) == 0
    here.now_ms += MOST_MS
    assert here.pending() == []
    assert not here.parts.meters.value(API_OVERDUE)


def test_what_tells_no_customer_is_left_out_and_an_outage_loses_nothing(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    bad: list[Message] = [(b"\xff", told()), (b"u1", b"{}"), (b"u1", b"no"), (None, None)]
    fed(here, bad, [(b"u1", told(order_count=5))])
    assert here.customer()["order_count"] == 5
    assert caplog.text.count("tells none") == 1
    topic = fed(here)
    topic.batches, topic.feed._stopping = [TopicError("gone")], type(topic.feed._stopping)()
    with pytest.raises(TopicError):
        topic.feed.feed()
    topic.batches = [[(b"u1", told(order_count=6))]]
    topic.feed.feed()
    assert topic.began[-1] == {0: 7}, "where it was"
    assert here.customer()["order_count"] == 6


def test_times_are_exact_to_the_millisecond() -> None:
    moment = datetime(2026, 3, 2, 10, 0, 0, 999_000, tzinfo=UTC)
    assert milliseconds(moment) == 1_772_445_600_999
    assert Decimal(row()["lifetime_value"]) == Decimal("5000.010000")
