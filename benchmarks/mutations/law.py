"""The law: which events count, and what a row of Gold says."""

from __future__ import annotations

from benchmarks.mutations.files import GOLD
from benchmarks.mutations.mutation import Mutation

GOLD_ROWS = "tests/spark/attribution/test_gold_rows.py"
CROWDED = "tests/spark/attribution/test_crowded_impressions.py"
FOLD = "src/adlake/attribution/spark/fold.py"

LAW: tuple[Mutation, ...] = (
    Mutation(
        "no dedup: every delivery of an event counts", FOLD,
        "(x, n) -> n = 0 OR x.e <> s[n - 1].e)", "(x, n) -> TRUE)", GOLD_ROWS,
    ),
    Mutation(
        "arrival order: events are kept as they came", FOLD,
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.collect_list("event")', GOLD_ROWS,
    ),
    Mutation(
        "last payload wins instead of the smallest", FOLD,
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"), False)',
        GOLD_ROWS,
    ),
    Mutation(
        "money as DOUBLE", GOLD,
        "CAST(CAST({micros} AS DECIMAL(32, 0)) * 0.000001BD AS DECIMAL({precision}, 6))",
        "CAST(CAST({micros} AS DOUBLE) * 0.000001D AS DECIMAL({precision}, 6))", GOLD_ROWS,
    ),
    Mutation(
        "wall clock as the time of the last update", GOLD,
        '"timestamp_millis(updated_ms)"', '"current_timestamp()"', GOLD_ROWS,
    ),
    Mutation(
        "open window: seven days after the click is outside", GOLD,
        "<= {_window_ms(law)}", "< {_window_ms(law)}", GOLD_ROWS,
    ),
    Mutation(
        "a click at the moment of the conversion does not count", GOLD,
        "x.t - a.last_click_ms <=", "x.t > a.last_click_ms AND x.t - a.last_click_ms <=", GOLD_ROWS,
    ),
    Mutation(
        "late begins at one hour instead of after it", GOLD,
        "lag_ms > {law.late_tolerance_ms}", "lag_ms >= {law.late_tolerance_ms}", GOLD_ROWS,
    ),
    Mutation(
        "the stored state is read again for each of its events", "src/adlake/payload/spark/let.py",
        'return f"transform(array({value}), {name} -> {body})[0]"',
        'return __import__("re").sub(rf"\\b{name}\\b", lambda _: value, body)', CROWDED,
    ),
    Mutation(
        "plain Python sorts the state again for each delivery",
        "src/adlake/attribution/law/state.py",
        "        known = winners.get(event.event_id)\n",
        "        known = winners.get("
        "(sorted(winners.values(), key=_by_event_id), event.event_id)[1])\n",
        "tests/unit/attribution/test_law_crowded.py",
    ),
)  # fmt: skip
