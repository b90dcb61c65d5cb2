"""One batch: the writer, the stamps, the guard, the repair."""

from __future__ import annotations

from benchmarks.mutations.files import BATCH, BATCH_JOB, GOLD, SINK, WRITER
from benchmarks.mutations.mutation import Mutation

GOLD_WRITER = "tests/spark/attribution/test_gold_writer.py"
LINEAGE = "tests/spark/io/test_lineage.py"
SPREAD = "tests/spark/streaming/test_spread_batches.py"
STOPS = "tests/faults/test_stops.py"
BATCH_FACTS = "src/adlake/streaming/batch_facts.py"
START = "src/adlake/streaming/repair.py"
MAINTENANCE = "src/adlake/io/iceberg/expiry.py"

BATCHES: tuple[Mutation, ...] = (
    Mutation(
        "a repeated batch rewrites rows", GOLD,
        "NOT ({encoded_state_sql('state')} <=> known_state)", "TRUE", GOLD_WRITER,
    ),
    Mutation(
        "rows already known are appended again", WRITER,
        'new = batch.join(F.broadcast(known), "impression_id", "left_anti")',
        'new = batch', GOLD_WRITER,
    ),
    Mutation(
        "the leftover of a killed batch is published with the next", WRITER,
        "        self.table.reset_staging()\n", "        self.table.java_table()\n", GOLD_WRITER,
    ),
    Mutation(
        "expired guard: the newest stamp is forgotten", MAINTENANCE,
        "limit = min(older_than_ms, stamped_ms)", "limit = older_than_ms", GOLD_WRITER,
    ),
    Mutation(
        "expiry takes the snapshots that readers pinned", MAINTENANCE,
        ".retainLast(keep)", ".retainLast(1)", GOLD_WRITER,
    ),
    Mutation(
        "a compaction hides the stamp below it", "src/adlake/io/iceberg/table.py",
        "            snapshot = None if parent_id is None else table.snapshot(parent_id)\n\n",
        "            snapshot = None\n\n", GOLD_WRITER,
    ),
    Mutation(
        "no stamp: the guard knows no offsets", "src/adlake/io/iceberg/table.py",
        "        session.conf.set(key, value)", "        session.conf.unset(key)", BATCH,
    ),
    Mutation(
        "guard off by one: the last contained record is read again", BATCH_FACTS,
        "AND kafka_offset < {offset})", "AND kafka_offset < {offset} - 1)", BATCH,
    ),
    Mutation(
        "guard by batch: what was read before is not looked at", BATCH_FACTS,
        "    return deliveries if is_ahead else beyond(deliveries, next_offsets)",
        "    return deliveries", BATCH,
    ),
    Mutation(
        "guard by batch id: a number that was stamped before is taken for a repeat", BATCH_JOB,
        "            if facts is None:\n",
        "            newest = self._derived[0].table.newest_stamp()\n"
        "            known = int(newest.properties[stamps.BATCH_ID]) if newest else -1\n"
        "            if facts is None or batch_id <= known:\n",
        f"{BATCH}::test_batches_that_overlap_are_applied_once",
    ),
    Mutation(
        "persisted cache: rows read from a table change when it is written",
        "src/adlake/io/spark/lineage.py",
        "        frozen = frame.localCheckpoint(eager=True)\n"
        "        self._frozen.append(frozen)\n",
        "        frozen = frame.persist()\n        frozen.count()\n",
        f"{LINEAGE}::test_a_frozen_frame_keeps_its_rows_when_its_table_is_written",
    ),
    Mutation(
        "blind retry: a failed attempt is repeated without reading the stamps",
        "src/adlake/streaming/attempts.py", "                    processor.refresh()\n",
        "                    pass\n", BATCH,
    ),
    Mutation(
        "no repair: Gold stays behind Bronze after a kill", START,
        "        writer.apply(deliveries", "        (deliveries", BATCH,
    ),
    Mutation(
        "offsets of an older source epoch are taken for those of the new one", SINK,
        "is_of_now = stamp is not None and", "is_of_now = stamp is not None or", BATCH,
    ),
    Mutation(
        "a driver does not hear SIGTERM", "src/adlake/streaming/application.py",
        "return self._signals.came or self._stopping.is_set()", "return self._stopping.is_set()",
        f"{STOPS}::test_f03_sigterm_ends_the_driver_cleanly_at[batch.end]",
    ),
    Mutation(
        "a batch opens a file for each hour it spans", SINK,
        "is_wide = batch.facts.hours > MOST_PARTITIONS", "is_wide = False",
        f"{SPREAD}::test_a_batch_over_5000_hours_opens_few_partitions",
    ),
    Mutation(
        "a batch opens a file of Gold for each day it spans", WRITER,
        "<= _MOST_OPEN_DAYS:", "<= 10**9:",
        f"{SPREAD}::test_impressions_of_a_thousand_days_are_written_and_replayed_one_file_at_a_time",
    ),
    Mutation(
        "one compaction does all days, however many", "src/adlake/maintenance/upkeep.py",
        '"max-files-to-rewrite": str(most_files)', '"max-files-to-rewrite": "1000000"',
        "tests/spark/attribution/test_wide_compaction.py",
    ),
    Mutation(
        "a Gold that outlived its Bronze names the lost one", SINK,
        "not to_stamp:", "True:",
        f"{BATCH}::test_a_gold_that_outlived_its_bronze_names_the_new_one_once_that_holds_as_much",
    ),
)  # fmt: skip
