"""The law: which events count, and what a row of Gold says."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

GOLD_ROWS = "tests/spark/attribution/test_gold_rows.py"
CROWDED = "tests/spark/attribution/test_crowded_impressions.py"

LAW: tuple[Mutation, ...] = (
    Mutation(
        "no dedup: every delivery of an event counts", "adlake.attribution.spark.fold:",
        "(x, n) -> n = 0 OR x.e <> {0}[n - 1].e)", "(x, n) -> TRUE)", GOLD_ROWS,
    ),
    Mutation(
        "arrival order: events are kept as they came", "adlake.attribution.spark.fold:batch_states",
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.collect_list("event")', GOLD_ROWS,
    ),
    Mutation(
        "last payload wins instead of the smallest", "adlake.attribution.spark.fold:batch_states",
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"), False)',
        GOLD_ROWS,
    ),
    Mutation(
        "money as DOUBLE", "adlake.attribution.spark.gold:_money",
        "CAST(CAST({micros} AS DECIMAL(32, 0)) * 0.000001BD AS DECIMAL({precision}, 6))",
        "CAST(CAST({micros} AS DOUBLE) * 0.000001D AS DECIMAL({precision}, 6))", GOLD_ROWS,
    ),
    Mutation(
        "wall clock as the time of the last update",
        "adlake.attribution.spark.gold:_output_columns",
        '"timestamp_millis(updated_ms)"', '"current_timestamp()"', GOLD_ROWS,
    ),
    Mutation(
        "open window: seven days after the click is outside",
        "adlake.attribution.spark.gold:_with_attribution",
        "<= {window_sql(law, 'x.t')}", "< {window_sql(law, 'x.t')}", GOLD_ROWS,
    ),
    Mutation(
        "a click at the moment of the conversion does not count",
        "adlake.attribution.spark.gold:_with_attribution",
        "x.t - a.last_click_ms <=", "x.t > a.last_click_ms AND x.t - a.last_click_ms <=", GOLD_ROWS,
    ),
    Mutation(
        "late begins at one hour instead of after it",
        "adlake.attribution.spark.gold:_output_columns",
        "lag_ms > {law.late_tolerance_ms}", "lag_ms >= {law.late_tolerance_ms}", GOLD_ROWS,
    ),
    Mutation(
        "the stored state is read again for each of its events", "adlake.payload.spark.let:let_sql",
        'return f"transform(array({value}), {name} -> {body})[0]"',
        'return __import__("re").sub(rf"\\b{name}\\b", lambda _: value, body)', CROWDED,
    ),
    Mutation(
        "plain Python sorts the state again for each delivery",
        "adlake.attribution.law.state:_fold",
        "        known = winners.get(event.event_id)\n",
        "        known = winners.get("
        "(sorted(winners.values(), key=_by_event_id), event.event_id)[1])\n",
        "tests/unit/attribution/test_law_crowded.py",
    ),
)  # fmt: skip
