"""Sums by hour on real Iceberg tables: those of the law after whatever happened to Gold."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from adlake.attribution.law.rules import AdmittedDelivery
from adlake.attribution.rollup import writer as rollup_writer
from adlake.attribution.rollup.changes import HourChanges
from adlake.attribution.rollup.handler import RollupHandler
from adlake.attribution.rollup.writer import RollupWriter
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import GOLD_HOURS, GOLD_STATE
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import BUILD_ROLLUPS, Operation
from adlake.io.spark.session import CatalogAccess, connect_catalog
from adlake.maintenance.folding import fold
from tests.fixtures.engine import compact_gold
from tests.fixtures.hours import hours_of_lake, hours_of_law
from tests.fixtures.law_sets import law_sets, shuffled, split
from tests.fixtures.lawful_rows import admitted_deliveries, delivery_frame

pytestmark = pytest.mark.spark


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> SparkSession:
    session = spark.newSession()
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{tmp_path}"))
    provision_tables(session)
    return session


def random_batches(seed: int, count: int) -> list[list[AdmittedDelivery]]:
    """Three batches of random sets, in random order, so that later ones change earlier rows."""
    sets = law_sets(seed, count)
    deliveries = admitted_deliveries(itertools.chain(*(one.deliveries for one in sets)))
    rng = Random(seed)
    mixed = shuffled(rng, deliveries)
    batches = split(rng, mixed)[:2]
    return [*batches, [one for one in mixed if not any(one in batch for batch in batches)]]


class Batches:
    """Gold and its sums, as the pipeline writes them one after the other."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.changes = HourChanges()
        self.gold = GoldWriter(session, hours=self.changes)
        self.rollup = RollupWriter(session, self.changes)
        self.seen: list[AdmittedDelivery] = []
        self._number = 0

    def merge(self, batch: list[AdmittedDelivery]) -> dict[str, str]:
        """Into Gold alone; returns the stamp."""
        self._number += 1
        stamp = {stamps.NEXT_OFFSETS: offsets_text({0: self._number}), stamps.TOPIC_ID: "t"}
        self.gold.apply(delivery_frame(self.session, batch), stamp)
        self.seen += batch
        return stamp

    def take(self, batch: list[AdmittedDelivery]) -> str:
        """Into both; returns what became of the sums, in words."""
        stamp = self.merge(batch)
        return self.rollup.apply(delivery_frame(self.session, batch), stamp).in_words

    def assert_sums_are_those_of_the_law(self) -> None:
        assert hours_of_lake(self.session) == hours_of_law(self.seen)


def test_each_batch_adds_what_it_changed(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(3, 200)
    assert one.take(batches[0]).startswith("built"), "there was no snapshot to follow"
    one.assert_sums_are_those_of_the_law()
    for batch in batches[1:]:
        assert one.take(batch).startswith("followed")
        one.assert_sums_are_those_of_the_law()
    rows = IcebergTable(lakehouse, GOLD_HOURS).row_count()
    assert one.take(batches[0]).startswith("followed")
    assert IcebergTable(lakehouse, GOLD_HOURS).row_count() == rows, "a repeat changes nothing"
    compact_gold(lakehouse)
    late = random_batches(4, 20)[0]
    assert one.take(late).startswith("followed"), "compaction changes no row"
    one.assert_sums_are_those_of_the_law()


def test_what_gold_took_without_it_is_summed_anew(lakehouse: SparkSession) -> None:
    """A crash between the two commits, and a driver that knows nothing of the one before it."""
    one, batches = Batches(lakehouse), random_batches(5, 60)
    one.take(batches[0])
    one.merge(batches[1])
    after = Batches(lakehouse)
    after.seen = one.seen
    assert after.take(batches[2]).startswith("built")
    after.assert_sums_are_those_of_the_law()
    assert after.rollup.follow() == "", "it sums Gold as it is"


def test_a_gold_that_was_rolled_back_is_summed_anew(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(6, 60)
    one.take(batches[0])
    [first] = [IcebergTable(lakehouse, GOLD_STATE).current_snapshot_id()]
    one.take(batches[1])
    lakehouse.sql(f"CALL lakehouse.system.rollback_to_snapshot('lakehouse.{GOLD_STATE}', {first})")
    assert one.rollup.follow().startswith("built")
    one.seen = list(batches[0])
    one.assert_sums_are_those_of_the_law()


def test_sums_of_another_version_are_built_again(
    lakehouse: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, batches = Batches(lakehouse), random_batches(7, 30)
    one.take(batches[0])
    monkeypatch.setattr(rollup_writer, "FORMAT", rollup_writer.FORMAT + 1)
    assert one.take(batches[1]).startswith("built")
    one.assert_sums_are_those_of_the_law()


def test_folding_keeps_every_sum_and_leaves_one_row_a_grain(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(8, 100)
    table = IcebergTable(lakehouse, GOLD_HOURS)
    for batch in batches:
        one.take(batch)
    stamp = table.newest_stamp()
    assert fold(lakehouse, spec_of(GOLD_HOURS)) == 0, "too few files to be worth it"
    assert fold(lakehouse, spec_of(GOLD_HOURS), fewest_files=1) > 0
    one.assert_sums_are_those_of_the_law()
    expected = hours_of_law(one.seen)
    assert lakehouse.table(table.full_name).count() == len(expected)
    assert lakehouse.table(table.full_name).where("folded_day IS NULL").count() == 0
    assert table.newest_stamp() == stamp, "it says what was said of the same sums"
    assert one.take(random_batches(9, 10)[0]).startswith("followed")
    one.assert_sums_are_those_of_the_law()


def test_one_command_builds_what_a_hand_changed(lakehouse: SparkSession) -> None:
    one = Batches(lakehouse)
    one.take(random_batches(10, 30)[0])
    lakehouse.sql(f"DELETE FROM lakehouse.{GOLD_HOURS} WHERE date_basis = 'impression'")
    assert hours_of_lake(lakehouse) != hours_of_law(one.seen)
    request = Operation(1, BUILD_ROLLUPS, {}, "requested", "")
    told = RollupHandler().carry_out(lakehouse, request, lambda: None)
    assert told.startswith(f"{GOLD_HOURS} built of Gold snapshot ")
    one.assert_sums_are_those_of_the_law()
