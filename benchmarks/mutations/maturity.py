"""Maturity, the bridge, and what the pages say of them."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

BRIDGE = "tests/contract/metrics/test_metrics_bridge.py"
MATURE = "tests/contract/metrics/test_metrics_maturity.py"
ROLLUP = "tests/spark/attribution/test_rollup.py"
PROOF = "tests/contract/attribution/test_rollup_proof.py"
EDGES = "tests/contract/metrics/test_metrics_edges.py"
HONEST = "tests/unit/dashboard/test_honesty.py"
PERIODS = "tests/unit/dashboard/test_periods.py"
BOUNDS = "tests/unit/dashboard/test_bounds.py"

MATURITY: tuple[Mutation, ...] = (
    Mutation(
        "young impressions bend the delay curve", "sql/fragments/conversion_delays.sql",
        "held.impression_time <= cohort.mature_until AND", "",
        f"{MATURE}::test_the_curve_is_of_impressions_that_were_observed_for_a_lookback",
    ),
    Mutation(
        "a conversion counts when it happened, not when it came",
        "adlake.attribution.rollup.conversions:_placed",
        "event.i - unix_millis", "event.t - unix_millis",
        f"{ROLLUP}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "a curve of too few conversions is shown", "sql/fragments/delay_curve.sql",
        "HAVING max(conversions) >= CAST(:fewest AS BIGINT)",
        "HAVING max(conversions) >= least(CAST(:fewest AS BIGINT), 1)",
        f"{MATURE}::test_too_few_conversions_give_no_share",
    ),
    Mutation(
        "a lake ripens by the wall clock", "sql/fragments/observation.sql",
        "SELECT arrivals.as_of,", "SELECT current_timestamp AS as_of,",
        f"{MATURE}::test_a_day_is_as_mature_as_its_impressions_are_old",
    ),
    Mutation(
        "an hour is as old as its oldest impression", "sql/fragments/bucketed_impressions.sql",
        "hour_at + INTERVAL '3599.999' SECOND AS newest_at", "hour_at AS newest_at",
        f"{MATURE}::test_a_day_is_as_mature_as_its_impressions_are_old",
    ),
    Mutation(
        "a conversion beyond the lookback is a repeat",
        "adlake.attribution.rollup.conversions:_placed", "clicked_ms > {", "clicked_ms > 1 + {",
        f"{ROLLUP}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "every conversion at one moment is attributed",
        "adlake.attribution.rollup.conversions:_placed", "WHEN {_IS_ATTRIBUTED} THEN 'ATTRIBUTED'",
        "WHEN event.t = {_ATTRIBUTED_MS} THEN 'ATTRIBUTED'",
        f"{ROLLUP}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "a conversion that changed counts twice", "sql/fragments/conversion_delays.sql",
        "held.conversions,", "abs(held.conversions) AS conversions,",
        f"{PROOF}::test_a_conversion_that_changed_counts_once",
    ),
    Mutation(
        "verify does not look at the value of conversions", "sql/checks/rollup_conversions.sql",
        "OR value <> 0", "", f"{PROOF}::test_a_conversion_told_wrongly_is_seen",
    ),
    Mutation(
        "the newest rows stop an hour early", "sql/metrics/impressions.sql",
        "max(hour_at) FILTER", "max(hour_at + INTERVAL '1' HOUR) FILTER",
        f"{PROOF}::test_the_newest_rows_of_a_range_are_those_of_gold",
    ),
    Mutation(
        "a refused conversion counts as often as it was sent",
        "sql/fragments/conversion_buckets.sql", "refused_conversions.place = 1 AND", "",
        f"{BRIDGE}::test_every_conversion_is_in_one_bucket",
    ),
    Mutation(
        "a conversion that was admitted in the end is rejected too",
        "sql/fragments/conversion_buckets.sql",
        "event -> event.e = refused_conversions.event_id AND event.r = 2",
        "event -> event.e = refused_conversions.event_id AND event.r = 3",
        f"{BRIDGE}::test_every_conversion_is_in_one_bucket",
    ),
    Mutation(
        "a refused amount below zero makes the bridge smaller",
        "sql/fragments/conversion_buckets.sql", "WHEN number_text LIKE '-%' THEN NULL", "",
        f"{BRIDGE}::test_every_conversion_is_in_one_bucket",
    ),
    Mutation(
        "a published past stands in the freshness", "sql/metrics/freshness.sql",
        "is_recent AND ingest_ms_p50 >= began_ms", "is_recent",
        f"{EDGES}::test_a_published_past_did_not_wait_and_a_backlog_did",
    ),
    Mutation(
        "a backlog older than Iceberg's snapshots is taken for a published past",
        "sql/fragments/first_batch.sql",
        "SELECT min(committed_at) AS committed_at FROM audit.completeness_ledger UNION ALL", "",
        f"{EDGES}::test_a_published_past_did_not_wait_and_a_backlog_did",
    ),
    Mutation(
        "half a day is compared with a whole one", "adlake.dashboard.periods:_of_days",
        "since - length + elapsed", "since",
        f"{PERIODS}::test_today_is_compared_with_the_part_of_yesterday_that_had_elapsed",
    ),
    Mutation(
        "unknown maturity is said to be none", "adlake.dashboard.campaigns:maturity_in_words",
        "if share is None:", "if False:",
        f"{HONEST}::test_maturity_is_not_said_where_it_is_not_known",
    ),
    Mutation(
        "old data have a green badge", "adlake.dashboard.frame:freshness_in_words",
        '"orange" if age <= _OLD_SECONDS else "red"', '"green"',
        f"{HONEST}::test_the_badge_tells_old_data_from_fresh",
    ),
    Mutation(
        "any number of questions is asked at once", "adlake.dashboard.lake:_rows_of",
        "with _turns:", "if _turns:",
        f"{BOUNDS}::test_no_more_questions_are_asked_at_once_than_trino_takes",
    ),
    Mutation(
        "a table that is taken along runs in a sheet", "adlake.dashboard.frame:csv_of",
        "write_csv(QueryResult(columns, rows), text)",
        'text.write(",".join(columns) + "\\n" + "\\n".join(",".join(map(str, r)) for r in rows))',
        f"{HONEST}::test_a_table_leaves_with_exact_numbers_and_nothing_that_a_sheet_would_run",
    ),
)  # fmt: skip
