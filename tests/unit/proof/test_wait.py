"""What `adlake wait` takes for missing, and that holes without records do not keep it waiting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import cast

import pytest

from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io.deadline import Deadline
from adlake.io.iceberg.reader import LakeReader
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.kafka.holes import OffsetRange
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.proof import wait
from adlake.proof.wait import NotCaughtUpError, wait_for_tables

TOPIC = TopicFacts("ads", "id-1", begin_offsets={0: 0, 1: 4}, end_offsets={0: 10, 1: 4})
FIRST = SourceIncarnation("ads")
Target = partial(wait.Target, tables=(BRONZE_EVENTS, GOLD_STATE))


class FakeLake:
    """Answers with one stamp after the other, the last one for ever."""

    def __init__(self, *found: Stamp | None) -> None:
        self._found = list(found)

    def newest_stamp(self, _name: str) -> Stamp | None:
        return self._found.pop(0) if len(self._found) > 1 else self._found[0]

    def has_snapshot(self, _name: str, _snapshot_id: int) -> bool:
        return True


class RefilledLake:
    """Gold outlived its Bronze, which holds one record more at each look; then Gold is renewed."""

    def __init__(self) -> None:
        self.bronze, self.is_renewed = 7, False

    def newest_stamp(self, name: str) -> Stamp | None:
        if name == GOLD_STATE:
            return stamp(10)
        self.bronze += 1
        return stamp(self.bronze)

    def has_snapshot(self, _name: str, _snapshot_id: int) -> bool:
        was_renewed, self.is_renewed = self.is_renewed, True
        return was_renewed


def stamp(next_offset: int, label: str = "ads", topic_id: str = "id-1") -> Stamp:
    return Stamp(
        7,
        {
            stamps.NEXT_OFFSETS: offsets_text({0: next_offset}),
            stamps.TOPIC: label,
            stamps.TOPIC_ID: topic_id,
            stamps.BRONZE_SNAPSHOT: "6",
        },
    )


def waited(lake: FakeLake, target: Target, timeout: float = 5.0) -> int:
    return wait_for_tables(cast("LakeReader", lake), target, Deadline(timeout)).snapshot


def test_it_ends_when_every_offset_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "POLL_SECONDS", 0.0)
    assert waited(FakeLake(None, stamp(9), stamp(10)), Target(TOPIC, FIRST)) == 7


def test_a_bronze_that_is_filled_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "POLL_SECONDS", 0.0)
    lake = RefilledLake()
    wait_for_tables(cast("LakeReader", lake), Target(TOPIC, FIRST), Deadline(5.0))
    assert lake.bronze >= 10
    assert lake.is_renewed


def test_a_named_snapshot_that_never_comes_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wait, "PAIR_SECONDS", 0.0)
    lake = FakeLake(stamp(10))
    monkeypatch.setattr(lake, "has_snapshot", lambda _name, _snapshot_id: False)
    assert waited(lake, Target(TOPIC, FIRST)) == 7


def test_without_a_timeout_it_ends_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while batches come, however long that takes."""
    seconds = [0.0]
    monkeypatch.setattr("adlake.proof.wait.time.monotonic", lambda: seconds[0])
    monkeypatch.setattr(
        "adlake.proof.wait.time.sleep", lambda _seconds: seconds.__setitem__(0, seconds[0] + 100)
    )
    told: list[int] = []
    lake = FakeLake(*[stamp(one) for one in range(1, 10) for _table in (1, 2)])
    with pytest.raises(NotCaughtUpError, match=r"after 1000 s, 120 of them without news, .* 1 rec"):
        wait_for_tables(
            cast("LakeReader", lake), Target(TOPIC, FIRST), Deadline(math.inf, 0.0), told.append
        )
    assert told == [9, 8, 7, 6, 5, 4, 3, 2, 1, 1]


@pytest.mark.parametrize("found", [None, stamp(9), stamp(10, topic_id="id-0")])
def test_it_names_what_is_missing(found: Stamp | None) -> None:
    with pytest.raises(NotCaughtUpError, match="misses"):
        waited(FakeLake(found), Target(TOPIC, FIRST), timeout=0.0)


def test_offsets_of_an_older_incarnation_say_nothing() -> None:
    second = SourceIncarnation("ads", 2, "id-1", start_offsets={0: 3, 1: 4})
    assert Target(TOPIC, second).missing(stamp(10)) == [OffsetRange(0, 3, 10)]
    assert Target(TOPIC, second).missing(stamp(10, label="ads@2")) == []


def test_a_tail_without_records_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(wait, "STILL_SECONDS", 0.0)
    asked: list[Sequence[OffsetRange]] = []

    def marks_only(ranges: Sequence[OffsetRange]) -> Sequence[OffsetRange]:
        asked.append(ranges)
        return ranges

    assert waited(FakeLake(stamp(9)), Target(TOPIC, FIRST, marks_only)) == 7
    assert asked == [[OffsetRange(0, 9, 10)]]


HELD = TopicFacts("ads", "id-1", {0: 0, 1: 4}, {0: 9, 1: 4}, log_end_offsets={0: 10, 1: 4})
"""One record behind an open transaction."""


def test_what_an_open_transaction_holds_back_is_waited_for_and_named() -> None:
    target = Target(HELD, FIRST, look=lambda: HELD)
    assert target.missing(stamp(9)) == [OffsetRange(0, 9, 10)]
    with pytest.raises(NotCaughtUpError, match="1 records are pending behind an open") as found:
        waited(FakeLake(stamp(9)), target, timeout=0.0)
    assert "in partitions 0:" in str(found.value)
    assert "transaction.timeout.ms" in str(found.value)
    assert "is the stream running" not in str(found.value)
    marks = Target(HELD, FIRST, lambda ranges: ranges, lambda: HELD)
    with pytest.raises(NotCaughtUpError, match=r"timeout.ms$"):
        waited(FakeLake(stamp(7)), marks, timeout=0.0)
    with pytest.raises(NotCaughtUpError, match=r"pending behind an open.*is the stream running"):
        waited(FakeLake(stamp(7)), target, timeout=0.0)


def test_a_transaction_that_ended_since_is_not_blamed() -> None:
    target = Target(HELD, FIRST, look=lambda: TOPIC)
    with pytest.raises(NotCaughtUpError, match="is the stream running") as found:
        waited(FakeLake(stamp(9)), target, timeout=0.0)
    assert "transaction" not in str(found.value)


def test_a_topic_without_transactions_has_nothing_pending() -> None:
    assert TOPIC.pending_in_words == ""
    assert TOPIC.written == TOPIC.end_offsets
    moved_on = TopicFacts("ads", "id-1", {0: 0}, {0: 10}, log_end_offsets={0: 8})
    assert (moved_on.pending, moved_on.written) == ({}, {0: 10})


def test_it_says_that_no_stream_runs_when_that_is_known() -> None:
    target = Target(TOPIC, FIRST, streams=lambda: False)
    with pytest.raises(NotCaughtUpError, match="the stream is not running: `make up` starts it"):
        waited(FakeLake(None), target, timeout=0.0)
