"""Admission: what is an event, and what is rejected."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PARITY = "tests/spark/attribution/test_admit_parity.py"

ADMISSION: tuple[Mutation, ...] = (
    Mutation(
        "future events are admitted", "adlake.payload.spark.admission:with_time_faults",
        'F.col("ingest_ms") + constants.future_tolerance_ms',
        'F.col("ingest_ms") + 10**15', PARITY,
    ),
    Mutation(
        "a price written as text is taken for money", "adlake.payload.spark.admission:is_number",
        'return (kind(name) == "BIGINT") | kind(name).startswith("D")',
        'return kind(name) != "VOID"', PARITY,
    ),
    Mutation(
        "bytes that are not UTF-8 are stored as text",
        "adlake.payload.spark.admission:payload_steps",
        '"raw_payload": F.when(is_utf8, as_text)', '"raw_payload": as_text', PARITY,
    ),
)  # fmt: skip
