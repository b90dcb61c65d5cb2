"""Admission: what is an event, and what is rejected."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PARITY = "tests/spark/test_admit_parity.py"
ADMIT = "src/adlake/transforms/admit.py"

ADMISSION: tuple[Mutation, ...] = (
    Mutation(
        "future events are admitted", ADMIT,
        'F.col("ingest_ms") + constants.future_tolerance_ms',
        'F.col("ingest_ms") + 10**15', PARITY,
    ),
    Mutation(
        "a price written as text is taken for money", ADMIT,
        'return (_kind(name) == "BIGINT") | _kind(name).startswith("D")',
        'return _kind(name) != "VOID"', PARITY,
    ),
    Mutation(
        "bytes that are not UTF-8 are stored as text", ADMIT,
        '"raw_payload": F.when(is_utf8, text)', '"raw_payload": text', PARITY,
    ),
)  # fmt: skip
