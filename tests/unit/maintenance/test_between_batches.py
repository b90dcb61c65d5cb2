"""When maintenance merges which table, and where a drill can kill it."""

from __future__ import annotations

from typing import Any

import pytest

from adlake.contracts.registry import ATTRIBUTION, BUSINESS, Filling, TableSpec, names_of
from adlake.contracts.tables import (
    BATCH_COUNTS,
    BRONZE_EVENTS,
    BUSINESS_EVENTS,
    FUNNEL_EVENTS,
    GOLD_CONVERSIONS,
    GOLD_HOURS,
    GOLD_STATE,
    GOLD_WINDOWS,
    PUBLISHED_RECORDS,
    SPEND_LEDGER,
)
from adlake.maintenance import between_batches
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan

EVERYTHING = MaintenancePlan(compact_every=3, expire_every=3, snapshot_minutes=30.0, record_every=3)


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order; nothing touches a table."""
    done: list[str] = []

    def compact(_session: object, spec: TableSpec, **how: bool) -> None:
        done.append(f"{spec.name}, behind" if how.get("is_behind") else spec.name)

    monkeypatch.setattr(between_batches, "compact", compact)
    monkeypatch.setattr(between_batches, "fold", compact)
    monkeypatch.setattr(between_batches, "merge_slice", compact)
    monkeypatch.setattr(between_batches, "expire_snapshots", lambda *_: 0)
    monkeypatch.setattr(between_batches, "record_batches", lambda *_: 0)
    monkeypatch.setattr(between_batches, "IcebergTable", lambda *_: None)
    monkeypatch.setattr(between_batches, "tell_sizes", lambda *_: None)
    monkeypatch.setattr(between_batches.failpoints, "reach", done.append)
    return done


def after(plan: MaintenancePlan, pipeline: str, batches: int) -> None:
    nothing: Any = None
    Maintenance(plan).run_maintenance(nothing, pipeline, batches)


def test_the_places_of_compaction_stand_around_the_hot_rows_alone(did: list[str]) -> None:
    after(EVERYTHING, ATTRIBUTION, 1)
    assert did == ["maintenance.before_expiry", "maintenance.after_expiry", BATCH_COUNTS]
    did.clear()
    after(EVERYTHING, ATTRIBUTION, 3)
    around = ("maintenance.before_compaction", "maintenance.after_compaction")
    tables = (GOLD_STATE, GOLD_HOURS, GOLD_CONVERSIONS, GOLD_WINDOWS)
    hot = [step for table in tables for step in (around[0], table, around[1])]
    assert did == [*hot, *slice_of(BRONZE_EVENTS)], "records last: nothing waits for them"


def slice_of(table: str) -> list[str]:
    return ["maintenance.before_slice", table, "maintenance.after_slice"]


def test_batch_counts_are_merged_also_where_hot_rows_never_are(did: list[str]) -> None:
    after(MaintenancePlan(0, 3, 30.0, record_every=3), ATTRIBUTION, 1)
    assert BATCH_COUNTS in did
    did.clear()
    after(MaintenancePlan(3, 3, 30.0, record_every=0), ATTRIBUTION, 1)
    assert BATCH_COUNTS not in did


def test_another_pipeline_merges_its_own_tables_and_the_files_of_its_records(
    did: list[str],
) -> None:
    after(EVERYTHING, BUSINESS, 3)
    around = ("maintenance.before_compaction", "maintenance.after_compaction")
    fillings = (Filling.MERGE, Filling.FOLLOW, Filling.LOG)
    tables = [name for one in fillings for name in names_of(pipeline=BUSINESS, filling=one)]
    own = [step for table in tables for step in (around[0], table, around[1])]
    assert {FUNNEL_EVENTS, SPEND_LEDGER, PUBLISHED_RECORDS} < set(own)
    assert did == [*own, *slice_of(BUSINESS_EVENTS)]
    did.clear()
    after(MaintenancePlan(0, 3, 30.0), BUSINESS, 3)
    assert did == []


def test_slices_are_told_that_the_stream_is_behind(did: list[str]) -> None:
    nothing: Any = None
    Maintenance(EVERYTHING).run_maintenance(nothing, ATTRIBUTION, 3, is_behind=True)
    assert f"{BRONZE_EVENTS}, behind" in did
    assert GOLD_STATE in did
