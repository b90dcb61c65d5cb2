"""The views of business events on real Trino and real Spark, held equal to plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.attribution.pipeline import provision_audit_views
from adlake.business.audit import JudgedDelivery, content_of, event_of, reasons
from adlake.business.contract import BusinessType
from adlake.business.pipeline import provision_business_views
from adlake.business.rules import Fields, admit
from adlake.business.spark import admit as spark_admit
from adlake.business.spark import bronze_rows
from adlake.contracts.events import EventType
from adlake.contracts.registry import BUSINESS, CAMPAIGNS, VIEWS
from adlake.contracts.tables import BUSINESS_EVENTS, CATALOG, DIM_CAMPAIGNS, FUNNEL_EVENTS
from adlake.dims.pipeline import provision_campaign_views
from adlake.io.trino.client import connect
from adlake.settings import Settings
from tests.fixtures.business import CASES, INGEST_MS
from tests.fixtures.business.case import event
from tests.fixtures.business.mutations import Delivery, deliveries
from tests.fixtures.business.parity import records
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.segment_sets import segment_payloads
from tests.fixtures.trino.audit_rows import EVENT_COLUMNS, expected_events
from tests.fixtures.trino.audited_lake import Engines, by_position
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of, publish
from tests.golden import BASE_MS, law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

MUTATED = 2_000
FUNNEL_TYPES = {
    BusinessType.SIGNUP, BusinessType.ACTIVATION, BusinessType.SHARE, BusinessType.COMPLETION,
}  # fmt: skip
Position = tuple[str, int, int]
RawEvent = tuple[Any, ...]


@pytest.fixture(scope="module")
def sent() -> list[Delivery]:
    """The corpus and payloads near the edge of validity; every seventh a second time."""
    drawn = [(case.payload, case.key, case.ingest_ms) for case in CASES]
    drawn += deliveries(seed=5, count=MUTATED)
    lone_click = event(BusinessType.AD_CLICK, click_id="lone", budget_value="much")
    drawn.append((lone_click, None, INGEST_MS))
    # Budgets that clicks of one advertiser carry, beside the one in force.
    said = {"advertiser_id": "odd"}
    drawn += [
        (event(BusinessType.AD_CLICK, click_id=f"odd-{value}", budget_value=value, **said), None,
         INGEST_MS)
        for value in (5, 6, 0.000001)
    ]  # fmt: skip
    change = event(BusinessType.BUDGET_CHANGE, event_id="odd", budget_value=5, **said)
    drawn.append((change, None, INGEST_MS))
    return drawn + drawn[::7]


@pytest.fixture(scope="module")
def judged(sent: list[Delivery]) -> dict[Position, JudgedDelivery]:
    return {
        position: JudgedDelivery(position, ingest_ms, admit(payload, key, ingest_ms))
        for offset, (payload, key, ingest_ms) in enumerate(sent)
        if (position := ("business_events", 1, offset))
    }


@pytest.fixture(scope="module")
def ads(catalog: SqlCatalog) -> OracleLake:
    """What lies in the tables of ad events."""
    told = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    made = lake_of([*told, *((one, BASE_MS) for one in segment_payloads(Random(8), 30))])
    publish(catalog, made)
    return made


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, sent: list[Delivery], ads: OracleLake,
    made_tables: MadeTables,
) -> Iterator[Engines]:  # fmt: skip
    """Both engines on a Bronze as the stream writes it, with some offsets stored twice."""
    assert ads.gold
    made_tables.provision(spark)
    provision_audit_views(spark)
    rows = bronze_rows(spark_admit(records(spark, sent)))
    for part in (rows, rows.where(F.expr("kafka_offset % 50 = 0"))):
        part.writeTo(f"{CATALOG}.{BUSINESS_EVENTS}").append()
    assert provision_business_views(spark) == list(VIEWS[BUSINESS])
    assert provision_campaign_views(spark) == list(VIEWS[CAMPAIGNS])
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


def test_no_view_is_made_twice(engines: Engines, spark: SparkSession) -> None:
    assert engines
    assert provision_business_views(spark) == provision_campaign_views(spark) == []


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
    assert [reason for reason, _ in expected.values()].count("BUDGET_MISMATCH") >= 2
    for engine, rows in engines.ask("business_events_audit", "gold").items():
        found = {p: (row["reason"], row["detail"]) for p, row in by_position(rows).items()}
        wrong = [p for p in {**expected, **found} if found.get(p) != expected.get(p)]
        assert not wrong, (engine, wrong[0], expected.get(wrong[0]), found.get(wrong[0]))
        assert len(found) == len(rows), engine


def test_raw_events_are_every_admitted_event_once(
    engines: Engines, spark: SparkSession, ads: OracleLake, judged: dict[Position, JudgedDelivery]
) -> None:
    happened = datetime(2026, 3, 2, 10, tzinfo=UTC)
    spark.sql(
        f"INSERT INTO {CATALOG}.{FUNNEL_EVENTS} VALUES ('SHARE', 's1', "
        "TIMESTAMP '2026-03-02 10:00:00', 'u', 'P', 'push', 'de', NULL, '{}', "
        "TIMESTAMP '2026-03-02 10:00:01')"
    )
    [(known, _)] = Counter(row["campaign_id"] for row in ads.gold).most_common(1)
    spark.sql(
        f"INSERT INTO {CATALOG}.{DIM_CAMPAIGNS} (campaign_key, campaign_id, channel, start_ts, "
        f"end_ts, is_current) VALUES (1, '{known}', 'search', TIMESTAMP '2000-01-01 00:00:00', "
        "TIMESTAMP '9999-12-31 00:00:00', TRUE)"
    )
    expected = Counter([
        ("s1", happened, "u", "P", "push", "de", "SHARE", Decimal(0)),
        *raw_ad_events(ads, {known: "search"}), *raw_business_events(judged),
    ])  # fmt: skip
    assert {one[6] for one in expected} == {*EventType, *BusinessType} - FUNNEL_TYPES | {"SHARE"}
    assert {"search", "social", "push", "email", "unknown"} <= {one[4] for one in expected}
    names = (
        "event_id", "event_time", "user_id", "campaign_id", "channel", "region", "event_type",
        "cost",
    )  # fmt: skip
    for engine, rows in engines.ask("raw_events", "gold").items():
        found = Counter(tuple(row[name] for name in names) for row in rows)
        assert found == expected, (engine, found - expected, expected - found)


def raw_ad_events(ads: OracleLake, channels: dict[str, str]) -> list[RawEvent]:
    """Rows of gold.raw_events; `channels` of campaigns."""
    rows: list[RawEvent] = []
    for (impression_id, event_id), content in expected_events(ads).items():
        row = ads.row_of(impression_id)
        event = dict(zip(EVENT_COLUMNS, content, strict=True))
        event_type = tuple(EventType)[event["type_rank"]]
        is_impression = event_type is EventType.IMPRESSION
        rows.append((
            event_id, event["event_ts"], event["user_id"], event["campaign_id"],
            row["channel"] or channels.get(event["campaign_id"], "unknown"),
            row["region"] or "unknown", event_type,
            Decimal(event["micros"] if is_impression else 0).scaleb(-6),
        ))  # fmt: skip
    return rows


def raw_business_events(judged: dict[Position, JudgedDelivery]) -> list[RawEvent]:
    """Rows of gold.raw_events of what is no step of the funnel."""
    contents: dict[tuple[str, ...], tuple[Any, Fields]] = {}
    for one in judged.values():
        if one.verdict.reason is None and one.verdict.fields.event_type not in FUNNEL_TYPES:
            told = (content_of(one.verdict.fields), one.verdict.fields)
            known = contents.setdefault(event_of(one), told)
            contents[event_of(one)] = min(known, told, key=lambda held: held[0])
    return [
        (
            str(fields.event_id), datetime.fromtimestamp((fields.ts_ms or 0) / 1_000, UTC),
            fields.user_id, fields.campaign_id, fields.channel or "unknown", "unknown",
            str(fields.event_type), Decimal(0),
        )
        for _, fields in contents.values()
    ]  # fmt: skip
