"""`adlake maintain`: fewer files, the same rows, and batches between two tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, GOLD_HOURS, GOLD_STATE
from adlake.io.postgres.operations import MAINTAIN, Operation
from adlake.maintenance.at_once import MaintainHandler
from tests.fixtures.sessions import lake_at
from tests.spark.maintenance.test_leftovers import put
from tests.spark.streaming.test_batch import EVERYTHING, assert_lawful, processor, records

pytestmark = [pytest.mark.spark, pytest.mark.chaos]

REQUEST = Operation(1, MAINTAIN, {}, "requested", "")
BATCHES = 9
"""More than a table of sums keeps apart."""
LEFT = Path("gold") / "ad_performance_state" / "data" / "left.parquet"


def files_of(session: SparkSession, name: str) -> int:
    return session.table(f"{CATALOG}.{name}.files").count()


def test_all_tables_are_merged_and_rid_of_leftovers(spark: SparkSession, tmp_path: Path) -> None:
    session = lake_at(spark, tmp_path)
    one = processor(session)
    for number in range(BATCHES):
        one.process(records(session, EVERYTHING[10 * number : 10 * number + 10]), number)
    before = {name: files_of(session, name) for name in (GOLD_STATE, GOLD_HOURS)}
    left, pauses = put(tmp_path / LEFT, days=4), list[int]()

    def pause() -> None:
        pauses.append(len(pauses))

    sparing = MaintainHandler(3, is_replaying=lambda: True).carry_out(session, REQUEST, pause)
    assert " and 0 leftover files removed in " in sparing
    assert not sparing.startswith("0 small files")
    assert left.exists()
    told = MaintainHandler(3, is_replaying=lambda: False).carry_out(session, REQUEST, pause)
    assert " and 1 leftover files removed in " in told
    assert not left.exists()
    assert all(files_of(session, name) < count for name, count in before.items())
    assert len(pauses) > 20
    # Nothing was lost, and the next batch finds what it looks for.
    one.process(records(session, EVERYTHING[10 * BATCHES :]), BATCHES)
    assert_lawful(session, EVERYTHING)
