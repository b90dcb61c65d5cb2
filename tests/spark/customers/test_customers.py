"""Customers on Spark: as in plain Python, in any order, however often, whatever dies between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import BusinessType
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import BUSINESS_EVENTS, CATALOG, CUSTOMER_360, CUSTOMER_EVENTS
from adlake.customers.contract import CUSTOMER_COLUMNS, EVENT_COLUMNS
from adlake.customers.day_roll import DayRollHandler, argument_of, customers_on
from adlake.customers.event_writer import CustomerEventWriter
from adlake.customers.spark_customers import customers_of
from adlake.customers.spark_events import changes, customer_events
from adlake.customers.writer import CustomerWriter
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import ROLL_DAY, Operation
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.pipeline import kept_deliveries
from adlake.streaming.repair import catch_up
from tests.fixtures.business import CASES
from tests.fixtures.business.case import INGEST_MS, event
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records
from tests.fixtures.customers.rows import (
    Row,
    customers_in,
    events_in,
    expected_customers,
    expected_events,
    tables,
)
from tests.fixtures.customers.story import (
    MINUTE_MS,
    START_MS,
    message,
    messages,
    order,
    profile,
    random_story,
)

pytestmark = pytest.mark.spark

TEN = START_MS
DAY = date(2024, 4, 29)
EARLY = DAY - timedelta(days=80)
EDGE_MS = START_MS - START_MS % DAY_MS + DAY_MS
"""Exactly ninety days before that day begins."""
PIPELINE = BusinessPipeline(derived=(CustomerEventWriter, CustomerWriter))
C7 = [
    profile("u7", TEN - MINUTE_MS), order("u7", "c7-o1", TEN, 3_000),
    message("u7", "m1", TEN + MINUTE_MS), message("u7", "m2", TEN + 2 * MINUTE_MS, "FAILED"),
    order("u7", "c7-o2", TEN + 3 * MINUTE_MS, 2_000.01),
]  # fmt: skip


def test_rows_are_those_of_plain_python(spark: SparkSession) -> None:
    sent = [
        *random_story(seed=1, count=1_000, ids=50, users=9), *C7,
        *messages("u8", TEN, 7, 3), *messages("u9", TEN, 1, 2),
        order("edge", "edge", EDGE_MS, 6_249e-6), order("past", "past", EDGE_MS - 1, 6_250e-6),
        *((case.payload, case.key, case.ingest_ms) for case in CASES), *mutated(3, 600),
    ]  # fmt: skip
    as_of = spark.createDataFrame([(DAY,)], "as_of_date date")
    with kept_deliveries(PIPELINE, records(spark, sent)) as deliveries:
        told = customer_events(deliveries.where("reject_reason IS NULL"))
        events = changes(told, told.limit(0)).select(*EVENT_COLUMNS).localCheckpoint()
        assert events_in(events) == expected_events(sent)
        made = customers_of(events.where("is_counted"), as_of).localCheckpoint()
        found, before = customers_in(made), customers_in(customers_on(made, EARLY))
    assert before == expected_customers(sent, EARLY), "who has lapsed on a day had not always"
    assert found == expected_customers(sent, DAY)
    lapsed = {row[0]: "lapsed" in row[CUSTOMER_COLUMNS.index("segments")] for row in found}
    assert (lapsed["edge"], lapsed["past"], len(found) > 10) == (False, True, True)


def processor(session: SparkSession) -> BatchProcessor:
    source = SourceIncarnation("business_events")
    identity = WriterIdentity(source, "t", generation=1, query_id="q")
    return BatchProcessor(session, PIPELINE, identity, lambda: None)


def batch(session: SparkSession, sent: Sequence[Delivery], first_offset: int = 0) -> DataFrame:
    frame = records(session, sent)
    return frame.withColumn("kafka_offset", F.col("kafka_offset") + first_offset)


def expected(sent: Sequence[Delivery]) -> tuple[list[Row], list[Row]]:
    return expected_events(sent), expected_customers(sent)


def snapshots(session: SparkSession) -> list[int]:
    names = (CUSTOMER_EVENTS, CUSTOMER_360)
    return [session.table(f"{CATALOG}.{name}.snapshots").count() for name in names]


STORY: dict[str, list[Delivery]] = {
    "a history, and an order that will be another customer's": [
        *C7, profile("u1", TEN, name="Ada", email=" Ada@x.de"), order("u1", "o1", TEN, 10),
        order("u2", "only", TEN, 1),
    ],
    "a late message rewrites the history; an older profile and repeats change nothing": [
        message("u7", "m3", TEN + MINUTE_MS // 2), profile("u1", TEN - 1, "p0", name="Old"),
        *C7[:2],
    ],
    "the order is another customer's now, and the only one's of a third": [
        order("u3", "o1", TEN - 1, 10, ingest_ms=INGEST_MS + 5),
        order("u3", "only", TEN, 0.5, ingest_ms=INGEST_MS + 6),
    ],
}  # fmt: skip


def test_both_tables_after_each_step_of_a_story(lake: SparkSession, tmp_path: Path) -> None:
    one, seen = processor(lake), list[Delivery]()
    *alive, (told, last) = STORY.items()
    for number, (step, sent) in enumerate(alive):
        before = snapshots(lake)
        one.process(batch(lake, sent, len(seen)), number)
        seen = [*seen, *sent]
        assert tables(lake) == expected(seen), step
        assert snapshots(lake) == [count + 1 for count in before], f"{step}: one commit each"
    # The last one dies between its two tables, and is repaired.
    failpoints.arm("customers.before_merge=raise", tmp_path, None)
    with pytest.raises(FailpointError):
        one.process(batch(lake, last, len(seen)), len(alive))
    catch_up(lake, PIPELINE)
    seen = [*seen, *last]
    assert tables(lake) == expected(seen), told
    assert {row[0] for row in tables(lake)[1]} == {"u1", "u3", "u7"}, "who has nothing left is gone"
    # The same records again: nothing is committed.
    before = snapshots(lake)
    processor(lake).process(batch(lake, seen), len(STORY))
    assert (tables(lake), snapshots(lake)) == (expected(seen), before)


def test_a_batch_about_no_customer_reads_nothing(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for writer in ("event_writer", "writer"):
        monkeypatch.setattr(f"adlake.customers.{writer}.rows_of", _unwanted)
    processor(lake).process(batch(lake, [(event(BusinessType.SHARE), b"usr-1", INGEST_MS)]), 0)
    for name in (CUSTOMER_EVENTS, CUSTOMER_360):
        stamp = IcebergTable(lake, name).newest_stamp()
        assert stamp is not None
        assert stamp.next_offsets == {1: 1}


def _unwanted(*_arguments: object) -> None:
    raise AssertionError("a table was searched")


def _named(day: date) -> Operation:
    return Operation(1, ROLL_DAY, argument_of(day), "requested", "")


@pytest.mark.chaos
@pytest.mark.parametrize(
    "place",
    ["customers.before_events", "customers.before_merge", "bronze.after_commit",
     "gold.after_commit"],
)  # fmt: skip
def test_reversed_doubled_and_killed_deliveries_give_the_same_tables(
    lake: SparkSession, tmp_path: Path, place: str
) -> None:
    sent = random_story(seed=7, count=90, ids=9)
    told = [*sent[::-1], *sent]
    one = processor(lake)
    one.process(batch(lake, told[:100]), 0)
    assert tables(lake) == expected(told[:100])
    failpoints.arm(f"{place}=raise", tmp_path, None)
    with pytest.raises(FailpointError):
        one.process(batch(lake, told[100:], 100), 1)
    catch_up(lake, PIPELINE)
    processor(lake).process(batch(lake, told[100:], 100), 1)
    assert tables(lake) == expected(sent)
    assert lake.table(f"{CATALOG}.{BUSINESS_EVENTS}").count() == len(told)


@pytest.mark.chaos
def test_a_day_is_that_of_all_rows_and_a_lake_from_before_is_filled(lake: SparkSession) -> None:
    sent = random_story(seed=9, count=60, ids=9)
    processor(lake).process(batch(lake, sent), 0)
    moved = DayRollHandler().carry_out(lake, _named(DAY), lambda: None)
    assert tables(lake)[1] == expected_customers(sent, DAY)
    assert moved.startswith(f"{len(expected_customers(sent))} customers moved to {DAY}; ")
    assert not moved.endswith(" 0 have lapsed on it")
    commits = snapshots(lake)
    assert DayRollHandler().carry_out(lake, _named(DAY), lambda: None).startswith("0 customers")
    assert snapshots(lake) == commits
    # A new customer gets the day of the table.
    new, seen = [order("u-new", "new", TEN, 1)], len(sent)
    sent = [*sent, *new]
    processor(lake).process(batch(lake, new, seen), 1)
    assert tables(lake)[1] == expected_customers(sent, DAY)
    # A lake from before the tables gets them from its records: a rebuild from Bronze.
    lake.sql(f"DROP TABLE {CATALOG}.{CUSTOMER_360}")
    lake.sql(f"DROP TABLE {CATALOG}.{CUSTOMER_EVENTS}")
    provision_tables(lake)
    catch_up(lake, PIPELINE)
    assert tables(lake) == expected(sent)
