"""Billed clicks, budgets and advertisers on Spark: as in plain Python, built whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.budgets.build import build_budgets
from adlake.budgets.spark_events import contents, distinct_events
from adlake.budgets.spark_flips import serving_flips
from adlake.budgets.spark_history import (
    advertiser_rows,
    advertiser_versions,
    budget_rows,
    budget_spans,
)
from adlake.budgets.spark_hourly import hourly_rows
from adlake.budgets.spark_spend import billed_rows
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts import stamps
from adlake.contracts.tables import (
    BUSINESS_EVENTS,
    CATALOG,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.spark.lineage import frozen_frames
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.pipeline import kept_deliveries
from tests.fixtures.budgets.examples import SENT
from tests.fixtures.budgets.rows import Row, expected_rows
from tests.fixtures.budgets.told import random_deliveries, told
from tests.fixtures.business import CASES
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark

TABLES = (DIM_BUDGETS, DIM_ADVERTISERS, SPEND_LEDGER, SERVING_FLIPS, SPEND_HOURS)


def rows_of(frame: DataFrame) -> list[Row]:
    return sorted((tuple(_aware(one) for one in row) for row in frame.collect()), key=repr)


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def made(spark: SparkSession, sent: Sequence[Delivery]) -> dict[str, list[Row]]:
    admitted = kept_deliveries(BusinessPipeline(), records(spark, sent))
    with admitted as deliveries, frozen_frames() as frozen:
        known = frozen.freeze(contents(deliveries.where("reject_reason IS NULL")))
        events = frozen.freeze(distinct_events(known))
        spans, versions = budget_spans(events), advertiser_versions(events)
        clicks = frozen.freeze(billed_rows(events, spans, versions))
        flips = frozen.freeze(serving_flips(known, frozen))
        return {
            DIM_BUDGETS: rows_of(budget_rows(spans)),
            DIM_ADVERTISERS: rows_of(advertiser_rows(versions)),
            SPEND_LEDGER: rows_of(clicks),
            SERVING_FLIPS: rows_of(flips),
            SPEND_HOURS: rows_of(hourly_rows(clicks, spans, flips)),
        }


def assert_same(found: Mapping[str, Sequence[Row]], wanted: Mapping[str, Sequence[Row]]) -> None:
    for name in TABLES:
        ours, theirs = set(found[name]), set(wanted[name])
        assert sorted(ours - theirs, key=repr)[:3] == sorted(theirs - ours, key=repr)[:3], name
        assert len(found[name]) == len(wanted[name]), name


def test_the_tables_are_those_of_plain_python(spark: SparkSession) -> None:
    sent = [
        *SENT, *((case.payload, case.key, case.ingest_ms) for case in CASES), *mutated(4, 600),
    ]  # fmt: skip
    wanted = expected_rows(told(sent))
    assert min(len(rows) for rows in wanted.values()) > 30
    assert sum(row[9] > 0 for row in wanted[SPEND_LEDGER]) > 30, "overdelivery"
    assert_same(made(spark, sent), wanted)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    session = lake_at(spark, tmp_path)
    yield session
    failpoints.arm("", tmp_path, None)


def process(session: SparkSession, number: int, frame: DataFrame) -> None:
    identity = WriterIdentity(SourceIncarnation("business_events"), "t", generation=1, query_id="q")
    BatchProcessor(session, BusinessPipeline(), identity, lambda: None).process(frame, number)


def stored(session: SparkSession) -> dict[str, list[Row]]:
    return {name: rows_of(session.table(f"{CATALOG}.{name}")) for name in TABLES}


@pytest.mark.chaos
def test_a_build_says_what_the_records_of_one_snapshot_say(
    lake: SparkSession, tmp_path: Path
) -> None:
    pipeline = BusinessPipeline()
    assert build_budgets(lake, pipeline) == "nothing to build yet: bronze.business_events is empty"
    sent = random_deliveries(8, 120)
    doubled = [*sent[::-1], *sent]
    process(lake, 0, records(lake, doubled[:100]))
    failpoints.arm("budgets.between_tables=raise", tmp_path, None)
    with pytest.raises(FailpointError):
        build_budgets(lake, pipeline)
    failpoints.arm("", tmp_path, None)
    process(lake, 1, records(lake, doubled))
    words = build_budgets(lake, pipeline)
    wanted = expected_rows(told(doubled))
    assert_same(stored(lake), wanted)
    assert words.startswith(f"{len(wanted[DIM_BUDGETS])} budgets in force, ")
    head = IcebergTable(lake, BUSINESS_EVENTS).current_snapshot_id()
    for name in TABLES:
        stamp: Any = IcebergTable(lake, name).newest_stamp()
        assert stamp.properties[stamps.SOURCE_SNAPSHOT] == str(head)
        assert stamp.next_offsets == {1: len(doubled)}
