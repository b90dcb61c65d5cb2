"""Campaign updates on Spark: judged and versioned as in plain Python, MERGEd as a story is told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import CAMPAIGN_UPDATES, CATALOG, DIM_CAMPAIGNS
from adlake.dims.contract import ATTRIBUTES
from adlake.dims.pipeline import CampaignPipeline
from adlake.dims.rules import Update, admit
from adlake.dims.spark import ADMITTED_COLUMNS
from adlake.dims.spark import admit as spark_admit
from adlake.dims.spark_versions import UPDATE_COLUMNS, versions_of
from adlake.dims.versions import Version
from adlake.dims.versions import versions_of as plain_versions
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.repair import catch_up
from tests.fixtures.dims.updates import CASES, INGEST_MS, odd_payloads, random_updates, update

pytestmark = pytest.mark.spark

_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


def records(
    session: SparkSession, payloads: Sequence[bytes | None], first_offset: int = 0
) -> DataFrame:
    rows = [
        (None if one is None else bytearray(one), "campaign_updates", 0, first_offset + place,
         None, INGEST_MS)
        for place, one in enumerate(payloads)
    ]  # fmt: skip
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


def judged_in_python(payload: bytes | None) -> dict[str, Any]:
    judged = admit(payload, INGEST_MS)
    said = {name: getattr(judged.update, name) for name in ("event_type", *UPDATE_COLUMNS)}
    return said | {
        "reject_reason": judged.reason and str(judged.reason),
        "reject_detail": judged.detail and str(judged.detail),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_admission_is_that_of_plain_python(spark: SparkSession, seed: int) -> None:
    payloads = [case.payload for case in CASES] if not seed else odd_payloads(seed, 2_000)
    found = spark_admit(records(spark, payloads))
    assert tuple(found.columns) == ADMITTED_COLUMNS
    rows = found.drop("value").orderBy("kafka_offset").collect()
    assert len(rows) == len(payloads)
    for payload, row in zip(payloads, rows, strict=True):
        expected = judged_in_python(payload)
        assert {name: row[name] for name in expected} == expected, payload


def frame_of(session: SparkSession, updates: Sequence[Update]) -> DataFrame:
    kinds = {"ts_ms": "bigint", "budget_micros": "bigint"}
    schema = ", ".join(f"{name} {kinds.get(name, 'string')}" for name in UPDATE_COLUMNS)
    rows = [tuple(getattr(one, name) for name in UPDATE_COLUMNS) for one in updates]
    return session.createDataFrame(rows, schema)


Row = tuple[Any, ...]


def as_row(version: Version) -> Row:
    return (
        version.campaign_key, version.campaign_id, *version.attributes, version.start_ms,
        version.end_ms, version.end_ms is None,
    )  # fmt: skip


def rows_of(versions: DataFrame) -> list[Row]:
    named = [name for name in ATTRIBUTES if name not in ("budget_micros", "status")]
    found = versions.selectExpr(
        "campaign_key", "campaign_id", *named,
        "CAST(budget_amount * 1000000 AS BIGINT)", "status", "unix_millis(start_ts)",
        "CASE WHEN end_ts < TIMESTAMP '9999-12-31 00:00:00' THEN unix_millis(end_ts) END",
        "is_current",
    )  # fmt: skip
    return sorted(tuple(row) for row in found.collect())


def test_versions_are_those_of_plain_python(spark: SparkSession) -> None:
    sets = [random_updates(random.Random(seed)) for seed in range(150)]
    apart = [
        Update(**{**vars(one), "campaign_id": f"{number}-{one.campaign_id}"})
        for number, updates in enumerate(sets)
        for one in updates
    ]
    assert rows_of(versions_of(frame_of(spark, apart))) == sorted(
        map(as_row, plain_versions(apart))
    )


def processor(session: SparkSession) -> BatchProcessor:
    source = SourceIncarnation("campaign_updates")
    identity = WriterIdentity(source, "t", generation=1, query_id="q")
    return BatchProcessor(session, CampaignPipeline(), identity, lambda: None)


def table(session: SparkSession) -> list[Row]:
    return rows_of(session.table(f"{CATALOG}.{DIM_CAMPAIGNS}"))


def expected(*payloads: bytes) -> list[Row]:
    admitted = [admit(one, INGEST_MS) for one in payloads]
    return sorted(map(as_row, plain_versions([a.update for a in admitted if a.reason is None])))


def snapshots(session: SparkSession) -> int:
    return session.table(f"{CATALOG}.{DIM_CAMPAIGNS}.snapshots").count()


def said(event: str, seconds: int, campaign: str = "cmp-1", **attributes: Any) -> bytes:  # noqa: ANN401
    nothing = dict.fromkeys(("name", "advertiser_id", "channel", "objective"), ...)
    nothing |= dict.fromkeys(("budget_type", "budget_amount", "status"), ...)
    at = INGEST_MS - 100_000 + seconds * 1_000
    return update(event_id=event, campaign_id=campaign, event_timestamp=at, **nothing | attributes)


CREATED = said("e1", 10, name="Spring", budget_amount=100, channel="search")
OTHER = said("o1", 12, "cmp-2", name="Other", budget_amount=7)
PAUSED = said("e2", 30, status="PAUSED")
RAISED = said("e3", 20, budget_amount=250.5)
DELETED = said("e4", 40, status="DELETED")
NEW = said("n1", 41, "cmp-3", name="New")
STORY: dict[str, list[bytes]] = {
    "first load": [CREATED, OTHER],
    "update": [PAUSED],
    "late update": [RAISED],
    "delete": [DELETED],
    "insert": [NEW],
    "a rejected one alone": [said("bad", 50, status="paused")],
    "a late one that makes a version vanish": [said("e5", 25, status="PAUSED")],
    "rerun of all": [NEW, DELETED, RAISED, PAUSED, OTHER, CREATED],
}


def test_the_whole_table_after_each_step_of_a_story(lake: SparkSession) -> None:
    one, seen, offset = processor(lake), list[bytes](), 0
    for batch, (step, payloads) in enumerate(STORY.items()):
        before = snapshots(lake)
        one.process(records(lake, payloads, offset), batch)
        seen, offset = [*seen, *payloads], offset + len(payloads)
        assert table(lake) == expected(*seen), step
        assert snapshots(lake) == before + 1, f"{step}: one atomic commit"
    # The same records again: nothing is committed.
    before = snapshots(lake)
    one.process(records(lake, seen), len(STORY))
    assert (table(lake), snapshots(lake)) == (expected(*seen), before)


@pytest.mark.parametrize(
    "place",
    [
        "campaigns.before_merge",
        pytest.param("bronze.after_commit", marks=pytest.mark.chaos),
        pytest.param("gold.after_commit", marks=pytest.mark.chaos),
    ],
)
def test_a_driver_that_dies_at_any_step_leaves_the_same_table(
    lake: SparkSession, tmp_path: Path, place: str
) -> None:
    one = processor(lake)
    one.process(records(lake, [CREATED, OTHER]), 0)
    failpoints.arm(f"{place}=raise", tmp_path, None)
    with pytest.raises(FailpointError):
        one.process(records(lake, [PAUSED, RAISED], 2), 1)
    assert table(lake) in (expected(CREATED, OTHER), expected(CREATED, OTHER, PAUSED, RAISED))
    catch_up(lake, CampaignPipeline())
    processor(lake).process(records(lake, [PAUSED, RAISED], 2), 1)
    assert table(lake) == expected(CREATED, OTHER, PAUSED, RAISED)
    assert lake.table(f"{CATALOG}.{CAMPAIGN_UPDATES}").count() == 4


def test_rows_from_a_file_give_way_to_the_first_update(lake: SparkSession) -> None:
    lake.sql(
        f"INSERT INTO {CATALOG}.{DIM_CAMPAIGNS} SELECT 1, 'cmp-1', 'of a file', NULL, NULL, NULL, "
        "NULL, 5.0, 'ACTIVE', TIMESTAMP '2024-01-01', TIMESTAMP '9999-12-31', TRUE, NULL"
    )
    one = processor(lake)
    one.process(records(lake, [OTHER]), 0)
    assert [row[2] for row in table(lake)] == ["of a file", "Other"]
    one.process(records(lake, [CREATED], 1), 1)
    assert table(lake) == expected(CREATED, OTHER)


def test_the_table_says_what_each_version_was_made_of(lake: SparkSession) -> None:
    processor(lake).process(records(lake, [CREATED, PAUSED]), 0)
    head = IcebergTable(lake, DIM_CAMPAIGNS).newest_stamp()
    assert head is not None
    assert head.next_offsets == {0: 2}
    first, _ = lake.table(f"{CATALOG}.{DIM_CAMPAIGNS}").orderBy("start_ts").collect()
    assert '"event_id":"e1"' in first.updates_state
    assert '"e2"' not in first.updates_state
