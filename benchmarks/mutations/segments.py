"""Channel and region of an event, and whose they are."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

UNIT = "tests/unit/attribution/test_segments.py"
SPARK = "tests/spark/attribution/test_segments.py"

SEGMENTS: tuple[Mutation, ...] = (
    Mutation(
        "the last channel that arrived wins", "adlake.attribution.law.segments:_smallest",
        "return min((text for text in texts if text is not None), default=None)",
        "return ([None] + [text for text in texts if text is not None])[-1]", UNIT,
    ),
    Mutation(
        "the channel of a losing content counts", "adlake.attribution.law.segments:_of_donor",
        "and one.event.content_key == donor.content_key", "", UNIT,
    ),
    Mutation(
        "lower case by the Unicode tables of this Python",
        "adlake.attribution.law.segment_text:segment_text",
        '.translate(_TO_LOWER)', ".lower()", UNIT,
    ),
    Mutation(
        "all kinds of white space are cut off",
        "adlake.attribution.law.segment_text:segment_text", 'strip(" ")', "strip()",
        "tests/unit/attribution/test_admission_corpus.py",
    ),
    Mutation(
        "segments of any delivery in Spark",
        "adlake.attribution.spark.segments:impression_segments",
        'F.min(F.struct(*_CONTENT, "channel", "region"))',
        'F.min(F.struct("channel", "region", *_CONTENT))',
        f"{SPARK}::test_segments_of_spark_are_those_of_python",
    ),
    Mutation(
        "an existing Bronze keeps its old columns", "adlake.io.iceberg.ddl:_add_columns",
        "    if not lacking:\n", "    if True:\n",
        f"{SPARK}::test_bronze_of_an_older_lake_gets_the_columns_once",
    ),
)  # fmt: skip
