"""Records as foreign producers send them: times, codecs, headers."""

from __future__ import annotations

from benchmarks.mutations.files import BATCH
from benchmarks.mutations.mutation import Mutation

RECORD_TIMES = "tests/unit/streaming/test_record_times.py"
CODECS = "tests/unit/io/test_codecs.py"

RECORDS: tuple[Mutation, ...] = (
    Mutation(
        "a codec that is not known looks like a broker that is away",
        "adlake.io.kafka.topic:clear_errors",
        "except (UnsupportedCodecError, CorruptRecordError) as error", "except () as error", CODECS,
    ),
    Mutation(
        "one record that cannot be unpacked hides the last records of all partitions",
        "adlake.io.kafka.last_records:_readable",
        "found |= _readable(consumer, {partition: offset}, bootstrap_servers)", "pass", CODECS,
    ),
    Mutation(
        "the broker takes timestamps of any age", "adlake.io.kafka.admin:OLDEST_MS",
        "OLDEST_MS: Final = 100 * YEAR_MS", "OLDEST_MS: Final = 2**63 - 1", CODECS,
    ),
    Mutation(
        "times before 1582 are kept in another calendar",
        "adlake.streaming.batch:BatchProcessor._processed",
        "if not has_exact_times and", "if False and",
        f"{BATCH}::test_record_times_of_another_calendar_are_read_again_before_anything_is_written",
    ),
    Mutation(
        "a batch that Spark cannot read is tried in the same way for ever",
        "adlake.streaming.reread:is_unreadable",
        '"ArithmeticException" in text', "False", RECORD_TIMES,
    ),
    Mutation(
        "a time that the lake cannot hold looks like a lost tail",
        "adlake.io.iceberg.stamp:LastRecord.is_same",
        "kept_ms = ingest_ms(of_broker.timestamp_ms)", "kept_ms = of_broker.timestamp_ms",
        RECORD_TIMES,
    ),
    Mutation(
        "the second reader reads past the batch", "adlake.io.kafka.ranges:_read",
        "if record.offset < ends[partition]:", "if True:", RECORD_TIMES,
    ),
    Mutation(
        "a header's name in another encoding makes its record unreadable",
        "adlake.io.kafka.header_names:_AnyText.decode",
        'decode(encoding, "replace")', "decode(encoding)", CODECS,
    ),
    Mutation(
        "the second reader stops at a header's name in another encoding",
        "adlake.io.kafka.committed:committed_records",
        "    accept_any_header_names()\n", "", CODECS,
    ),
)  # fmt: skip
