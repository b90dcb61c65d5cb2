"""Events of the funnel: each once, by its smallest content, in the window of its own time."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PLAIN = "tests/unit/business/test_funnel.py"
SPARK = "tests/spark/business/test_funnel.py"
STORY = f"{SPARK}::test_the_whole_table_after_each_step_of_a_story"
PARITY = f"{SPARK}::test_events_are_those_of_plain_python"
PROOF = "tests/contract/business/test_funnel_proof.py"

FUNNEL: tuple[Mutation, ...] = (
    Mutation(
        "an event has the first arrival of any content", "adlake.business.funnel:funnel_events",
        "if key not in winners or told[:2] < winners[key][:2]:",
        "if key not in winners or told[1] < winners[key][1]:",
        f"{PLAIN}::test_the_smallest_content_counts_with_its_own_first_arrival",
    ),
    Mutation(
        "a window holds its end", "adlake.business.funnel:funnel_windows",
        "one.event_ms - one.event_ms % WINDOW_MS",
        "one.event_ms - (one.event_ms - 1) % WINDOW_MS - 1",
        f"{PLAIN}::test_a_window_holds_its_start_and_not_its_end",
    ),
    Mutation(
        "what is stored stays, whatever comes later", "adlake.business.spark_funnel:changes",
        'is_new | (F.struct(*RANKED) < F.col("known"))', "is_new", STORY,
    ),
    Mutation(
        "the newest arrival is kept", "adlake.business.spark_funnel:changes",
        'F.struct(*RANKED) < F.col("known")', 'F.struct(*RANKED) > F.col("known")', STORY,
    ),
    Mutation(
        "control characters stand in JSON as they are",
        "adlake.payload.spark.canonical_json:_escaped",
        "() if is_id else _CONTROLS", "()", PARITY,
    ),
    Mutation(
        "the table is searched for nothing", "adlake.business.funnel_writer:FunnelWriter._write",
        "if not count:", "if count < 0:",
        f"{SPARK}::test_a_batch_without_events_of_the_funnel_reads_nothing",
    ),
    Mutation(
        "the oracle reads free text as it was sent", "sql/oracles/funnel_deliveries.sql",
        "THEN translate(trim(BOTH ' ' FROM part[1]), :upper_case, :lower_case)", "THEN part[1]",
        f"{PROOF}::test_what_spark_made_is_what_trino_makes",
    ),
    Mutation(
        "an event is late an hour after its window began", "sql/views/funnel_metrics_5m.sql",
        "first_ingest_ts > window_end", "first_ingest_ts > window_start",
        f"{PROOF}::test_windows_are_those_of_plain_python_in_both_engines",
    ),
)  # fmt: skip
