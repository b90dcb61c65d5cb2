"""What a batch says of itself: every number worked by hand."""

from __future__ import annotations

import time

import pytest

from adlake.attribution.crowds import Crowd
from adlake.attribution.pipeline import counted_in
from adlake.attribution.writer import GoldChange
from adlake.contracts import gauges
from adlake.io.postgres.table_heads import TableHead
from adlake.io.prometheus.meters import Meters
from adlake.streaming.batch_facts import BatchFacts
from adlake.streaming.metering import BatchMeters
from adlake.streaming.pipeline import Written

HEAD = TableHead("u", 1, 1, 0)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def facts(
    rows: int = 10, ages_seconds: tuple[int, int, int] = (30, 20, 5), **reasons: int
) -> BatchFacts:
    now_ms = int(time.time() * 1_000)
    p01, p05, p50 = (now_ms - age * 1_000 for age in ages_seconds)
    return BatchFacts(rows, sum(reasons.values()), {}, {}, (p01, p05, p50), p01, 1, reasons)


def test_a_batch_is_counted_once_it_is_done() -> None:
    meters = Meters()
    one = BatchMeters(meters, "p")
    assert meters.value(gauges.BATCHES, pipeline="p") == 0, "there before the first batch"
    with one.batch():
        one.batch_done(facts(10, BAD_ID=2, BAD_TIME=1), {"admit": 1.0, "derived": 3.0}, {})
        one.batch_done(facts(5, BAD_ID=1), {"admit": 0.5}, {})
    assert meters.value(gauges.BATCHES, pipeline="p") == 2
    assert meters.value(gauges.RECORDS, pipeline="p") == 15
    assert meters.value(gauges.ADMITTED, pipeline="p") == 11
    assert meters.value(gauges.REJECTED, pipeline="p", reason="BAD_ID") == 3
    assert meters.value(gauges.REJECTED, pipeline="p", reason="BAD_TIME") == 1
    assert meters.value(gauges.PHASE_SECONDS, pipeline="p", phase="admit") == 1.5
    assert meters.value(gauges.PHASE_SECONDS, pipeline="p", phase="derived") == 3.0


def test_latency_is_that_of_the_oldest_events_of_the_newest_batch() -> None:
    meters = Meters()
    one = BatchMeters(meters, "p")
    one.batch_done(facts(ages_seconds=(300, 200, 50)), {}, {})
    one.batch_done(facts(ages_seconds=(30, 20, 5)), {}, {})
    for quantile, age in (("0.99", 30), ("0.95", 20), ("0.5", 5)):
        told = meters.value(gauges.EVENT_LATENCY, pipeline="p", quantile=quantile)
        assert told == pytest.approx(age, abs=2)


def test_an_event_stamped_in_the_future_is_not_younger_than_now() -> None:
    meters = Meters()
    BatchMeters(meters, "p").batch_done(facts(ages_seconds=(-90, -90, -90)), {}, {})
    assert meters.value(gauges.EVENT_LATENCY, pipeline="p", quantile="0.5") == 0


def test_a_batch_at_work_has_an_age_and_none_has_none() -> None:
    meters, clock = Meters(), Clock()
    one = BatchMeters(meters, "p", clock)
    with one.batch():
        clock.now += 42
        assert meters.value(gauges.BATCH_RUNNING, pipeline="p") == 42
        one.batch_done(facts(), {}, {})
    assert meters.value(gauges.BATCH_RUNNING, pipeline="p") == 0
    assert meters.registry.get_sample_value("adlake_batch_seconds_sum", {"pipeline": "p"}) == 42
    with pytest.raises(OSError, match="gone"), one.batch():
        raise OSError("gone")
    assert meters.value(gauges.BATCH_RUNNING, pipeline="p") == 0, "a batch that failed is over"


def test_a_writer_tells_its_own_numbers_and_phases() -> None:
    meters = Meters()
    one = BatchMeters(meters, "p")
    told = {gauges.IMPRESSIONS: 8, gauges.CROWDED_EVENTS: 300}
    written = {"gold.t": Written(HEAD, "", told, {"fold": 1.0, "merge": 2.0})}
    one.batch_done(facts(), {"admit": 0.5, "derived": 3.0}, written)
    one.batch_done(facts(), {}, {"gold.t": Written(HEAD, "", {gauges.CROWDED_EVENTS: 0})})
    assert meters.value(gauges.IMPRESSIONS, pipeline="p", table="gold.t") == 8
    assert meters.value(gauges.CROWDED_EVENTS, pipeline="p", table="gold.t") == 0
    assert meters.value(gauges.PHASE_SECONDS, pipeline="p", phase="merge") == 2
    assert meters.value(gauges.PHASE_SECONDS, pipeline="p", phase="derived") is None


def test_gold_tells_what_it_counts_anyway() -> None:
    crowds = (Crowd(400, "undefined"), Crowd(300, "null"))
    change = GoldChange(1, 9, 4, 2, {"fold": 1.0}, HEAD, crowds)
    assert counted_in(change) == {
        gauges.IMPRESSIONS: 9, gauges.UNTIMED_IMPRESSIONS: 4, gauges.CHANGED_ROWS: 2,
        gauges.CROWDED_EVENTS: 400,
    }  # fmt: skip


def test_commits_failures_and_maintenance() -> None:
    meters, clock = Meters(), Clock()
    one = BatchMeters(meters, "p", clock)
    one.committed("t", 1_700_000_000_500)
    one.committed("never", None)
    one.attempt_failed()
    with one.maintenance():
        clock.now += 3
    assert meters.value(gauges.LAST_COMMIT, pipeline="p", table="t") == 1_700_000_000.5
    assert meters.value(gauges.LAST_COMMIT, pipeline="p", table="never") is None
    assert meters.value(gauges.BATCH_FAILURES, pipeline="p") == 1
    assert meters.value(gauges.MAINTENANCE_SECONDS, pipeline="p") == 3
