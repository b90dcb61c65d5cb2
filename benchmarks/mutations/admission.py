"""Admission: what is an event, and what is rejected."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PARITY = "tests/spark/attribution/test_admit_parity.py"
QUICK_READER = "tests/unit/attribution/test_strict_json.py"
READER = "src/jvm/adlake/payload/StrictReader.java"

ADMISSION: tuple[Mutation, ...] = (
    Mutation(
        "future events are admitted", "adlake.payload.spark.admission:with_time_faults",
        'F.col("ingest_ms") + constants.future_tolerance_ms',
        'F.col("ingest_ms") + 10**15', PARITY,
    ),
    Mutation(
        "a price written as text is taken for money", "adlake.payload.spark.admission:is_number",
        'return kind(name).isin("BIGINT", "DOUBLE")',
        'return kind(name) != "VOID"', PARITY,
    ),
    Mutation(
        "bytes that are not UTF-8 are stored as text",
        "adlake.payload.spark.admission:payload_steps",
        '"raw_payload": F.when(is_utf8, as_text)', '"raw_payload": as_text', PARITY,
    ),
    Mutation(
        "what follows the object is not looked at", READER,
        "(int) parser.currentLocation().getByteOffset()", "text.length", PARITY,
    ),
    Mutation(
        "the last of two equal keys counts", READER,
        ".enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)",
        ".disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)", PARITY,
    ),
    Mutation(
        "one level too deep is read", READER,
        "MAX_NESTING_DEPTH = 1000", "MAX_NESTING_DEPTH = 1001", PARITY,
    ),
    Mutation(
        "any two surrogates are a pair", READER,
        "Character.isSurrogatePair(c, text.charAt(i + 1))",
        "Character.isSurrogate(text.charAt(i + 1))", PARITY,
    ),
    Mutation(
        "a number with a fraction is an integer", READER,
        "kinds[place] = DOUBLE", "kinds[place] = BIGINT", PARITY,
    ),
    Mutation(
        "NaN is no JSON rather than not finite", READER,
        "hasNonFinite |= token == JsonToken.VALUE_NUMBER_FLOAT",
        "hasNonFinite |= token == JsonToken.VALUE_NUMBER_INT", PARITY,
    ),
    Mutation(
        "an equal key is told before the depth", READER,
        'isDeep ? "TOO_DEEP" : hasDuplicate ? "DUP_KEY" : null',
        'hasDuplicate ? "DUP_KEY" : isDeep ? "TOO_DEEP" : null', PARITY,
    ),
    Mutation(
        "the quick reader takes the last of two equal keys",
        "adlake.payload.plain.strict_json:_plain_members",
        "if found is None or found[1] in members:", "if found is None:", QUICK_READER,
    ),
    Mutation(
        "the quick reader does not look at what follows the object",
        "adlake.payload.plain.strict_json:_plain_members",
        "members and _BLANK_REST.match(text, position)", "members", QUICK_READER,
    ),
    Mutation(
        "the quick reader takes true for a null",
        "adlake.payload.plain.strict_json:_plain_members",
        '_NULL if word == "null" else _OTHER', "_NULL", QUICK_READER,
    ),
)  # fmt: skip
