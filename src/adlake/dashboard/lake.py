"""What the pages read: the metric files on Trino and the offsets of Kafka, kept for a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import streamlit as st

from adlake.contracts.address import LOOPBACK
from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.topic import (
    COMMAND_BOOTSTRAP_SECONDS,
    TopicError,
    TopicFacts,
    refuse_dead_broker,
    topic_facts,
)
from adlake.io.trino.client import TableMissingError, TrinoClient, TrinoQueryError, connect
from adlake.metrics.query import run_metric
from adlake.proof.records_sql import completeness_sql

Record = dict[str, Any]
Parameters = Mapping[str, str]

KEPT_SECONDS: Final = 4.0
KEPT_PER_SECOND_OF_WORK: Final = 5.0
"""A slow answer is kept longer, so that pages use at most a fifth of the servers' time."""
MOST_KEPT: Final = 100
REUSE_KEPT_SECONDS: Final = 60.0
INCIDENTS_KEPT_SECONDS: Final = 20.0
"""Rules judge a window once in five minutes: all open pages share one question in this time."""
_PARALLEL_QUERIES: Final = 3
MOST_AT_ONCE: Final = 4
"""Questions that Trino is asked at a time, by all open pages together."""
_GAPS_SHOWN: Final = 10


@dataclass
class _Kept:
    """One question: who asks holds the lock; the answer is good until `until` (clock)."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    answer: Any = None


@dataclass
class AnswerCache:
    """Answers shared by all open pages; one page asks, the others wait for its answer.

    At most `MOST_KEPT` of them, the longest good: questions that name a minute never end.
    """

    clock: Callable[[], float] = time.monotonic
    _kept: dict[object, _Kept] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def get(
        self, key: object, ask: Callable[[], Any], at_least_seconds: float = KEPT_SECONDS
    ) -> Any:  # noqa: ANN401
        """The kept answer, or a new one, kept for `at_least_seconds`; errors are not kept."""
        with self._guard:
            self._make_room()
            kept = self._kept.setdefault(key, _Kept())
        with kept.lock:
            began = self.clock()
            if began < kept.until:
                return kept.answer
            answer = ask()
            ended = self.clock()
            kept_for = max(at_least_seconds, KEPT_PER_SECOND_OF_WORK * (ended - began))
            kept.answer, kept.until = answer, ended + kept_for
            return answer

    def __len__(self) -> int:
        """How many questions are remembered, answered or not."""
        return len(self._kept)

    def _make_room(self) -> None:
        """Forget what is old, and what ends first when there is too much; never what is asked."""
        now = self.clock()
        idle = sorted(
            (kept.until, number, key)
            for number, (key, kept) in enumerate(self._kept.items())
            if not kept.lock.locked()
        )
        surplus = len(self._kept) + 1 - MOST_KEPT
        for place, (until, _, key) in enumerate(idle):
            if until <= now or place < surplus:
                del self._kept[key]


@dataclass
class _Asked:
    """A question that was asked behind the page, and its newest answer so far."""

    future: Future[list[Record]]
    asked_at: float
    answer: list[Record] | None = None


@dataclass
class Later:
    """Answers that nobody waits for long: asked behind the page, kept for a while.

    An old answer is told until there is a newer one: a page that came just then would wait, and
    draw itself again a moment later.
    """

    clock: Callable[[], float] = time.monotonic
    _asked: dict[object, _Asked] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def get(
        self, key: object, ask: Callable[[], list[Record]], kept_seconds: float, patience: float
    ) -> list[Record] | None:
        """The newest answer, or the first if it comes within `patience` seconds; None: not yet."""
        with self._guard:
            asked = self._asked.get(key)
            if asked is None or self._is_over(asked, kept_seconds):
                answer = None if asked is None else asked.answer
                asked = _Asked(self._pool.submit(ask), self.clock(), answer)
                self._asked[key] = asked
        if asked.answer is not None and not asked.future.done():
            return asked.answer
        with suppress(TimeoutError, AdlakeError):
            asked.answer = asked.future.result(patience)
        return asked.answer

    def _is_over(self, asked: _Asked, kept_seconds: float) -> bool:
        """Whether to ask again: the answer is old, or there is none."""
        if not asked.future.done():
            return False
        return asked.future.exception() is not None or (
            self.clock() - asked.asked_at > kept_seconds
        )


@dataclass(frozen=True)
class Sources:
    """Addresses of what the dashboard reads."""

    trino_port: int
    kafka_bootstrap: Brokers
    topics: Mapping[str, str]
    """Topic -> the last table that its records reach, in the order of the map."""
    trino_host: str = LOOPBACK

    def answers(self, requests: Mapping[str, Parameters]) -> dict[str, list[Record]]:
        """Rows of several metrics, asked side by side.

        Raises:
            AdlakeError: Trino is away, a table is missing or a query failed.
        """
        client = _client(self.trino_port, self.trino_host)
        cache = _cache()

        def answer(name: str) -> list[Record]:
            given = dict(requests[name])
            key = (self.trino_port, name, tuple(sorted(given.items())))
            found: list[Record] = cache.get(key, lambda: _rows_of(client, name, given))
            return found

        if len(requests) == 1:
            return {name: answer(name) for name in requests}
        with ThreadPoolExecutor(max_workers=_PARALLEL_QUERIES) as pool:
            return dict(zip(requests, pool.map(answer, requests), strict=True))

    def kept_values(self, most: int, kept_seconds: float, patience: float) -> list[Record] | None:
        """Metric `filter_values`, kept for minutes: it reads all rows, and little changes.

        None: there is no answer yet; the page goes on without it.
        """
        given = {"most": str(most)}
        client = _client(self.trino_port, self.trino_host)
        return _later().get(
            (self.trino_port, most), lambda: _rows_of(client, "filter_values", given),
            kept_seconds, patience,
        )  # fmt: skip

    def count_mismatches(self) -> list[Record] | None:
        """Places where the batch counts do not agree; None while their table is not made."""
        sql = completeness_sql(_GAPS_SHOWN)
        found: list[Record] | None = self._kept(
            "checks/completeness", lambda client: client.records(sql), unless=TableMissingError
        )
        return found

    def recent_reuse(self) -> Record | None:
        """Counts of metric `recent_event_id_reuse`, once a minute; None when Trino cannot say.

        It groups all deliveries of some minutes, which may be more than Trino's memory takes.
        """
        found: list[Record] | None = self._kept(
            "recent_event_id_reuse",
            lambda client: _rows_of(client, "recent_event_id_reuse", {}),
            unless=TrinoQueryError,
            at_least_seconds=REUSE_KEPT_SECONDS,
        )
        return None if found is None else found[0]

    def open_incidents(self, most: int) -> list[Record]:
        """The newest open incidents; empty also when nobody can say, other parts tell of that."""
        found: list[Record] | None = self._kept(
            f"alerts_active {most}",
            lambda client: _rows_of(client, "alerts_active", {"most": str(most)}),
            unless=AdlakeError,
            at_least_seconds=INCIDENTS_KEPT_SECONDS,
        )
        return found or []

    def read_so_far(self) -> list[Record]:
        """Metric `pipelines`: counts by topic; empty while there are no batch counts."""
        found: list[Record] | None = self._kept(
            "pipelines",
            lambda client: _rows_of(client, "pipelines", {}),
            unless=TableMissingError,
        )
        return found or []

    def _kept(
        self,
        question: str,
        ask: Callable[[TrinoClient], list[Record]],
        unless: type[Exception],
        at_least_seconds: float = KEPT_SECONDS,
    ) -> Any:  # noqa: ANN401
        """The answer of Trino, kept like the others; None where it ends in the error `unless`."""

        def answer() -> list[Record] | None:
            try:
                return ask(_client(self.trino_port, self.trino_host))
            except unless:
                return None

        return _cache().get((self.trino_port, question), answer, at_least_seconds)

    def topics_now(self) -> dict[str, TopicFacts | None]:
        """Each topic's id and offsets; None when Kafka does not answer."""
        return {
            topic: _cache().get((self.kafka_bootstrap, topic), partial(self._ask_topic, topic))
            for topic in self.topics
        }

    def _ask_topic(self, topic: str) -> TopicFacts | None:
        try:
            refuse_dead_broker(self.kafka_bootstrap, COMMAND_BOOTSTRAP_SECONDS)
            return topic_facts(self.kafka_bootstrap, topic, COMMAND_BOOTSTRAP_SECONDS)
        except TopicError:
            return None


def _rows_of(client: TrinoClient, name: str, given: Parameters) -> list[Record]:
    with _turns:
        return list(run_metric(client, name, given).records())


_turns: Final = threading.BoundedSemaphore(MOST_AT_ONCE)


@st.cache_resource
def _client(trino_port: int, trino_host: str) -> TrinoClient:
    return connect(trino_port, trino_host)


@st.cache_resource
def _cache() -> AnswerCache:
    return AnswerCache()


@st.cache_resource
def _later() -> Later:
    return Later()
