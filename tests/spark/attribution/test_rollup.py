"""Sums over Gold on real Iceberg tables: those of the law after whatever happened to Gold."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from adlake.attribution.law.rules import AdmittedDelivery
from adlake.attribution.rollup import writer as rollup_writer
from adlake.attribution.rollup.changes import ROLLUPS, RollupChanges
from adlake.attribution.rollup.handler import RollupHandler
from adlake.attribution.rollup.writer import rollup_writers
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.law import DAY_MS, LAW_V1, LawConstants
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import GOLD_CONVERSIONS, GOLD_HOURS, GOLD_STATE, GOLD_WINDOWS
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import BUILD_ROLLUPS, Operation
from adlake.maintenance.folding import fold
from tests.fixtures.engine import compact_gold
from tests.fixtures.law_sets import law_sets, shuffled, split
from tests.fixtures.lawful_rows import admitted_deliveries, delivery_frame
from tests.fixtures.rollups import (
    Sums,
    conversions_of_lake,
    conversions_of_law,
    hours_of_lake,
    hours_of_law,
    windows_of_lake,
    windows_of_law,
)
from tests.fixtures.sessions import lake_at
from tests.golden import law_cases

pytestmark = pytest.mark.spark


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> SparkSession:
    return lake_at(spark, tmp_path)


def random_batches(seed: int, count: int) -> list[list[AdmittedDelivery]]:
    """Three batches of random sets, in random order, so that later ones change earlier rows."""
    sets = law_sets(seed, count)
    deliveries = admitted_deliveries(itertools.chain(*(one.deliveries for one in sets)))
    rng = Random(seed)
    mixed = shuffled(rng, deliveries)
    batches = split(rng, mixed)[:2]
    return [*batches, [one for one in mixed if not any(one in batch for batch in batches)]]


def worked_cases() -> list[AdmittedDelivery]:
    """Of the truth table: the edges, which random sets seldom meet."""
    cases = (one.deliveries for one in law_cases())
    return admitted_deliveries(itertools.chain(*cases))


class Batches:
    """Gold and its sums, as the pipeline writes them one after the other."""

    def __init__(self, session: SparkSession, law: LawConstants = LAW_V1) -> None:
        self.session = session
        self.law = law
        self.changes = RollupChanges()
        self.gold = GoldWriter(session, law, rollups=self.changes)
        self.rollups = rollup_writers(session, lambda _: law, self.changes)
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
        """Into all; returns what became of the sums, in one word."""
        stamp = self.merge(batch)
        frame = delivery_frame(self.session, batch)
        [word] = {one.apply(frame, stamp).in_words.split()[0] for one in self.rollups}
        return word

    def follow(self) -> str:
        """What became of the sums, in one word."""
        [word] = {one.follow().partition(" ")[0] for one in self.rollups}
        return word

    def assert_sums_are_those_of_the_law(self) -> None:
        assert hours_of_lake(self.session) == hours_of_law(self.seen, self.law)
        assert conversions_of_lake(self.session) == conversions_of_law(self.seen, self.law)
        assert windows_of_lake(self.session) == windows_of_law(self.seen, self.law)


def test_each_batch_adds_what_it_changed(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(3, 200)
    batches[0] += worked_cases()
    assert one.take(batches[0]) == "built", "there was no snapshot to follow"
    one.assert_sums_are_those_of_the_law()
    for batch in batches[1:]:
        assert one.take(batch) == "followed"
        one.assert_sums_are_those_of_the_law()
    rows = IcebergTable(lakehouse, GOLD_HOURS).row_count()
    assert one.take(batches[0]) == "followed"
    assert IcebergTable(lakehouse, GOLD_HOURS).row_count() == rows, "a repeat changes nothing"
    compact_gold(lakehouse)
    late = random_batches(4, 20)[0]
    assert one.take(late) == "followed", "compaction changes no row"
    one.assert_sums_are_those_of_the_law()


def test_rows_of_a_step_are_kept_until_each_has_it_and_no_longer(
    lakehouse: SparkSession,
) -> None:
    one, batches = Batches(lakehouse), random_batches(7, 60)
    one.take(batches[0])
    kept = rows_kept(lakehouse)
    stamp = one.merge(batches[1])
    frame = delivery_frame(lakehouse, batches[1])
    for rollup in one.rollups:
        assert one.changes.step is not None
        assert rows_kept(lakehouse) > kept
        assert rollup.apply(frame, stamp).in_words.startswith("followed")
    assert one.changes.step is None
    assert rows_kept(lakehouse) == kept
    one.assert_sums_are_those_of_the_law()


def rows_kept(session: SparkSession) -> int:
    """Sets of rows that Spark holds."""
    context: Any = session.sparkContext._jsc
    return int(context.sc().getPersistentRDDs().size())


def test_what_gold_took_without_it_is_summed_anew(lakehouse: SparkSession) -> None:
    """A crash between the two commits, and a driver that knows nothing of the one before it."""
    one, batches = Batches(lakehouse), random_batches(5, 60)
    one.take(batches[0])
    one.merge(batches[1])
    after = Batches(lakehouse)
    after.seen = one.seen
    assert after.take(batches[2]) == "built"
    after.assert_sums_are_those_of_the_law()
    assert after.follow() == "", "it sums Gold as it is"


def test_a_gold_that_was_rolled_back_is_summed_anew(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(6, 60)
    one.take(batches[0])
    [first] = [IcebergTable(lakehouse, GOLD_STATE).current_snapshot_id()]
    one.take(batches[1])
    lakehouse.sql(f"CALL lakehouse.system.rollback_to_snapshot('lakehouse.{GOLD_STATE}', {first})")
    assert one.follow() == "built"
    one.seen = list(batches[0])
    one.assert_sums_are_those_of_the_law()


def test_sums_of_another_version_are_built_again(
    lakehouse: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, batches = Batches(lakehouse), random_batches(7, 30)
    one.take(batches[0])
    windows = IcebergTable(lakehouse, GOLD_WINDOWS)
    lakehouse.sql(f"ALTER TABLE {windows.full_name} ADD COLUMN geo_country STRING")
    newer = tuple(replace(rollup, format=rollup.format + 1) for rollup in ROLLUPS)
    monkeypatch.setattr(rollup_writer, "ROLLUPS", newer)
    after = Batches(lakehouse)
    after.seen = one.seen
    assert after.follow() == "built"
    assert "geo_country" not in lakehouse.table(windows.full_name).columns
    assert after.take(batches[1]) == "followed"
    after.assert_sums_are_those_of_the_law()


FOLDED: dict[str, tuple[Callable[..., Sums], Callable[..., Sums]]] = {
    GOLD_HOURS: (hours_of_lake, hours_of_law),
    GOLD_CONVERSIONS: (conversions_of_lake, conversions_of_law),
    GOLD_WINDOWS: (windows_of_lake, windows_of_law),
}


def test_folding_keeps_every_sum_and_leaves_one_row_a_grain(lakehouse: SparkSession) -> None:
    one, batches = Batches(lakehouse), random_batches(8, 100)
    for batch in batches:
        one.take(batch)
    for name, (_, of_law) in FOLDED.items():
        table = IcebergTable(lakehouse, name)
        stamp = table.newest_stamp()
        assert fold(lakehouse, spec_of(name)) == 0, "too few files to be worth it"
        assert fold(lakehouse, spec_of(name), fewest_files=1) > 0
        assert lakehouse.table(table.full_name).count() == len(of_law(one.seen))
        assert lakehouse.table(table.full_name).where("folded_day IS NULL").count() == 0
        assert table.newest_stamp() == stamp, "it says what was said of the same sums"
    one.assert_sums_are_those_of_the_law()
    assert one.take(random_batches(9, 10)[0]) == "followed"
    one.assert_sums_are_those_of_the_law()
    for name, (_, of_law) in FOLDED.items():
        # Into days that have folded rows already.
        assert fold(lakehouse, spec_of(name), fewest_files=1) > 0
        folded = lakehouse.table(IcebergTable(lakehouse, name).full_name)
        assert folded.count() == len(of_law(one.seen))
    one.assert_sums_are_those_of_the_law()


def test_one_command_builds_what_a_hand_changed(lakehouse: SparkSession) -> None:
    one = Batches(lakehouse)
    for batch in random_batches(10, 30):
        one.take(batch)
    lakehouse.sql(f"DELETE FROM lakehouse.{GOLD_HOURS} WHERE date_basis = 'impression'")
    lakehouse.sql(f"DELETE FROM lakehouse.{GOLD_CONVERSIONS} WHERE conversions = 1")
    lakehouse.sql(f"DELETE FROM lakehouse.{GOLD_WINDOWS} WHERE clicks > 0")
    for of_lake, of_law in FOLDED.values():
        assert of_lake(lakehouse) != of_law(one.seen)
    request = Operation(1, BUILD_ROLLUPS, {}, "requested", "")
    told = RollupHandler(lambda _: LAW_V1).carry_out(lakehouse, request, lambda: None)
    assert told.startswith(f"{GOLD_HOURS} built of Gold snapshot ")
    assert f", {GOLD_CONVERSIONS} built of Gold snapshot " in told
    one.assert_sums_are_those_of_the_law()


@pytest.mark.chaos
def test_lookbacks_of_another_law_are_kept(lakehouse: SparkSession) -> None:
    """A law whose lookback changed in the middle of the traffic, in both ways to the sums."""
    batches = random_batches(11, 60)
    times = sorted(one.event.ts_ms for batch in batches for one in batch)
    dated = replace(
        LAW_V1, attribution_window_ms=DAY_MS // 24,
        window_changes=((times[len(times) // 2], 3 * DAY_MS),),
    )  # fmt: skip
    one = Batches(lakehouse, dated)
    for batch in batches:
        one.take(batch)
    one.assert_sums_are_those_of_the_law()
    assert conversions_of_law(one.seen, dated) != conversions_of_law(one.seen)
    for rollup in one.rollups:
        rollup.build()
    one.assert_sums_are_those_of_the_law()
