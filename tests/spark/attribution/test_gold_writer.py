"""The Gold writer on a real Iceberg table: batches, repeats, leftovers of a killed batch."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.spark.fold import batch_states
from adlake.attribution.spark.gold import gold_rows
from adlake.attribution.spark.slot import slots_sql
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.registry import ATTRIBUTION
from adlake.contracts.slot import slot_of
from adlake.contracts.tables import GOLD_STATE
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import STAGING_BRANCH, stamped
from adlake.maintenance import between_batches
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from tests.fixtures.engine import compact_gold
from tests.fixtures.law_sets import law_sets, shuffled, split
from tests.fixtures.lawful_rows import (
    admitted_deliveries,
    delivery_frame,
    differences,
    python_rows,
    spark_rows,
)

pytestmark = pytest.mark.spark


def stamp_of(batch: int) -> dict[str, str]:
    return {stamps.NEXT_OFFSETS: offsets_text({0: batch}), stamps.TOPIC_ID: "t"}


def write_some(writer: GoldWriter, session: SparkSession) -> None:
    """Three batches."""
    for number, one in enumerate(law_sets(seed=7, count=3), start=1):
        deliveries = admitted_deliveries(one.deliveries)
        writer.apply(delivery_frame(session, deliveries), stamp_of(number))


def test_batches_repeats_and_compaction_give_the_law(lake: SparkSession) -> None:
    writer = GoldWriter(lake)
    sets = law_sets(seed=5, count=300)
    deliveries = admitted_deliveries(itertools.chain(*(one.deliveries for one in sets)))
    rng = Random(11)
    batches = split(rng, shuffled(rng, deliveries))[:3]
    batches.append([d for d in deliveries if d not in set().union(*map(set, batches))])
    seen = []
    for number, batch in enumerate(batches, start=1):
        writer.apply(delivery_frame(lake, batch), stamp_of(number))
        seen += batch
        published = lake.table(writer.table.full_name)
        assert differences(python_rows(seen), spark_rows(published)) == []
        stamp = writer.table.newest_stamp()
        assert stamp is not None
        assert stamp.next_offsets == {0: number}

    again = writer.apply(delivery_frame(lake, batches[0]), stamp_of(len(batches)))
    assert again.changed_rows == 0
    compact_gold(lake)
    stamp = writer.table.newest_stamp()
    assert stamp is not None, "compaction must not hide the stamp"
    assert stamp.next_offsets == {0: len(batches)}
    published = lake.table(writer.table.full_name)
    assert differences(python_rows(seen), spark_rows(published)) == []
    deletes = lake.sql(f"SELECT * FROM {writer.table.full_name}.delete_files").collect()
    assert deletes == [], "a delete file whose data file is rewritten only costs planning time"


def test_a_killed_batch_is_invisible_and_forgotten(lake: SparkSession) -> None:
    writer = GoldWriter(lake)
    write_some(writer, lake)
    before = spark_rows(lake.table(writer.table.full_name))
    writer.table.reset_staging()
    orphan = delivery_frame(lake, admitted_deliveries(next(law_sets(99, 1)).deliveries))
    leftover = gold_rows(batch_states(orphan)).withColumn(
        "impression_id", F.lit("imp-20260302-0000000-stray")
    )
    with stamped(lake, stamp_of(1_000)):
        leftover.writeTo(writer.table.branch_name(STAGING_BRANCH)).append()
    stamp = writer.table.newest_stamp()
    assert stamp is not None
    assert stamp.next_offsets != {0: 1_000}, "main must not see what was only staged"
    assert spark_rows(lake.table(writer.table.full_name)) == before

    nothing = delivery_frame(lake, [])
    writer.apply(nothing, stamp_of(1_001))
    assert spark_rows(lake.table(writer.table.full_name)) == before


def test_f27_expiry_spares_rows_and_the_newest_stamp(lake: SparkSession) -> None:
    writer = GoldWriter(lake)
    write_some(writer, lake)
    name = writer.table.full_name
    before = spark_rows(lake.table(name))
    far_future_ms = 4_000_000_000_000
    # Unstamped commits on top, as compaction makes them: only the guard keeps the stamp now.
    for _ in range(2):
        writer.table.java_table().newAppend().commit()
    assert expire_snapshots(lake, GOLD_STATE, older_than_ms=0, keep=1) == 0
    pinned = [stamp.snapshot_id for stamp in writer.table.stamps()]
    expire_snapshots(lake, GOLD_STATE, older_than_ms=far_future_ms, keep=1_000)
    assert [stamp.snapshot_id for stamp in writer.table.stamps()] == pinned, "readers hold them"
    assert len(pinned) > 2
    assert expire_snapshots(lake, GOLD_STATE, older_than_ms=far_future_ms, keep=1) > 0
    assert writer.table.newest_stamp() is not None
    assert spark_rows(lake.table(name)) == before


def test_nothing_expires_while_a_replay_is_at_work(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(between_batches, "SNAPSHOTS_KEPT", 1)
    writer = GoldWriter(lake)
    for number in (2_000, 2_001):
        writer.apply(delivery_frame(lake, []), stamp_of(number))
    plan = MaintenancePlan(compact_every=0, expire_every=1, snapshot_minutes=0.0)
    before = [stamp.snapshot_id for stamp in writer.table.stamps()]
    Maintenance(plan, is_replaying=lambda: True).run_maintenance(lake, ATTRIBUTION, 1)
    assert [stamp.snapshot_id for stamp in writer.table.stamps()] == before
    Maintenance(plan).run_maintenance(lake, ATTRIBUTION, 1)
    assert len(list(writer.table.stamps())) < len(before)


def test_the_merge_sorts_nothing_of_the_table(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sort-merge join would sort every row of the scanned slots, in every batch."""
    plans = []
    run_sql = type(lake).sql

    def explaining_sql(session: SparkSession, text: str) -> DataFrame:
        if text.startswith("MERGE"):
            plans.append(run_sql(session, f"EXPLAIN {text}").collect()[0][0])
        return run_sql(session, text)

    monkeypatch.setattr(type(lake), "sql", explaining_sql)
    deliveries = admitted_deliveries(
        itertools.chain(*(one.deliveries for one in law_sets(seed=31, count=40)))
    )
    writer = GoldWriter(lake)
    writer.apply(delivery_frame(lake, deliveries[::2]), stamp_of(3_000))
    change = writer.apply(delivery_frame(lake, deliveries), stamp_of(3_001))
    assert change.changed_rows > 0
    assert plans
    assert all("BroadcastHashJoin" in plan and "SortMergeJoin" not in plan for plan in plans)


def test_a_look_up_skips_the_files_of_other_slots(lake: SparkSession) -> None:
    writer = GoldWriter(lake)
    days = {
        f"imp-2026030{day}-0000000-far{day}": admitted_deliveries(
            next(law_sets(day, 1)).deliveries
        )[:1]
        for day in (3, 4, 5)
    }
    for number, (impression_id, deliveries) in enumerate(days.items(), start=2_000):
        frame = delivery_frame(lake, deliveries)
        moved = frame.withColumn("impression_id", F.lit(impression_id))
        writer.apply(moved, stamp_of(number))
    slot = slot_of(next(iter(days)))
    table = lake.table(writer.table.full_name)
    pruned = table.where(slots_sql("slot", [slot])).select("impression_id")
    assert [row.impression_id for row in pruned.collect()] == [next(iter(days))]
    assert _files_read(pruned) < _files_read(table.select("impression_id"))


def _files_read(frame: DataFrame) -> int:
    execution: Any = frame._jdf.queryExecution()
    execution.toRdd().count()
    scan = execution.executedPlan().collectLeaves().head()
    return int(scan.metrics().apply("resultDataFiles").value())
