"""Grafana: metrics of fraud and of small files, panels, and what the plug-in needs of Trino."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

FRAUD = "tests/contract/metrics/test_metrics_fraud.py"
PANELS = "tests/unit/tooling/test_grafana.py"
ON_TRINO = "tests/contract/grafana/test_panels_on_trino.py"

GRAFANA: tuple[Mutation, ...] = (
    Mutation(
        "the longest pause of a burst ends it", "sql/metrics/click_bursts.sql",
        "pause_ms > CAST(:burst_pause_ms AS bigint)", "pause_ms >= CAST(:burst_pause_ms AS bigint)",
        f"{FRAUD}::test_a_burst_is_a_run_of_one_user_whatever_it_clicks",
    ),
    Mutation(
        "a burst is that of an impression", "sql/metrics/click_bursts.sql",
        "coalesce('user ' || user_id, 'impression ' || impression_id) AS clicker",
        "'impression ' || impression_id AS clicker",
        f"{FRAUD}::test_a_burst_is_a_run_of_one_user_whatever_it_clicks",
    ),
    Mutation(
        "rows with news are skipped like those without", "sql/fragments/changed_since.sql",
        "- INTERVAL '1' DAY", "+ INTERVAL '1' DAY",
        f"{FRAUD}::test_rows_without_news_since_then_are_skipped",
    ),
    Mutation(
        "two clicks on two impressions are a double click", "sql/metrics/double_clicks.sql",
        "PARTITION BY state.impression_id", "PARTITION BY state.campaign_id",
        f"{FRAUD}::test_a_double_click_comes_within_the_time_on_the_same_impression",
    ),
    Mutation(
        "a conversion at the limit is too fast", "sql/metrics/fast_conversions.sql",
        "< CAST(:fast_conversion_ms AS bigint)", "<= CAST(:fast_conversion_ms AS bigint)",
        f"{FRAUD}::test_a_fast_conversion_takes_less_than_the_time",
    ),
    Mutation(
        "the chart of fraud calls each second click of a user double",
        "sql/metrics/click_fraud_over_time.sql",
        "clicked_ms - previous_on_impression_ms <=", "pause_ms <=",
        f"{FRAUD}::test_fraud_over_time_counts_what_the_others_name",
    ),
    Mutation(
        "a CTR that is too low is no outlier", "sql/metrics/ctr_outliers.sql",
        "WHERE abs(sigmas_away) >=", "WHERE sigmas_away >=",
        f"{FRAUD}::test_an_outlier_is_far_from_the_ctr_of_all",
    ),
    Mutation(
        "an outlier is compared with groups that are not judged", "sql/metrics/ctr_outliers.sql",
        "count(*) OVER () AS compared", "max(impressions) OVER () AS compared",
        f"{FRAUD}::test_an_outlier_is_far_from_the_ctr_of_all",
    ),
    Mutation(
        "an event id of two impressions is a duplicate", "sql/metrics/recent_duplicates.sql",
        "from_big_endian_64(xxhash64(to_utf8(impression_id))) AS impression_hash",
        "0 AS impression_hash",
        f"{FRAUD}::test_recent_duplicates_repeat_an_event_of_an_impression",
    ),
    Mutation(
        "a delete file is a small file", "sql/metrics/small_files.sql",
        "count_if(content = 0 AND file_size_in_bytes <", "count_if(file_size_in_bytes <",
        f"{FRAUD}::test_small_files_are_below_the_size_and_deletes_are_rows",
    ),
    Mutation(
        "panels show DECIMAL, which the plug-in gives as text", "tools.grafana.queries:Column.sql",
        'f"CAST({self.expression} AS double)" if self.is_number else self.expression',
        "self.expression",
        f"{PANELS}::test_a_number_is_cast_since_the_plug_in_gives_decimals_as_text",
    ),
    Mutation(
        "a dashboard was edited by hand", "grafana/dashboards/operations.json",
        '"refresh": "30s"', '"refresh": "1s"',
        f"{PANELS}::test_a_generated_file_has_not_drifted",
    ),
    Mutation(
        "variables of two meanings share a name", "tools.grafana.frame:_asked",
        "if (known.type_name, known.default) != (parameter.type_name, parameter.default):",
        "if known is None:",
        f"{PANELS}::test_two_metrics_that_mean_different_things_by_one_name_are_refused",
    ),
    Mutation(
        "Trino has no catalog for clients that name none", "infra/trino/config.properties",
        "sql.default-catalog=lakehouse", "",
        f"{ON_TRINO}::test_the_plug_in_names_no_catalog_and_gets_the_lake",
    ),
)  # fmt: skip
