"""Bugs planted in the Spark form of the alert rules, and in when the log is built."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

LOG = "tests/spark/alerts/test_log.py"
WORKED = f"{LOG}::test_the_worked_examples_are_those_of_plain_python"
SEEDED = f"{LOG}::test_seeded_stories_are_those_of_plain_python[seed 1]"
KEEPER = "tests/unit/alerts/test_keeper.py"
UNTIL = "tests/unit/alerts/test_until.py"

ALERT_LOG: tuple[Mutation, ...] = (
    Mutation(
        "what came too late counts for a rule", "adlake.alerts.spark_windows:windows_of_ads",
        'f"{name} - late_{name}"', 'f"{name}"', WORKED,
    ),
    Mutation(
        "a window without events is no window", "adlake.alerts.spark_windows:every_window",
        'every.join(windows, [*KEY, "begin_ms"], "left")',
        'every.join(windows, [*KEY, "begin_ms"])', WORKED,
    ),
    Mutation(
        "the usual count is that of the hour", "adlake.alerts.spark_baselines:usual",
        "coalesce(week_count / {_PER_HOUR},", "coalesce(week_count / 1,", WORKED,
    ),
    Mutation(
        "the usual rate forgets the week before", "adlake.alerts.spark_baselines:usual_of_hours",
        "{1 - NEW_WEEK_SHARE}D * usual", "{1 - NEW_WEEK_SHARE}D * week.middle", WORKED,
    ),
    Mutation(
        "half of the expected count is no drop yet", "adlake.alerts.spark_verdicts:verdicts",
        "k <= {VOLUME_DROP}D * expected", "k <= 0.1D * expected", WORKED,
    ),
    Mutation(
        "three silent windows are judged one by one", "adlake.alerts.spark_verdicts:verdicts",
        "exp(-greatest(expected, silent_together))", "exp(-expected)", WORKED,
    ),
    Mutation(
        "S goes on after an alert", "adlake.alerts.spark_cusum:",
        "named_struct('s', 0D, 'at', array_append(held.at, x.begin_ms))",
        "named_struct('s', {_REACHED}, 'at', array_append(held.at, x.begin_ms))", SEEDED,
    ),
    Mutation(
        "an incident outlives its only alert", "adlake.alerts.spark_log:",
        "WHEN {_LOSES} AND held.alive = 1 THEN", "WHEN FALSE THEN", WORKED,
    ),
    Mutation(
        "two good windows end an incident", "adlake.alerts.spark_log:",
        "IF(rule = '{Rule.SILENCE}', 1, 3)", "IF(rule = '{Rule.SILENCE}', 1, 2)", WORKED,
    ),
    Mutation(
        "a withdrawn alert stays one", "adlake.alerts.spark_log:_log_rows",
        "IF(withdrawn_ms IS NULL, 'fired', 'withdrawn')", "'fired'", WORKED,
    ),
    Mutation(
        "a lag of the lake looks like silence", "adlake.alerts.until:read_until",
        "return last.timestamp_ms - 1", "return last.timestamp_ms + 600_000",
        f"{UNTIL}::test_a_partition_that_goes_on_holds_it_back",
    ),
    Mutation(
        "sums that lack a batch judge", "adlake.alerts.until:read_until",
        "contained != records.next_offsets.get(partition)", "False",
        f"{UNTIL}::test_what_is_not_known_judges_nothing",
    ),
    Mutation(
        "every look builds", "adlake.alerts.handler:AlertKeeper.run",
        "if until_ms is None or judged(until_ms) <= self._built:", "if until_ms is None:",
        f"{KEEPER}::test_a_stream_that_lags_judges_later",
    ),
    Mutation(
        "builds may take all the time", "adlake.alerts.handler:AlertKeeper.run",
        "most = MOST_OF_THE_TIME if built.is_whole else MOST_WHEN_NEW", "most = 1.0",
        f"{KEEPER}::test_builds_take_a_twentieth_of_the_time_at_most_and_a_fifth_where_little_is_new",
    ),
)  # fmt: skip
