"""The fold and the projection in Spark against the truth table and the plain Python law."""

from __future__ import annotations

import itertools
from random import Random
from types import ModuleType

import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.law.rules import AdmittedDelivery
from adlake.attribution.spark import fold, gold
from adlake.attribution.spark.fold import batch_states, merged_states
from adlake.attribution.spark.gold import changed_rows, gold_rows
from adlake.contracts.tables import GOLD_COLUMNS, GOLD_LAW_COLUMNS
from tests.fixtures.law_sets import law_sets, shuffled
from tests.fixtures.lawful_rows import (
    DELIVERY_SCHEMA,
    admitted_deliveries,
    delivery_frame,
    differences,
    python_rows,
    spark_rows,
)
from tests.fixtures.planting import planted
from tests.golden import law_cases

pytestmark = pytest.mark.spark
RANDOM_SETS = 4_000


def table_deliveries() -> list[AdmittedDelivery]:
    return admitted_deliveries(itertools.chain(*(case.deliveries for case in law_cases())))


def in_two_batches(spark: SparkSession, deliveries: list[AdmittedDelivery], seed: int) -> DataFrame:
    """Gold rows of shuffled, repeated deliveries, folded in two batches and merged."""
    rng = Random(seed)
    mixed = shuffled(rng, deliveries)
    cut = len(mixed) // 2
    first = gold_rows(batch_states(delivery_frame(spark, mixed[:cut]))).localCheckpoint()
    second = batch_states(delivery_frame(spark, mixed[cut:])).localCheckpoint()
    changed = changed_rows(second, first.select("impression_id", "events_state", "engaged"))
    changed = changed.select(*GOLD_COLUMNS).localCheckpoint()
    new = gold_rows(second.join(first, "impression_id", "left_anti"))
    kept = first.join(changed, "impression_id", "left_anti")
    return kept.unionByName(changed).unionByName(new)


def test_truth_table_rows_are_equal_in_every_column(spark: SparkSession) -> None:
    found = spark_rows(gold_rows(batch_states(delivery_frame(spark, table_deliveries()))))
    expected = {row["impression_id"]: row for case in law_cases() for row in case.rows}
    assert found.keys() == expected.keys()
    for impression_id, row in expected.items():
        assert dict(zip(GOLD_LAW_COLUMNS, found[impression_id], strict=False)) == row


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_truth_table_rows_are_equal_in_any_order_and_split(spark: SparkSession, seed: int) -> None:
    deliveries = table_deliveries()
    found = spark_rows(in_two_batches(spark, deliveries, seed))
    assert differences(python_rows(deliveries), found) == []


def test_random_sets_give_the_rows_and_states_of_plain_python(spark: SparkSession) -> None:
    sets = law_sets(seed=20_261_121, count=RANDOM_SETS)
    deliveries = admitted_deliveries(itertools.chain(*(one.deliveries for one in sets)))
    expected = python_rows(deliveries)
    assert len(expected) == RANDOM_SETS
    assert differences(expected, spark_rows(in_two_batches(spark, deliveries, seed=7))) == []


def test_a_repeated_batch_changes_no_row(spark: SparkSession) -> None:
    states = batch_states(delivery_frame(spark, table_deliveries())).localCheckpoint()
    rows = gold_rows(states).localCheckpoint()
    known = rows.select("impression_id", "events_state", "engaged")
    assert changed_rows(states, known).count() == 0
    merged = merged_states(states, known)
    assert spark_rows(gold_rows(merged)) == spark_rows(rows)


def test_a_sum_of_many_conversions_does_not_overflow(spark: SparkSession) -> None:
    big = 10**18 - 1
    rows = [
        ("imp-x", f"v{n}", 1_772_445_600_000 + n, 2, big, *[None] * 5, 0, None, None)
        for n in range(50)
    ]
    found = gold_rows(batch_states(spark.createDataFrame(rows, DELIVERY_SCHEMA))).first()
    assert found is not None
    assert int(found.revenue_out_of_window * 1_000_000) == 50 * big


Plant = tuple[ModuleType, str, str, set[int]]
# Wrong laws of the law page, section 8, planted in the Spark text, with the rows that must notice.
WRONG_LAWS: dict[str, Plant] = {
    "window open at its end": (
        gold, "<= {window_sql(law, 'x.t')}", "< {window_sql(law, 'x.t')}", {8}),
    "click strictly before": (
        gold, "x.t - a.last_click_ms <=",
        "x.t > a.last_click_ms AND x.t - a.last_click_ms <=", {36}),
    "last click overall": (
        gold, "COALESCE(walk.credited_ms, walk.last_click_ms)", "walk.last_click_ms", {11, 17}),
    "first click": (
        gold, '_walk("x.t", ', '_walk("COALESCE(a.last_click_ms, x.t)", ', {10, 16}),
    "late at the tolerance": (gold, "lag_ms > {law", "lag_ms >= {law", {29}),
    "repeats not summed": (
        gold, "COALESCE(walk.total, 0) - COALESCE(walk.revenue, 0)", "CAST(0 AS DECIMAL(38, 0))",
        {13, 14, 35}),
    "eligible false before a conversion": (
        gold, "CASE WHEN walk.total IS NOT NULL THEN walk.converted_ms IS NOT NULL END",
        "walk.converted_ms IS NOT NULL", {1, 2, 12, 25}),
    "larger variant wins": (
        fold, "n = 0 OR x.e <> {0}[n - 1].e",
        "n = size({0}) - 1 OR x.e <> {0}[n + 1].e", {20, 21, 22}),
    "no deduplication": (fold, "n = 0 OR x.e <> {0}[n - 1].e", "TRUE", {18, 20, 22}),
    "donor by time alone": (
        gold, "named_struct('r', x.r, 't', x.t", "named_struct('t', x.t, 'r', x.r", {34}),
    "cost of a missing impression is zero": (
        gold, '_money("CASE WHEN donor.r = 0 THEN donor.m END", 18)',
        '_money("CASE WHEN donor.r = 0 THEN donor.m ELSE 0 END", 18)', {26}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_LAWS)
def test_a_wrong_law_is_caught_by_its_rows(spark: SparkSession, name: str) -> None:
    module, right, wrong, rows = WRONG_LAWS[name]
    broken = planted(module, right, wrong)
    states_of = broken.batch_states if module is fold else batch_states
    rows_of = broken.gold_rows if module is gold else gold_rows
    found = spark_rows(rows_of(states_of(delivery_frame(spark, table_deliveries()))))
    expected = {row["impression_id"]: row for case in law_cases() for row in case.rows}
    caught = {
        case.number
        for case in law_cases()
        for row in case.rows
        if dict(zip(GOLD_LAW_COLUMNS, found[row["impression_id"]], strict=False))
        != expected[row["impression_id"]]
    }
    assert rows <= caught
