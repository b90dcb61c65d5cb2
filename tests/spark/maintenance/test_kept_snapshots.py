"""A kept snapshot is read after all others of its age were forgotten; its days end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import CATALOG, REMOVAL_EFFECTS
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.postgres.operations import KEEP_SNAPSHOT, Operation
from adlake.maintenance.kept_snapshots import DAYS, SNAPSHOT, KeepHandler, UnknownSnapshotError
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark


def kept(session: SparkSession, number: int, snapshot_id: int, days: int = 1) -> str:
    arguments = {SNAPSHOT: snapshot_id, DAYS: days}
    operation = Operation(number, KEEP_SNAPSHOT, arguments, "requested", "")
    return KeepHandler().carry_out(session, operation, lambda: None)


def test_a_kept_snapshot_outlives_the_others(spark: SparkSession, tmp_path: Path) -> None:
    session = lake_at(spark, tmp_path)
    table = IcebergTable(session, REMOVAL_EFFECTS)
    heads = []
    for number in range(3):
        with stamped(session, {stamps.NEXT_OFFSETS: "{}"}):
            session.sql(f"INSERT INTO {CATALOG}.{REMOVAL_EFFECTS} VALUES ('c{number}', 0, 0)")
        heads.append(table.current_snapshot_id() or 0)
    told = kept(session, 5, heads[0])
    assert told == f"{REMOVAL_EFFECTS} snapshot {heads[0]} is kept for 1 days: tag kept-5"
    assert kept(session, 5, heads[0]) == "done by a driver that was stopped right after it"
    now_ms = int(time.time() * 1_000)
    assert expire_snapshots(session, REMOVAL_EFFECTS, now_ms, 1) == 1
    assert [row.campaign_id for row in table.at(heads[0]).collect()] == ["c0"]
    assert not table.holds_snapshot(heads[1])
    with pytest.raises(UnknownSnapshotError, match="no table knows snapshot"):
        kept(session, 6, heads[1])
