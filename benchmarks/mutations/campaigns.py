"""Campaigns with history: updates that come late, twice, or leave something out."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SPARK = "tests/spark/dims/test_campaigns.py"
STORY = f"{SPARK}::test_the_whole_table_after_each_step_of_a_story"
PARITY = f"{SPARK}::test_versions_are_those_of_plain_python"
LOAD = "tests/unit/dims/test_load.py"

CAMPAIGNS: tuple[Mutation, ...] = (
    Mutation(
        "a version that a late update took the place of stays",
        "adlake.streaming.merging:merge",
        'f" WHEN MATCHED AND s.{IS_GONE} THEN DELETE" if IS_GONE in rows.columns else ""',
        '""', STORY,
    ),
    Mutation(
        "versions are made of the newest updates alone",
        "adlake.dims.writer:CampaignWriter.apply",
        "versions_of(stored_updates(known).unionByName(updates))", "versions_of(updates)", STORY,
    ),
    Mutation(
        "what an update leaves out is forgotten", "adlake.dims.spark_versions:versions_of",
        "F.last(name, ignorenulls=True)", "F.last(name)", PARITY,
    ),
    Mutation(
        "updates of one moment take effect one after the other",
        "adlake.dims.spark_versions:versions_of",
        '.withColumn("held", F.last("after").over(whole_moment))',
        '.withColumn("held", F.col("after"))', PARITY,
    ),
    Mutation(
        "a file with one bad row is sent without it", "adlake.dims.load:records_of",
        "    if bad:", "    if not records:", LOAD,
    ),
    Mutation(
        "differences of a derived table are not told", "adlake.proof.derived:_failures",
        "if rows: failures.append", "if len(rows) > rows_shown: failures.append",
        "tests/contract/dims/test_campaign_proof.py::test_a_planted_difference_is_seen",
    ),
)  # fmt: skip
