"""Attribution models: paths, credits, and the proof of their tables."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SPARK = "tests/spark/models/test_model_credits.py"
CREDITS = f"{SPARK}::test_spark_gives_every_credit_of_the_plain_form"
CHAIN = f"{SPARK}::test_paths_that_led_to_nothing_are_counted_and_slices_add_up"
DERIVED = "tests/unit/proof/test_derived.py"

MODELS: tuple[Mutation, ...] = (
    Mutation(
        "a click after the conversion is where a touch stands",
        "adlake.models.spark:steps_of_conversions",
        "IF(later_ms <= conversion_ms, later_ms, earlier_ms)", "later_ms", CREDITS,
    ),
    Mutation(
        "a touch that came after the conversion is on its path",
        "adlake.models.spark:steps_of_conversions",
        " AND earlier_ms <= conversion_ms", "", CREDITS,
    ),
    Mutation(
        "what rounding leaves over is lost", "adlake.models.spark:_credited",
        "part + IF(position_of_remainder <= left_over, 1, 0) AS claimed", "part AS claimed",
        CREDITS,
    ),
    Mutation(
        "what is left over goes to the smallest remainders", "adlake.models.spark:_credited",
        'F.col("remainder").desc()', 'F.col("remainder").asc()', CREDITS,
    ),
    Mutation(
        "campaigns of a path weigh as often as they were seen", "adlake.models.spark:_claims",
        "IF(campaign_turn = 1, {weight}, 0)", "{weight}", CREDITS,
    ),
    Mutation(
        "a repeat of a campaign is a visit of its own", "adlake.models.spark:moves_of_paths",
        '~F.col("before").eqNullSafe(F.col("here"))', 'F.lit(True)', CHAIN,
    ),
    Mutation(
        "paths that led to nothing are forgotten", "adlake.models.spark:moves_of_paths",
        '(converting, CONVERSION, ("conversion_id",)), (nothing, NOTHING, ("visitor", "run")),',
        '(converting, CONVERSION, ("conversion_id",)),', CHAIN,
    ),
    Mutation(
        "a touch on the path of a conversion leads to nothing as well",
        "adlake.models.spark:steps_of_nothing",
        'join(used, "impression_id", "left_anti")', 'join(used, "impression_id", "left_outer")',
        CHAIN,
    ),
    Mutation(
        "a user is cut in two slices", "adlake.models.spark:slice_of_visitors",
        "xxhash64(coalesce(user_id, impression_id))", "xxhash64(impression_id)", CHAIN,
    ),
    Mutation(
        "tables of the models are held against no snapshot that still exists",
        "adlake.proof.derived:_expired",
        "if snapshot not in record_snapshots(trino, source):", "if False:", DERIVED,
    ),
    Mutation(
        "with the source the sums go unproven too", "adlake.proof.derived:_failures",
        "if not_compared and check.reads_source:", "if not_compared:", DERIVED,
    ),
    Mutation(
        "a command fails the requests of others", "adlake.wiring.operations:operation_handlers",
        "**model_handlers(read), **rollup_handlers(read),", "",
        "tests/unit/streaming/test_requests.py",
    ),
)  # fmt: skip
