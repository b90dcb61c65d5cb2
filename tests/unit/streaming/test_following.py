"""Following the stream of another driver: who, since when, and each batch once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from adlake.contracts import stamps
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.lease import Holder
from adlake.streaming import following
from adlake.streaming.following import Followed, follow, sentence

SINCE = datetime(2026, 11, 27, 5, 29, 51, tzinfo=UTC)
FIRST = Holder("host/pid 6/started 1", 1, SINCE)
SECOND = Holder("host/pid 9/started 2", 2, SINCE)


def stamp(batch: int, rows: int = 0, generation: int = 1) -> Stamp:
    said = {
        stamps.BATCH_ID: str(batch),
        stamps.BATCH_ROWS: str(rows),
        stamps.BATCH_REJECTED: "2",
        stamps.LEASE_GENERATION: str(generation),
    }
    return Stamp(batch, said)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.0)


def followed(holders: list[Holder | None], newest: list[Stamp | None]) -> Followed:
    """One more look for each entry; the last one stays."""

    def each(values: list) -> Iterator:  # type: ignore[type-arg]
        yield from values
        while True:
            yield values[-1]

    who, what = each(holders), each(newest)

    def look() -> Mapping[str, Stamp | None]:
        return {"ad_events": next(what)}

    return Followed(look=lambda: next(who), newest=look)


def after(times: int) -> Iterator[bool]:
    yield from [False] * times
    while True:
        yield True


def test_it_says_who_and_since_when_in_one_sentence() -> None:
    assert sentence(FIRST) == (
        "the stream runs already: host/pid 6/started 1 holds its lease since "
        "2026-11-27 05:29:51 UTC (generation 1)"
    )
    assert "since" not in sentence(Holder("one of an old version", 3, None))


def test_each_batch_is_told_once_and_those_before_not_at_all() -> None:
    said: list[str] = []
    seen = followed([FIRST], [stamp(1), stamp(1), stamp(2, 1_500), stamp(2, 1_500), stamp(3, 10)])
    over = after(5)
    assert follow(seen, lambda: next(over), said.append) is True
    assert said[1:] == [
        "ad_events batch 2: 1,500 records, 2 rejected",
        "ad_events batch 3: 10 records, 2 rejected",
    ]


def test_a_batch_of_the_same_number_under_another_driver_is_another_one() -> None:
    said: list[str] = []
    seen = followed([FIRST, FIRST, SECOND], [stamp(1), stamp(1), stamp(1, 7, generation=2)])
    over = after(3)
    assert follow(seen, lambda: next(over), said.append) is True
    assert said[1:] == [sentence(SECOND), "ad_events batch 1: 7 records, 2 rejected"]


def test_it_ends_when_nobody_holds_the_lease_any_more() -> None:
    said: list[str] = []
    assert follow(followed([FIRST, None], [None]), lambda: False, said.append) is False
    assert said[-1].endswith("nobody runs the stream")
    assert follow(followed([None], [None]), lambda: False, said.append) is False
