"""Customers: what counts once, by which content; stages, score and segments at their boundaries."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

RULES = "tests/unit/customers/test_rules.py"
PLAIN = "tests/unit/customers/test_customers.py"
SPARK = "tests/spark/customers/test_customers.py"
STORY = f"{SPARK}::test_both_tables_after_each_step_of_a_story"
PARITY = f"{SPARK}::test_rows_are_those_of_plain_python"
PROOF = "tests/contract/customers/test_customer_proof.py"

CUSTOMERS: tuple[Mutation, ...] = (
    Mutation(
        "the day of customers is forgotten", "adlake.cli.lake:maintain",
        'ask_stream(settings, "maintain", ROLL_DAY, argument_of(as_of.date()))', "pass",
        "tests/unit/streaming/test_requests.py"
        "::test_maintenance_names_the_day_of_customers_first",
    ),
    Mutation(
        "five thousand are over five thousand", "adlake.customers.rules:Standing.is_high_value",
        "self.lifetime_micros > HIGH_VALUE_MICROS", "self.lifetime_micros >= HIGH_VALUE_MICROS",
        f"{RULES}::test_the_stage_at_each_boundary",
    ),
    Mutation(
        "half of the messages engage", "adlake.customers.rules:Standing.is_engaged",
        "whole * self.delivered_count > part", "whole * self.delivered_count >= part",
        f"{RULES}::test_the_stage_at_each_boundary",
    ),
    Mutation(
        "who had no message is an evangelist", "adlake.customers.rules:stage_of",
        "messages > 0 and whole", "whole",
        f"{PLAIN}::test_c2_value_and_messages_lift_a_stage_and_lower_it_again",
    ),
    Mutation(
        "the score is cut off", "adlake.customers.rules:score_of",
        "(2 * scaled + scale) // (2 * scale)", "scaled // scale",
        f"{RULES}::test_half_a_millionth_is_rounded_up",
    ),
    Mutation(
        "ninety days to the day are a lapse", "adlake.customers.rules:has_lapsed",
        "last_order_ms < (as_of", "last_order_ms <= (as_of",
        f"{RULES}::test_c6_who_ordered_over_ninety_days_before_a_day_has_lapsed",
    ),
    Mutation(
        "the content that came first counts", "adlake.customers.events:customer_events",
        "min(known, one, key=lambda row: (row.rank, row.first_ingest_ms))",
        "min(known, one, key=lambda row: (row.first_ingest_ms, row.rank))",
        f"{PLAIN}::test_c3_an_order_counts_once_with_its_smallest_content",
    ),
    Mutation(
        "an order counts for each customer that names it",
        "adlake.customers.events:customer_events",
        "is_counted=one.rank == winners[one.event_type, one.counted_id]", "is_counted=True",
        f"{PLAIN}::test_an_order_of_two_customers_is_that_of_the_smaller_content",
    ),
    Mutation(
        "each event of a moment has an entry", "adlake.customers.plain:_moments",
        'key=attrgetter("event_ms")', 'key=attrgetter("event_ms", "counted_id")',
        f"{PLAIN}::test_events_of_one_moment_take_effect_together",
    ),
    Mutation(
        "a row of Spark is told by its time alone", "adlake.customers.spark_events:_state",
        'F.struct(*RANKED, "is_counted")', 'F.struct("event_time")', STORY,
    ),
    Mutation(
        "who lost an order keeps it", "adlake.customers.writer:CustomerWriter._touched",
        'told.select("user_id").unionByName(others.select("user_id"))', 'told.select("user_id")',
        STORY,
    ),
    Mutation(
        "a failed message takes nothing back",
        "adlake.customers.spark_customers:_with_standings",
        "delivered - delivered_before", "delivered", PARITY,
    ),
    Mutation(
        "events of a moment come one after another",
        "adlake.customers.spark_customers:_with_standings",
        "so_far.rangeBetween(", "so_far.rowsBetween(", PARITY,
    ),
    Mutation(
        "a customer without events stays", "adlake.streaming.merging:merge",
        'f" WHEN MATCHED AND s.{IS_GONE} THEN DELETE" if IS_GONE in rows.columns else ""',
        '""', STORY,
    ),
    Mutation(
        "who has lapsed once has lapsed for ever", "adlake.customers.day_roll:customers_on",
        "with_lapsed).otherwise(others)", 'with_lapsed).otherwise(F.col("segments"))',
        PARITY,
    ),
    Mutation(
        "the oracle forgets when a status ends", "sql/oracles/customer_moments.sql",
        "ROW(spans.holds_until, -1)", "ROW(spans.holds_until, 0)",
        f"{PROOF}::test_what_spark_made_is_what_trino_makes",
    ),
)  # fmt: skip
"""In the order of the forms."""
