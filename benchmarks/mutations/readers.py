"""Readers: Trino, the metrics and the dashboard."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

READS_ONLY = "tests/contract/trino/test_trino_reads_only.py"
BOUNDS = "tests/unit/dashboard/test_bounds.py"
SQL_READERS = "tests/unit/io/test_sql_readers.py"
REUSE = "tests/unit/attribution/test_reused_event_ids.py"
CROWD = "tests/contract/metrics/test_metrics_many_campaigns.py"

READERS: tuple[Mutation, ...] = (
    Mutation(
        "a chart of a notebook is a page that loads Vega from a CDN",
        "adlake.notebook.charts:draw_by_jupyterlab",
        '    alt.renderers.enable("adlake")\n', '    alt.renderers.enable("html")\n',
        "tests/unit/notebook/test_notebooks.py",
    ),
    Mutation(
        "Trino lets table procedures through", "infra/trino/catalog/lakehouse.jdbc.properties",
        "iceberg.security=READ_ONLY", "iceberg.security=ALLOW_ALL",
        f"{READS_ONLY}::test_every_write_is_refused_and_nothing_changes",
    ),
    Mutation(
        "anybody may see and kill a query of another in Trino", "infra/trino/access-rules.json",
        '"allow": ["execute"]', '"allow": ["execute", "view", "kill"]',
        f"{READS_ONLY}::test_nobody_sees_or_kills_the_query_of_another",
    ),
    Mutation(
        "the secret of Trino's internal requests is a known name", "infra/trino/config.properties",
        "internal-communication.shared-secret=$${ENV:TRINO_INTERNAL_SECRET}", "",
        f"{READS_ONLY}::test_internal_requests_are_signed_by_a_secret_of_this_lake",
    ),
    Mutation(
        "answers of the dashboard are kept for ever", "adlake.dashboard.lake:AnswerCache.get",
        "            self._make_room()\n", "",
        f"{BOUNDS}::test_answers_of_minutes_long_past_are_forgotten",
    ),
    Mutation(
        "the dashboard asks for every campaign", "adlake.dashboard.campaigns:ask_campaigns",
        '{"most": str(MOST_CAMPAIGNS)}', '{"most": str(10**9)}',
        f"{BOUNDS}::test_every_list_a_page_asks_for_is_bounded",
    ),
    Mutation(
        "the count of campaigns is that of the rows shown", "sql/metrics/campaign_performance.sql",
        "count(*) OVER () AS campaigns", "least(count(*) OVER (), 100) AS campaigns",
        f"{CROWD}::test_the_largest_campaigns_come_with_the_count_of_all",
    ),
    Mutation(
        "a query right after the start of Trino finds no node", "adlake.io.trino.client:_execute",
        "if error.error_name != _NO_NODE or", "if True or",
        "tests/unit/io/test_trino_client.py::test_a_query_waits_until_there_is_a_node",
    ),
    Mutation(
        "rejects from before 1970 are hidden", "sql/metrics/rejected_by_reason.sql",
        "with time zone), ingest_ts)", "with time zone), TIMESTAMP '1970-01-01 00:00:00 UTC')",
        "tests/contract/metrics/test_metrics_edges.py::test_rejects_with_odd_times_are_shown",
    ),
    Mutation(
        "Spark's view trims the zero by the digits", "sql/views/spark/admitted_deliveries.sql",
        "trim(LEADING '0' FROM concat(whole_digits, fraction_digits))",
        "trim(LEADING concat(whole_digits, fraction_digits) FROM '0')",
        "tests/contract/proof/test_audit_views.py::"
        "test_admitted_deliveries_have_the_content_of_the_law",
    ),
    Mutation(
        "explain reads an impression of any size", "adlake.proof.explain:bounded",
        "if len(kept) > MOST_DELIVERIES or held_bytes > MOST_PAYLOAD_BYTES:", "if not kept:",
        "tests/unit/proof/test_explain.py::test_an_impression_with_very_many_deliveries_is_refused_before_they_are_all_read",
    ),
    Mutation(
        "an event id used for two impressions is no finding", "sql/views/reused_event_ids.sql",
        "HAVING min(impression_id) <> max(impression_id)",
        "HAVING count(DISTINCT impression_id) > 2",
        f"{REUSE}::test_each_use_counts_what_was_worked_out_by_hand",
    ),
    Mutation(
        "the first use of a reused event id is at stake too", "sql/views/reused_event_ids.sql",
        "CASE WHEN use_number > 1 THEN revenue", "CASE WHEN use_number > 0 THEN revenue",
        f"{REUSE}::test_each_use_counts_what_was_worked_out_by_hand",
    ),
    Mutation(
        "a backslash ends a literal of Spark", "adlake.io.sql.literals:_quoted",
        'if dialect == "spark" else text', 'if dialect == "none" else text',
        f"{SQL_READERS}::test_a_backslash_ends_no_literal_of_spark",
    ),
    Mutation(
        "a name inside a comment or a literal is a parameter", "adlake.io.sql.template:substituted",
        'match["skipped"] or replacement(match["name"])',
        're.sub(":([a-z_]+)", lambda m: replacement(m[1]), match[0])',
        f"{SQL_READERS}::test_each_engine_gets_its_own_placeholders_and_the_values_apart",
    ),
    Mutation(
        "a value used twice is bound once", "adlake.io.sql.trino:rendered.placeholder",
        "        bound.append(values[name])\n",
        "        bound.extend([] if values[name] in bound else [values[name]])\n",
        f"{SQL_READERS}::test_each_engine_gets_its_own_placeholders_and_the_values_apart",
    ),
    Mutation(
        "Grafana splices what a person typed", "adlake.io.sql.grafana:_variable",
        ":sqlstring}}", ":raw}}",
        f"{SQL_READERS}::test_grafana_quotes_every_variable_and_takes_the_dashboards_range",
    ),
    Mutation(
        "the time range takes in its end", "sql/fragments/time_range.sql",
        "AND :moment < coalesce", "AND :moment <= coalesce",
        f"{SQL_READERS}"
        "::test_the_time_range_is_open_where_nothing_is_given_and_ends_before_until",
    ),
    Mutation(
        "every page asks for reused event ids at every refresh",
        "adlake.dashboard.lake:Sources.recent_reuse",
        "at_least_seconds=REUSE_KEPT_SECONDS,", "",
        "tests/unit/dashboard/test_reuse.py"
        "::test_trino_is_asked_for_reuse_once_a_minute_whatever_the_pages_do",
    ),
)  # fmt: skip
