"""Offsets that hold no record: marks of transactions, aborted records."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

EMPTY = "tests/unit/maintenance/test_empty_offsets.py"
COMPLETENESS = "tests/spark/maintenance/test_completeness.py"
COVERAGE = "tests/unit/proof/test_offset_coverage.py"
HOLES = "tests/unit/io/test_topic_holes.py"

EMPTY_OFFSETS: tuple[Mutation, ...] = (
    Mutation("marks of transactions are gaps in the batch counts",
        "adlake.maintenance.empty_offsets:empty_offsets",
             "if log is None:", "if True:", EMPTY),
    Mutation("batches are counted without asking about missing offsets",
        "adlake.maintenance.batch_counts:record_batches",
             "empty_offsets(records, found, before, broker_log)", "{}",
             f"{COMPLETENESS}::"
             "test_offsets_that_the_broker_calls_empty_are_no_gap_and_are_recorded"),
    Mutation("any missing offset counts as empty", "adlake.maintenance.empty_offsets:empty_offsets",
             "for gap, is_hole in judged(gaps, log.find_holes) if is_hole)",
             "for gap, _ in judged(gaps, log.find_holes))", EMPTY),
    Mutation("the seam between two batches is counted twice",
        "adlake.maintenance.empty_offsets:empty_offsets",
             "sorted({*seams, *_gaps_of(records, log.source_label, list(gappy))})",
             "[*seams, *_gaps_of(records, log.source_label, list(gappy))]", EMPTY),
    Mutation("recorded marks explain any gap that the broker has deleted",
             "adlake.proof.bronze_gaps:_Tally.result",
             "if self._old_missing == self._recorded:", "if self._recorded:", COVERAGE),
    Mutation("verify asks about the first transactions only", "adlake.io.kafka.holes:judged",
             "while piece := list(islice(source, RANGES_AT_ONCE)):",
             "for piece in [list(islice(source, RANGES_AT_ONCE))]:", COVERAGE),
    Mutation("a broker that shows nothing is taken for a lost record",
        "adlake.io.kafka.holes:_Reader._first_record_is_behind",
             "if silent == POLLS:", "if silent == POLLS:\n                return False", HOLES),
    Mutation("what a transaction holds back is asked for and waited for",
        "adlake.io.kafka.holes:_holes",
             "begin <= one.first and one.next <= end and", "begin <= one.first and", HOLES),
    Mutation("status does not say what waits behind a transaction",
        "adlake.devstack.status:_with_pending",
             'if row.service != "stream" or', "if True or",
             "tests/unit/devstack/test_stack.py"),
)  # fmt: skip
