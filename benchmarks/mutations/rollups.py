"""Sums over Gold by hour: what a batch adds, when they are built again, how they are read."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SPARK = "tests/spark/attribution/test_rollup.py"
TRINO = "tests/contract/attribution/test_rollup_proof.py"

ROLLUPS: tuple[Mutation, ...] = (
    Mutation(
        "what a row was is not taken off", "adlake.attribution.rollup.rollup:Rollup.differences",
        "_signed(removed, -1)", "_signed(removed, 0)",
        f"{SPARK}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "a batch is added to sums of another Gold",
        "adlake.attribution.rollup.writer:RollupWriter.apply",
        "and self._sums(step.before)", "",
        f"{SPARK}::test_what_gold_took_without_it_is_summed_anew",
    ),
    Mutation(
        "sums of a Gold that is gone stay",
        "adlake.attribution.rollup.writer:RollupWriter._sums",
        "str(snapshot_id), str(", "told.get(stamps.SOURCE_SNAPSHOT), str(",
        f"{SPARK}::test_a_gold_that_was_rolled_back_is_summed_anew",
    ),
    Mutation(
        "sums of another version are added to",
        "adlake.attribution.rollup.writer:RollupWriter._sums",
        "str(self._rollup.format)", "told.get(stamps.ROLLUP_FORMAT)",
        f"{SPARK}::test_sums_of_another_version_are_built_again",
    ),
    Mutation(
        "folding forgets the folded rows of a day", "adlake.maintenance.folding:fold",
        "rows.where(of_those).groupBy", 'rows.where(f"{FOLDED_DAY} IS NULL").groupBy',
        f"{SPARK}::test_folding_keeps_every_sum_and_leaves_one_row_a_grain",
    ),
    Mutation(
        "a cut hour is read whole", "sql/fragments/summed_impressions.sql",
        "hour_at >= :first_whole_hour",
        "hour_at >= :first_whole_hour - INTERVAL '1' HOUR",
        f"{TRINO}::test_any_range_is_that_of_the_rows_of_gold",
    ),
    Mutation(
        "the end of a range loses its part of an hour", "sql/fragments/summed_impressions.sql",
        " OR impression_time >= :end_of_whole_hours", "",
        f"{TRINO}::test_any_range_is_that_of_the_rows_of_gold",
    ),
    Mutation(
        "minutes are read from hours", "sql/fragments/bucketed_impressions.sql",
        "    AND CAST(:bucket AS varchar) <> 'minute'\n", "",
        f"{TRINO}::test_any_range_is_that_of_the_rows_of_gold",
    ),
    Mutation(
        "verify does not look at lag", "sql/checks/rollup_hourly.sql",
        "    OR lag_ms <> 0\n", "", f"{TRINO}::test_a_planted_difference_is_seen",
    ),
)  # fmt: skip
