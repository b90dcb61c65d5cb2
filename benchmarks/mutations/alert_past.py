"""Bugs planted in what the alert log's keeper remembers, and in when it believes that."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

MEMORY = "tests/spark/alerts/test_memory.py"
STEPS = f"{MEMORY}::test_only_new_windows_are_judged_until_a_past_one_changes"
NOTICED = f"{MEMORY}::test_each_change_of_what_a_past_window_was_judged_by_is_noticed"
PAST = "tests/spark/alerts/test_past.py"
WEEKS = f"{PAST}::test_the_usual_rate_goes_on_from_week_to_week"
KEEPER = "tests/unit/alerts/test_keeper.py"

ALERT_PAST: tuple[Mutation, ...] = (
    Mutation(
        "S begins anew with each build", "adlake.alerts.spark_cusum:with_sums",
        'F.coalesce("s", F.lit(0.0))', "F.lit(0.0)", STEPS,
    ),
    Mutation(
        "a past that changed is believed", "adlake.alerts.memory:Memory.step",
        "judge(frames, moments, past, frozen) if is_same else None",
        "judge(frames, moments, past, frozen)", STEPS,
    ),
    Mutation(
        "the past goes on one window too long", "adlake.alerts.spark_past:past_of",
        "moments.next_ms, frozen.freeze(spans_then)",
        "moments.next_ms + 300_000, frozen.freeze(spans_then)", STEPS,
    ),
    Mutation(
        "incidents that are open are forgotten", "adlake.alerts.spark_log:alert_tables",
        "_folded(told, moments, known.open)",
        '_folded(told, moments, known.open.where("FALSE"))', STEPS,
    ),
    Mutation(
        "the alerts of an open incident are forgotten", "adlake.alerts.spark_log:alert_tables",
        "_alerts(told).unionByName(known.alerts)", "_alerts(told)", STEPS,
    ),
    Mutation(
        "verdicts that were applied are applied again", "adlake.alerts.spark_log:_folded",
        """at(told, moments).where(f"cutoff_ms > {settled('from_ms')}")""", "at(told, moments)",
        f"{PAST}::test_incidents_about_the_last_verdict_on_remembered_windows",
    ),
    Mutation(
        "silence begins anew with each build", "adlake.alerts.spark_baselines:usual",
        'f"begin_ms >= from_ms - {beside_ms}L"', '"begin_ms >= from_ms"', STEPS,
    ),
    Mutation(
        "the usual rate begins anew with each build",
        "adlake.alerts.spark_baselines:usual_of_hours",
        "aggregate(past, known_rate,", "aggregate(past, CAST(NULL AS DOUBLE),", WEEKS,
    ),
    Mutation(
        "the hours before are forgotten", "adlake.alerts.spark_baselines:hour_sums",
        "sums.unionByName(known)", 'sums.unionByName(known.where("FALSE"))', WEEKS,
    ),
    Mutation(
        "a campaign that is back is judged from now on", "adlake.alerts.spark_past:judge",
        'seen.where("came_back").count()', "False",
        f"{MEMORY}::test_a_campaign_that_had_ended_and_is_back_is_judged_whole",
    ),
    Mutation(
        "what comes too late changes the past", "adlake.alerts.fingerprint:_of_windows",
        'f"{n} - late_{n}"', 'f"{n}"', NOTICED,
    ),
    Mutation(
        "the end of a rule is looked at before it comes", "adlake.alerts.fingerprint:_in_force",
        "least(end_ms, {moment})", "end_ms", NOTICED,
    ),
    Mutation(
        "files that came or went are not looked at", "adlake.alerts.fingerprint:_first_day",
        "for path in files.keys() ^ known.keys()", "for path in ()",
        f"{MEMORY}::test_days_whose_files_stayed_are_not_read_again",
    ),
    Mutation(
        "incidents that were left behind wait for a window", "adlake.alerts.handler:_built",
        "judged(min(until))", "judged(max(until))",
        f"{KEEPER}::test_a_table_that_was_left_behind_is_written_at_once",
    ),
)  # fmt: skip
