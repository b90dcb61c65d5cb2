"""What the log says: no noise, and each alarm once."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

ALARM_TEST = "tests/unit/attribution/test_crowd_alarm.py"
QUIET = "tests/spark/io/test_quiet_log.py"

LOG: tuple[Mutation, ...] = (
    Mutation(
        "a trace at each compaction: a table named without its catalog",
        "adlake.io.iceberg.rewriting:rewrite_files",
        "table => '{CATALOG}.{name}'", "table => '{name}'", QUIET,
    ),
    Mutation(
        "four warnings a batch: frozen rows cannot be computed again",
        "adlake.io.spark.lineage:FrozenFrames.release",
        "rdd.sparkContext().unpersistRDD(rdd.id(), False)", "rdd.unpersist(False)", QUIET,
    ),
    Mutation(
        "a crowded impression is warned of in each batch",
        "adlake.attribution.crowd_alarm:CrowdAlarm._is_news",
        "return crowd.events >= 2 * self._told[crowd.impression_id]", "return True",
        f"{ALARM_TEST}::test_a_crowded_impression_is_named_once_and_again_when_it_doubles",
    ),
    Mutation(
        "only the largest crowd of a batch is ever named",
        "adlake.attribution.crowd_alarm:CrowdAlarm.look",
        "for crowd in crowds if self._is_news", "for crowd in crowds[:1] if self._is_news",
        f"{ALARM_TEST}::test_an_id_that_joins_behind_a_larger_one_is_named",
    ),
    Mutation(
        "an impression id steers the log",
        "adlake.attribution.crowd_alarm:shown_id", '"{printable(cut)}"', '"{cut}"',
        f"{ALARM_TEST}::test_an_id_cannot_steer_the_log",
    ),
    Mutation(
        "stored events do not count for the alarm", "adlake.attribution.writer:_found_by_side",
        '_facts("events")', '_facts("0")',
        "tests/spark/attribution/test_crowded_batches.py",
    ),
    Mutation(
        "a batch that is read again leaves the trace of Spark", "infra/spark/log4j2.properties",
        "(ArithmeticException.*sql[.]kafka010[.]|", "(",
        f"{QUIET}::test_only_tasks_that_fail_by_record_times_leave_no_trace",
    ),
    Mutation(
        "no failure of a task leaves a trace", "infra/spark/log4j2.properties",
        "ArithmeticException.*sql[.]kafka010[.]", "Exception",
        f"{QUIET}::test_only_tasks_that_fail_by_record_times_leave_no_trace",
    ),
    Mutation(
        "what Spark said is lost when the second client fails too",
        "adlake.streaming.attempts:_Read.process",
        "raise error from self._unreadable", "raise",
        "tests/unit/streaming/test_record_times.py::"
        "test_a_batch_that_cannot_be_read_again_ends_with_the_trace_of_spark_too",
    ),
)  # fmt: skip
