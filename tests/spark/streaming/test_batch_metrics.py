"""What real batches and real maintenance say of themselves, against rows worked by hand."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pyspark.sql import SparkSession

from adlake.attribution.pipeline import AttributionPipeline
from adlake.contracts import gauges
from adlake.contracts.registry import ATTRIBUTION, spec_of
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.prometheus.meters import Meters
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from adlake.maintenance.event_ids import IdCounts, compared
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.metering import BatchMeters
from adlake.streaming.probes import memory
from tests.fixtures.corpus.case import event
from tests.golden import DeliveryFixture
from tests.spark.streaming.test_batch import records

pytestmark = pytest.mark.spark

EVERY_BATCH = MaintenancePlan(
    compact_every=1, expire_every=0, snapshot_minutes=30.0, record_every=1
)
TIMED = "imp-20260101-0000001"


def deliveries(first: int, *payloads: bytes) -> list[DeliveryFixture]:
    """In one partition; each record is as old as its event."""
    now_ms = int(time.time() * 1_000)
    return [DeliveryFixture(one, now_ms - 9_000, 0, first + n) for n, one in enumerate(payloads)]


def sent(event_id: str, impression_id: str) -> bytes:
    now_ms = int(time.time() * 1_000) - 10_000
    return event(event_id=event_id, impression_id=impression_id, event_timestamp=now_ms)


def test_batches_and_maintenance_tell_what_they_did(lake: SparkSession) -> None:
    meters = Meters()
    identity = WriterIdentity(SourceIncarnation("ad_events"), "t", generation=1, query_id="q")
    pipeline = AttributionPipeline()
    maintenance = Maintenance(EVERY_BATCH, meters=meters)
    maintenance.begin(lake, [pipeline])
    batches = BatchMeters(meters, ATTRIBUTION)
    one = BatchProcessor(lake, pipeline, identity, lambda: None, batches)
    nobody: Any = None

    first = deliveries(
        0, sent("a", TIMED), sent("b", "x-1"), sent("c", "x-2"), b"{", b"{", event(event_id=...)
    )
    with batches.batch():
        one.process(records(lake, first), 0)
    maintenance.run_maintenance(lake, ATTRIBUTION, 1, nobody)
    # Twice the first event again, and its id under another impression.
    second = deliveries(6, sent("a", TIMED), sent("a", TIMED), sent("c", "x-3"), sent("c", "x-4"))
    one.process(records(lake, second), 1)
    maintenance.run_maintenance(lake, ATTRIBUTION, 2, nobody)

    def of_pipeline(metric: gauges.Metric, **labels: str) -> float | None:
        return meters.value(metric, pipeline=ATTRIBUTION, **labels)

    assert of_pipeline(gauges.BATCHES) == 2
    assert (of_pipeline(gauges.RECORDS), of_pipeline(gauges.ADMITTED)) == (10, 7)
    assert of_pipeline(gauges.REJECTED, reason="MALFORMED_JSON") == 2
    assert of_pipeline(gauges.REJECTED, reason="MISSING_KEY") == 1
    assert of_pipeline(gauges.IMPRESSIONS, table=GOLD_STATE) == 3 + 3
    assert of_pipeline(gauges.UNTIMED_IMPRESSIONS, table=GOLD_STATE) == 2 + 2
    age = of_pipeline(gauges.EVENT_LATENCY, quantile="0.5")
    assert age is not None
    assert 9 <= age < 300
    for table in (BRONZE_EVENTS, GOLD_STATE):
        committed = of_pipeline(gauges.LAST_COMMIT, table=table)
        assert committed is not None
        assert time.time() - committed < 300
    for phase in ("admit", "records", "fold", "look-up", "publish"):
        assert of_pipeline(gauges.PHASE_SECONDS, phase=phase), phase
    assert of_pipeline(gauges.BATCH_SECONDS) == 1, "the second one was not timed by its caller"

    assert meters.value(gauges.COUNTED_BATCHES, table=BRONZE_EVENTS) == 2
    assert meters.value(gauges.COMPLETENESS_GAPS, table=BRONZE_EVENTS) == 0
    assert meters.value(gauges.CHECKED_DELIVERIES, table=BRONZE_EVENTS) == 3 + 4
    assert meters.value(gauges.DUPLICATES, table=BRONZE_EVENTS) == 1, "an older repeat is not seen"
    assert meters.value(gauges.REUSED_IDS, table=BRONZE_EVENTS) == 1
    assert meters.value(gauges.TABLE_ROWS, table=BRONZE_EVENTS) == 10
    files = meters.value(gauges.DATA_FILES, table=GOLD_STATE)
    assert files is not None
    assert files >= 1
    assert meters.value(gauges.DELETE_FILES, table=GOLD_STATE) is not None

    told = {sample.metric: sample.value for sample in memory(lake)}
    assert told[gauges.HEAP_USED] > 0
    assert told[gauges.GC_SECONDS] >= 0


def test_a_sample_by_id_has_all_deliveries_of_an_id_or_none(lake: SparkSession) -> None:
    rows = [(None, f"e{n // 3}", f"i{n % 2}") for n in range(3_000)]
    frame = lake.createDataFrame(
        rows, "reject_reason string, event_id string, impression_id string"
    )
    spec = spec_of(BRONZE_EVENTS)
    whole = compared(frame, spec)
    # Of the three deliveries of an id two are of one impression, one is of the other.
    assert whole == IdCounts(3_000, 1_000, 1_000)
    parts = [compared(frame.where(f"pmod(xxhash64(event_id), 4) = {n}"), spec) for n in range(4)]
    assert compared(frame, spec, step=4) == parts[0]
    assert sum(one.reused for one in parts) == 1_000
    assert {one.deliveries % 3 for one in parts} == {0}
    assert compared(frame.limit(0), spec) == IdCounts(0, 0, 0)
