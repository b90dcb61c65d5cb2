"""The views of business events on real Trino and real Spark, held equal to plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.business.audit import JudgedDelivery, content_of, event_of, reasons
from adlake.business.contract import BusinessType
from adlake.business.pipeline import provision_business_views
from adlake.business.rules import admit
from adlake.business.spark import admit as spark_admit
from adlake.business.spark import bronze_rows
from adlake.contracts.registry import BUSINESS, VIEWS
from adlake.contracts.tables import BUSINESS_EVENTS, CATALOG
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.trino.client import connect
from adlake.settings import Settings
from tests.fixtures.business import CASES, INGEST_MS
from tests.fixtures.business.case import event
from tests.fixtures.business.mutations import Delivery, deliveries
from tests.fixtures.business.parity import records
from tests.fixtures.trino.audited_lake import Engines, by_position

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

MUTATED = 2_000
Position = tuple[str, int, int]


@pytest.fixture(scope="module")
def sent() -> list[Delivery]:
    """The corpus and payloads near the edge of validity; every seventh a second time."""
    drawn = [(case.payload, case.key, case.ingest_ms) for case in CASES]
    drawn += deliveries(seed=5, count=MUTATED)
    lone_click = event(BusinessType.AD_CLICK, click_id="lone", budget_value="much")
    drawn.append((lone_click, None, INGEST_MS))
    return drawn + drawn[::7]


@pytest.fixture(scope="module")
def judged(sent: list[Delivery]) -> dict[Position, JudgedDelivery]:
    return {
        position: JudgedDelivery(position, ingest_ms, admit(payload, key, ingest_ms))
        for offset, (payload, key, ingest_ms) in enumerate(sent)
        if (position := ("business_events", 1, offset))
    }


@pytest.fixture(scope="module")
def engines(private_lake: Settings, spark: SparkSession, sent: list[Delivery]) -> Iterator[Engines]:
    """Both engines on a Bronze as the stream writes it, with some offsets stored twice."""
    provision_tables(spark)
    rows = bronze_rows(spark_admit(records(spark, sent)))
    for part in (rows, rows.where(F.expr("kafka_offset % 50 = 0"))):
        part.writeTo(f"{CATALOG}.{BUSINESS_EVENTS}").append()
    assert provision_business_views(spark) == list(VIEWS[BUSINESS])
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


def test_no_view_is_made_twice(engines: Engines, spark: SparkSession) -> None:
    assert engines
    assert provision_business_views(spark) == []


def test_admitted_events_have_the_content_of_the_contract(
    engines: Engines, judged: dict[Position, JudgedDelivery]
) -> None:
    expected: dict[Position, tuple[Any, ...]] = {}
    for position, one in judged.items():
        if one.verdict.reason is None:
            event_type, *within, counted_id = event_of(one)
            _, micros, content = content_of(one.verdict.fields)
            place = (event_type, within[0] if within else None, counted_id)
            expected[position] = (*place, micros, content.decode())
    assert len({content for *_, content in expected.values()}) > 100
    names = ("event_type", "counted_within", "counted_id", "micros", "content")
    for engine, rows in engines.ask("admitted_business_events").items():
        found = {p: tuple(row[n] for n in names) for p, row in by_position(rows).items()}
        wrong = [p for p in expected if found.get(p) != expected[p]]
        assert not wrong, (engine, wrong[0], expected[wrong[0]], found.get(wrong[0]))
        assert len(found) == len(expected), engine


def test_the_audit_names_what_was_refused_and_what_added_nothing(
    engines: Engines, judged: dict[Position, JudgedDelivery]
) -> None:
    details = {p: str(one.verdict.detail or "") or None for p, one in judged.items()}
    expected = {p: (reason, details[p]) for p, reason in reasons(judged.values()).items()}
    told = {reason for reason, _ in expected.values()}
    assert told > {"DUPLICATE_DELIVERY", "CONFLICTING_DUPLICATE", "BAD_BUDGET_VALUE", "BAD_ID"}
    for engine, rows in engines.ask("business_events_audit", "gold").items():
        found = {p: (row["reason"], row["detail"]) for p, row in by_position(rows).items()}
        wrong = [p for p in {**expected, **found} if found.get(p) != expected.get(p)]
        assert not wrong, (engine, wrong[0], expected.get(wrong[0]), found.get(wrong[0]))
        assert len(found) == len(rows), engine
