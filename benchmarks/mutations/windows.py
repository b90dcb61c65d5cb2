"""Windows of five minutes: where an event counts, what is late, and how a span is asked for."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SPARK = "tests/spark/attribution/test_rollup.py"
VIEWS = "tests/contract/attribution/test_window_views.py"
AUDIT = "tests/contract/business/test_business_audit.py"
API = "tests/unit/api/test_kpis.py"
MODULE = "adlake.attribution.rollup.windows"

WINDOWS: tuple[Mutation, ...] = (
    Mutation(
        "a click counts in the window of its impression", f"{MODULE}:_placed",
        "event.t - pmod(event.t,",
        "unix_millis(impression_time) - pmod(unix_millis(impression_time),",
        f"{SPARK}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "a second impression counts too", f"{MODULE}:", "filter(held, x -> x.r > 0)",
        "filter(held, x -> TRUE)", f"{SPARK}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "late begins with the window's end", f"{MODULE}:", "WINDOW_MS + FINAL_MS", "WINDOW_MS + 0",
        f"{SPARK}::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "verify does not look at late clicks", "sql/checks/rollup_5m.sql",
        "    OR late_clicks <> 0\n", "", f"{VIEWS}::test_a_planted_difference_is_seen",
    ),
    Mutation(
        "rates are of a window, not of the hour", "sql/views/campaign_metrics_hourly.sql",
        "GROUP BY campaign_id, channel, date_trunc('hour', window_start)",
        "GROUP BY campaign_id, channel, window_start",
        f"{VIEWS}::test_p1_and_p6_an_hour_with_a_click_that_came_late",
    ),
    Mutation(
        "a raw event is there once for each of its contents", "sql/views/raw_events.sql",
        "WHERE content_position = 1", "WHERE content_position >= 1",
        f"{AUDIT}::test_raw_events_are_every_admitted_event_once",
    ),
    Mutation(
        "what was paid for a sale is a cost of its raw event", "sql/views/raw_events.sql",
        "CASE type_rank WHEN 0 THEN micros ELSE 0 END", "micros",
        f"{AUDIT}::test_raw_events_are_every_admitted_event_once",
    ),
    Mutation(
        "the newest minutes begin in the middle of a window",
        "adlake.api.routes.kpis:realtime_funnel",
        "rounded_down(until - timedelta(minutes=minutes))",
        "until - timedelta(minutes=minutes)",
        f"{API}::test_p3_the_newest_minutes_begin_with_a_whole_window",
    ),
    Mutation(
        "half an hour is an hour", "adlake.api.spans:span_of",
        "rounded_down(moment, unit) != moment", "rounded_down(moment) != moment",
        f"{API}::test_what_is_no_span_of_whole_windows_is_named",
    ),
    Mutation(
        "a campaign nobody heard of has zeros", "adlake.api.routes.kpis:_refuse_unknown",
        "if not is_known:", "if False:", f"{API}::test_a_campaign_nobody_heard_of",
    ),
)  # fmt: skip
