"""When upkeep merges which table, and where a drill can kill it."""

from __future__ import annotations

from typing import Any

import pytest

from adlake.contracts.registry import ATTRIBUTION, BUSINESS, TableSpec
from adlake.contracts.tables import COMPLETENESS_LEDGER, GOLD_STATE
from adlake.maintenance import upkeep
from adlake.maintenance.upkeep import Upkeep, UpkeepPlan

EVERYTHING = UpkeepPlan(compact_every=3, expire_every=3, snapshot_minutes=30.0, record_every=3)


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order; nothing touches a table."""
    done: list[str] = []

    def compact(_session: object, spec: TableSpec) -> None:
        done.append(spec.name)

    monkeypatch.setattr(upkeep, "compact", compact)
    monkeypatch.setattr(upkeep, "expire_snapshots", lambda *_: 0)
    monkeypatch.setattr(upkeep, "record_batches", lambda *_: 0)
    monkeypatch.setattr(upkeep, "IcebergTable", lambda *_: None)
    monkeypatch.setattr(upkeep.failpoints, "reach", done.append)
    return done


def after(plan: UpkeepPlan, pipeline: str, batches: int) -> None:
    nothing: Any = None
    Upkeep(plan).after_batch(nothing, pipeline, batches)


def test_the_places_of_compaction_stand_around_the_hot_rows_alone(did: list[str]) -> None:
    after(EVERYTHING, ATTRIBUTION, 1)
    assert did == ["house.before_expiry", "house.after_expiry", COMPLETENESS_LEDGER]
    did.clear()
    after(EVERYTHING, ATTRIBUTION, 3)
    assert did == ["house.before_compaction", GOLD_STATE, "house.after_compaction"]


def test_batch_counts_are_merged_also_where_hot_rows_never_are(did: list[str]) -> None:
    after(UpkeepPlan(0, 3, 30.0, record_every=3), ATTRIBUTION, 1)
    assert COMPLETENESS_LEDGER in did
    did.clear()
    after(UpkeepPlan(3, 3, 30.0, record_every=0), ATTRIBUTION, 1)
    assert COMPLETENESS_LEDGER not in did


def test_batches_of_a_pipeline_without_hot_rows_reach_no_place_of_compaction(
    did: list[str],
) -> None:
    after(EVERYTHING, BUSINESS, 3)
    assert did == []
