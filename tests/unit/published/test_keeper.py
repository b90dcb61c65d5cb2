"""When it looks: not for long, not twice at the same rows, not at the broker without need."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from adlake.contracts.tables import SERVING_FLIPS
from adlake.contracts.topics import CUSTOMER_TOPIC, SERVING_TOPIC
from adlake.io.kafka.topic import TopicError
from adlake.published import keeper
from adlake.published.contract import Publication
from adlake.published.keeper import Pace, PublishKeeper, _Seen

NOW_MS = 1_800_000_000_000


class Lake:
    """Tables that change when they are told to; what is sent is one number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        self.now_ms = NOW_MS
        self.changed: set[str] = set()
        self.read: list[str] = []
        self.asked = 0
        self.count = 0
        self.takes = 0.0
        self.next_due_ms: int | None = None
        self.trouble = ""
        monkeypatch.setattr(keeper.time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(keeper, "IcebergTable", self._table)
        monkeypatch.setattr(keeper, "_due_ms", lambda _: 0)
        monkeypatch.setattr(keeper, "_first_after", self._first)
        monkeypatch.setattr(PublishKeeper, "_send_slice", self._slice)
        self.keeper = PublishKeeper(
            {CUSTOMER_TOPIC: "people", SERVING_TOPIC: "serving"}, lambda *_: None, self._until,
            Pace(5.0, 10), now_ms=lambda: self.now_ms,
        )  # fmt: skip

    def _table(self, _session: object, name: str) -> SimpleNamespace:
        rows = SimpleNamespace(where=lambda _: 0)
        return SimpleNamespace(
            name=name, current_snapshot_id=lambda: 1, at=lambda _: rows,
            has_changed_since=lambda _: name in self.changed,
        )  # fmt: skip

    def _first(self, _table: object, publication: Publication, _until_ms: object) -> int | None:
        return self.next_due_ms if publication.due else None

    def _until(self, _session: object) -> int | None:
        self.asked += 1
        if self.trouble:
            raise TopicError(self.trouble)
        return self.now_ms

    def _slice(self, _session: object, publication: Publication, *_: object) -> int:
        self.read.append(publication.table)
        self.seconds += self.takes
        return self.count

    def look(self) -> list[str]:
        """Tables that were read."""
        self.read = []
        self.seconds += 1_000
        session: Any = None
        assert self.keeper.is_due()
        self.keeper.run(session, None)  # type: ignore[arg-type]
        return self.read


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    return Lake(monkeypatch)


def test_a_table_is_read_again_when_its_rows_changed(lake: Lake) -> None:
    assert len(lake.look()) == 2, "after a start both are compared"
    assert (lake.look(), lake.asked) == ([], 1), "and nothing is asked of the broker"
    lake.changed = {SERVING_FLIPS}
    assert lake.look() == [SERVING_FLIPS]


def test_a_full_slice_is_followed_by_the_next(lake: Lake) -> None:
    lake.count = 10
    assert len(lake.look()) == len(lake.look()) == 2
    lake.count = 9
    assert len(lake.look()) == 2
    assert lake.look() == []


def test_a_decision_that_waits_is_looked_at_when_its_time_has_come(lake: Lake) -> None:
    lake.next_due_ms = NOW_MS + 1
    lake.look()
    assert (lake.look(), lake.asked) == ([], 1)
    lake.now_ms += 1
    lake.next_due_ms = None
    assert lake.look() == [SERVING_FLIPS]
    assert lake.look() == []
    assert lake.keeper._seen[SERVING_TOPIC] == _Seen(1, None)


def test_it_takes_a_tenth_of_the_time_at_most(lake: Lake) -> None:
    lake.look()
    lake.seconds += 4.9
    assert not lake.keeper.is_due()
    lake.seconds += 0.2
    assert lake.keeper.is_due()
    lake.takes, lake.changed = 3.0, {SERVING_FLIPS}
    lake.look()
    lake.seconds += 26.9
    assert not lake.keeper.is_due()
    lake.seconds += 0.2
    assert lake.keeper.is_due()


def test_without_a_broker_decisions_wait_and_it_is_said_once(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.trouble = "no broker at 127.0.0.1:9"
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert SERVING_FLIPS not in lake.look()
    assert caplog.text.count("wait for the broker: no broker at") == 1
    lake.trouble = ""
    assert lake.look() == [SERVING_FLIPS]
