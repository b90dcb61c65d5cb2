"""One batch: the writer, the stamps, the guard, the repair."""

from __future__ import annotations

from benchmarks.mutations.files import BATCH
from benchmarks.mutations.mutation import Mutation

GOLD_WRITER = "tests/spark/attribution/test_gold_writer.py"
LINEAGE = "tests/spark/io/test_lineage.py"
SPREAD = "tests/spark/streaming/test_spread_batches.py"
STOPS = "tests/faults/test_stops.py"

BATCHES: tuple[Mutation, ...] = (
    Mutation(
        "a repeated batch rewrites rows", "adlake.attribution.spark.gold:changed_rows",
        "NOT ({encoded_state_sql('state')} <=> known_state)", "TRUE", GOLD_WRITER,
    ),
    Mutation(
        "rows already known are appended again", "adlake.attribution.writer:GoldWriter.stage",
        'new = batch.join(F.broadcast(known), "impression_id", "left_anti")',
        'new = batch', GOLD_WRITER,
    ),
    Mutation(
        "the leftover of a killed batch is published with the next",
        "adlake.attribution.writer:GoldWriter.apply",
        "        self.table.reset_staging()\n", "        self.table.java_table()\n", GOLD_WRITER,
    ),
    Mutation(
        "expired guard: the newest stamp is forgotten", "adlake.io.iceberg.expiry:expire_snapshots",
        "limit = min(older_than_ms, stamped_ms)", "limit = older_than_ms", GOLD_WRITER,
    ),
    Mutation(
        "expiry takes the snapshots that readers pinned",
        "adlake.io.iceberg.expiry:expire_snapshots",
        ".retainLast(keep)", ".retainLast(1)", GOLD_WRITER,
    ),
    Mutation(
        "a compaction hides the stamp below it", "adlake.io.iceberg.table:IcebergTable.stamps",
        "            snapshot = None if parent_id is None else table.snapshot(parent_id)\n\n",
        "            snapshot = None\n\n", GOLD_WRITER,
    ),
    Mutation(
        "no stamp: the guard knows no offsets", "adlake.io.iceberg.table:stamped",
        "        session.conf.set(key, value)", "        session.conf.unset(key)", BATCH,
    ),
    Mutation(
        "guard off by one: the last contained record is read again",
        "adlake.streaming.batch_facts:beyond",
        "AND kafka_offset < {offset})", "AND kafka_offset < {offset} - 1)", BATCH,
    ),
    Mutation(
        "guard by batch: what was read before is not looked at",
        "adlake.streaming.batch_facts:missing_rows",
        "    return deliveries if is_ahead else beyond(deliveries, next_offsets)",
        "    return deliveries", BATCH,
    ),
    Mutation(
        "guard by batch id: a number that was stamped before is taken for a repeat",
        "adlake.streaming.batch:BatchProcessor._processed",
        "            if facts is None:\n",
        "            newest = self._derived[0].table.newest_stamp()\n"
        "            known = int(newest.properties[stamps.BATCH_ID]) if newest else -1\n"
        "            if facts is None or batch_id <= known:\n",
        f"{BATCH}::test_batches_that_overlap_are_applied_once",
    ),
    Mutation(
        "persisted cache: rows read from a table change when it is written",
        "adlake.io.spark.lineage:FrozenFrames.freeze",
        "        frozen = frame.localCheckpoint(eager=True)\n"
        "        self._frozen.append(frozen)\n",
        "        frozen = frame.persist()\n        frozen.count()\n",
        f"{LINEAGE}::test_a_frozen_frame_keeps_its_rows_when_its_table_is_written",
    ),
    Mutation(
        "blind retry: a failed attempt is repeated without reading the stamps",
        "adlake.streaming.attempts:Attempts.process", "                    processor.refresh()\n",
        "                    pass\n", BATCH,
    ),
    Mutation(
        "no repair: Gold stays behind Bronze after a kill", "adlake.streaming.repair:_catch_up",
        "        writer.apply(deliveries", "        (deliveries", BATCH,
    ),
    Mutation(
        "offsets of an older source incarnation are taken for those of the new one",
        "adlake.streaming.sink:StampedSink._of_now",
        "is_of_now = newest is not None and", "is_of_now = newest is not None or", BATCH,
    ),
    Mutation(
        "a driver does not hear SIGTERM", "adlake.streaming.application:_Run._is_asked_to_stop",
        "return self._signals.came or self._stopping.is_set()", "return self._stopping.is_set()",
        f"{STOPS}::test_f03_sigterm_ends_the_driver_cleanly_at[batch.end]",
    ),
    Mutation(
        "a batch opens a file for each hour it spans", "adlake.streaming.sink:RecordsSink._append",
        "is_wide = batch.facts.hours > MOST_PARTITIONS", "is_wide = False",
        f"{SPREAD}::test_a_batch_over_5000_hours_opens_few_partitions",
    ),
    Mutation(
        "a batch opens a file of Gold for each day it spans",
        "adlake.attribution.writer:GoldWriter._append",
        "<= _MOST_OPEN_DAYS:", "<= 10**9:",
        f"{SPREAD}::test_impressions_of_a_thousand_days_are_written_and_replayed_one_file_at_a_time",
    ),
    Mutation(
        "one compaction does all days, however many", "adlake.maintenance.between_batches:compact",
        '"max-files-to-rewrite": str(most_files)', '"max-files-to-rewrite": "1000000"',
        "tests/spark/attribution/test_wide_compaction.py",
    ),
    Mutation(
        "a Gold that outlived its Bronze names the lost one",
        "adlake.streaming.sink:DerivedSink.take",
        "not to_stamp:", "True:",
        f"{BATCH}::test_a_gold_that_outlived_its_bronze_names_the_new_one_once_that_holds_as_much",
    ),
)  # fmt: skip
