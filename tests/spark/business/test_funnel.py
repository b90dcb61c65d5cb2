"""Events of the funnel on Spark: as in plain Python, in any order, one commit a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import FUNNEL_COLUMNS, BusinessType
from adlake.business.funnel import funnel_events
from adlake.business.pipeline import BusinessPipeline
from adlake.business.spark_funnel import funnel_events as spark_funnel_events
from adlake.contracts.tables import BUSINESS_EVENTS, CATALOG, FUNNEL_EVENTS
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.pipeline import kept_deliveries
from adlake.streaming.repair import catch_up
from tests.fixtures.business import CASES
from tests.fixtures.business.case import INGEST_MS, event
from tests.fixtures.business.funnel import START_MS, judged, random_steps, step
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records

pytestmark = pytest.mark.spark

T = BusinessType
Row = tuple[Any, ...]


def expected(deliveries: Sequence[Delivery]) -> list[Row]:
    rows = [tuple(vars(one).values()) for one in funnel_events(judged(deliveries))]
    return sorted(rows, key=repr)


def rows_of(events: DataFrame) -> list[Row]:
    in_ms = {name: F.unix_millis(name).alias(name) for name in ("event_time", "first_ingest_ts")}
    found = events.select(*(in_ms.get(name, F.col(name)) for name in FUNNEL_COLUMNS)).collect()
    return sorted((tuple(row) for row in found), key=repr)


def test_events_are_those_of_plain_python(spark: SparkSession) -> None:
    sent = [
        *random_steps(seed=1, count=2_000, ids=150),
        *((case.payload, case.key, case.ingest_ms) for case in CASES), *mutated(3, 1_000),
    ]  # fmt: skip
    with kept_deliveries(BusinessPipeline(), records(spark, sent)) as deliveries:
        found = rows_of(spark_funnel_events(deliveries.where("reject_reason IS NULL")))
    assert len(found) > 500
    assert found == expected(sent)


def processor(session: SparkSession) -> BatchProcessor:
    source = SourceIncarnation("business_events")
    identity = WriterIdentity(source, "t", generation=1, query_id="q")
    return BatchProcessor(session, BusinessPipeline(), identity, lambda: None)


def batch(session: SparkSession, sent: Sequence[Delivery], first_offset: int = 0) -> DataFrame:
    frame = records(session, sent)
    return frame.withColumn("kafka_offset", F.col("kafka_offset") + first_offset)


def table(session: SparkSession) -> list[Row]:
    return rows_of(session.table(f"{CATALOG}.{FUNNEL_EVENTS}"))


def snapshots(session: SparkSession) -> int:
    return session.table(f"{CATALOG}.{FUNNEL_EVENTS}.snapshots").count()


BEGUN = step(T.SIGNUP, "e1", START_MS, INGEST_MS + 5, channel="m")
STORY: dict[str, list[Delivery]] = {
    "first events": [BEGUN, step(T.SHARE, "e1", START_MS), step(T.COMPLETION, "e2", START_MS)],
    "a repeat, a larger content, a refused event": [
        step(T.SIGNUP, "e1", START_MS, INGEST_MS + 6, channel="m"),
        step(T.SIGNUP, "e1", START_MS, INGEST_MS, channel="n"),
        (event(T.SIGNUP, user_id=""), b"usr-1", INGEST_MS),
    ],
    "a repeat that came earlier": [step(T.SIGNUP, "e1", START_MS, INGEST_MS + 2, channel="m")],
    "a smaller content, and a new event": [
        step(T.SIGNUP, "e1", START_MS, INGEST_MS + 8, channel="a"),
        step(T.ACTIVATION, "e9", START_MS),
    ],
    "an earlier time": [step(T.SIGNUP, "e1", START_MS - 1, INGEST_MS + 9, channel="z")],
}  # fmt: skip


def test_the_whole_table_after_each_step_of_a_story(lake: SparkSession) -> None:
    one, seen = processor(lake), list[Delivery]()
    for number, (told, sent) in enumerate(STORY.items()):
        before = snapshots(lake)
        one.process(batch(lake, sent, len(seen)), number)
        seen = [*seen, *sent]
        assert table(lake) == expected(seen), told
        assert snapshots(lake) == before + 1, f"{told}: one atomic commit"
    # The same records again: nothing is committed.
    before = snapshots(lake)
    one.process(batch(lake, seen), len(STORY))
    assert (table(lake), snapshots(lake)) == (expected(seen), before)


def test_reversed_doubled_and_split_deliveries_give_the_same_table(lake: SparkSession) -> None:
    sent = random_steps(seed=7, count=240, ids=30)
    told_again = [*sent[::-1], *sent]
    one = processor(lake)
    for number, first in enumerate(range(0, len(told_again), 250)):
        one.process(batch(lake, told_again[first : first + 250], first), number)
    assert table(lake) == expected(sent)


def test_a_batch_without_events_of_the_funnel_reads_nothing(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = processor(lake)
    one.process(batch(lake, [BEGUN]), 0)
    monkeypatch.setattr("adlake.business.funnel_writer.FunnelWriter._stored", _unwanted)
    one.process(batch(lake, [(event(T.ORDER), b"usr-1", INGEST_MS)], 1), 1)
    stamp = IcebergTable(lake, FUNNEL_EVENTS).newest_stamp()
    assert stamp is not None
    assert stamp.next_offsets == {1: 2}


def _unwanted(*_arguments: object) -> None:
    raise AssertionError("the table was searched")


@pytest.mark.parametrize(
    "place",
    [
        "funnel.before_merge",
        pytest.param("bronze.after_commit", marks=pytest.mark.chaos),
        pytest.param("gold.after_commit", marks=pytest.mark.chaos),
    ],
)
def test_a_driver_that_dies_at_any_step_leaves_the_same_table(
    lake: SparkSession, tmp_path: Path, place: str
) -> None:
    sent = random_steps(seed=9, count=60, ids=9)
    one = processor(lake)
    one.process(batch(lake, sent[:30]), 0)
    failpoints.arm(f"{place}=raise", tmp_path, None)
    with pytest.raises(FailpointError):
        one.process(batch(lake, sent[30:], 30), 1)
    assert table(lake) in (expected(sent[:30]), expected(sent))
    catch_up(lake, BusinessPipeline())
    processor(lake).process(batch(lake, sent[30:], 30), 1)
    assert table(lake) == expected(sent)
    assert lake.table(f"{CATALOG}.{BUSINESS_EVENTS}").count() == len(sent)


def test_a_lake_from_before_the_table_gets_it_from_its_records(lake: SparkSession) -> None:
    sent = random_steps(seed=11, count=80)
    one = processor(lake)
    one.process(batch(lake, sent[:50]), 0)
    one.process(batch(lake, sent[50:], 50), 1)
    lake.sql(f"DROP TABLE {CATALOG}.{FUNNEL_EVENTS}")
    provision_tables(lake)
    assert table(lake) == []
    catch_up(lake, BusinessPipeline())
    assert table(lake) == expected(sent)
    stamp = IcebergTable(lake, FUNNEL_EVENTS).newest_stamp()
    assert stamp is not None
    assert stamp.next_offsets == {1: len(sent)}
    before = snapshots(lake)
    catch_up(lake, BusinessPipeline())
    assert snapshots(lake) == before
