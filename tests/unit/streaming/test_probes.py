"""What a run asks of others: lag, disks, requests, leases; and what becomes of a silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from adlake.contracts import gauges
from adlake.contracts.gauges import Metric
from adlake.io.kafka.ends import TopicEnds
from adlake.io.postgres.control_state import ControlState, LeaseState, OpenRequests
from adlake.io.prometheus.meters import Meters, Sample
from adlake.streaming.probes import Control, Probes, TopicPlace, disks, lag
from tests.fixtures.patience import wait_until


class Ends:
    """A broker that has grown between the look at the tables and the look at it."""

    def __init__(self, found: dict[str, dict[int, int]]) -> None:
        self.found = found

    def now(self) -> dict[str, dict[int, int]]:
        return self.found


def by_partition(samples: Iterable[Sample], metric: Metric) -> dict[tuple[str, str], float]:
    return {
        (one.labels["pipeline"], one.labels["partition"]): one.value
        for one in samples
        if one.metric is metric
    }


def test_lag_is_what_the_topic_has_and_some_table_lacks() -> None:
    ends = cast("TopicEnds", Ends({"a": {0: 100, 1: 50, 2: 7}, "b": {0: 3}}))
    places = [TopicPlace("ads", "a", lambda: {0: 90, 1: 50}), TopicPlace("other", "b", dict)]
    samples = list(lag(ends, places))
    assert by_partition(samples, gauges.LAG) == {
        ("ads", "0"): 10, ("ads", "1"): 0, ("ads", "2"): 7, ("other", "0"): 3,
    }  # fmt: skip
    assert by_partition(samples, gauges.END_OFFSET)["ads", "0"] == 100
    assert by_partition(samples, gauges.CONTAINED_OFFSET)["ads", "0"] == 90


def test_before_the_stamps_were_read_nothing_is_called_missing() -> None:
    ends = cast("TopicEnds", Ends({"a": {0: 100}}))
    samples = list(lag(ends, [TopicPlace("p", "a", lambda: None)]))
    assert {one.metric for one in samples} == {gauges.END_OFFSET}


def test_an_aborted_tail_is_no_negative_lag() -> None:
    ends = cast("TopicEnds", Ends({"a": {0: 100}}))
    [told] = by_partition(lag(ends, [TopicPlace("p", "a", lambda: {0: 102})]), gauges.LAG).values()
    assert told == 0


def test_a_disk_is_asked_where_the_folder_will_be(tmp_path: Path) -> None:
    told = {one.metric: one for one in disks({"warehouse": tmp_path / "not" / "made"})}
    assert 0 < told[gauges.DISK_FREE].value <= told[gauges.DISK_SIZE].value
    assert told[gauges.DISK_FREE].labels == {"place": "warehouse"}


def test_requests_and_leases_are_told_and_a_holder_is_timed() -> None:
    now = [10.0]
    waiting = (OpenRequests("erase", 2, 700.0),)
    states = [
        ControlState(waiting, (LeaseState("replay", 4, is_held=True),)),
        ControlState((), (LeaseState("replay", 4, is_held=True),)),
        ControlState((), (LeaseState("replay", 5, is_held=True),)),
        ControlState((), (LeaseState("replay", 5, is_held=False),)),
    ]
    ask = Control(lambda: states.pop(0), lambda: now[0])
    told: list[dict[Metric, float]] = []
    for now[0] in (10.0, 70.0, 100.0, 130.0):
        told.append({one.metric: one.value for one in ask()})
    assert told[0] == {
        gauges.OPEN_OPERATIONS: 2, gauges.OPERATION_AGE: 700, gauges.LEASE_GENERATION: 4,
        gauges.LEASE_HELD: 0,
    }  # fmt: skip
    assert told[1] == {gauges.LEASE_GENERATION: 4, gauges.LEASE_HELD: 60}
    assert told[2][gauges.LEASE_HELD] == 0, "another holder begins anew"
    assert told[3] == {gauges.LEASE_GENERATION: 5}


def test_a_question_that_hangs_or_fails_keeps_no_other_from_its_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    meters, release, answers = Meters(), threading.Event(), threading.Semaphore(0)

    def hangs() -> list[Sample]:
        release.wait(30)
        return []

    def fails() -> list[Sample]:
        raise OSError("nobody there")

    def answered() -> list[Sample]:
        answers.release()
        return [Sample(gauges.GC_SECONDS, 1.0)]

    asked = {"broker": fails, "control": hangs, "jvm": answered}
    with caplog.at_level(logging.WARNING), Probes(meters, asked, every_seconds=0.02):
        for _ in range(3):
            assert answers.acquire(timeout=10)
        wait_until(lambda: meters.value(gauges.PROBE_UP, probe="broker") == 0, 10)
        assert meters.value(gauges.PROBE_UP, probe="jvm") == 1
        assert meters.value(gauges.PROBE_UP, probe="control") is None, "it never answered"
    release.set()
    assert [one for one in caplog.messages if "broker" in one] == [
        "no metrics of broker until it answers again: nobody there"
    ], "said once, not at every question"
