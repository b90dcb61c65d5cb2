"""What Spark built of budgets is proven by Trino's own form; every planted difference is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from adlake.budgets.build import build_budgets
from adlake.budgets.spend import by_day, by_hour, spend_ledger
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.registry import BUSINESS, VIEWS
from adlake.contracts.tables import (
    ACCOUNT_CONTENTS,
    CATALOG,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import connect
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.budgets.examples import SENT
from tests.fixtures.budgets.rows import expected_rows
from tests.fixtures.budgets.told import judged, told
from tests.fixtures.budgets.view_rows import VIEW_COLUMNS, expected_views
from tests.fixtures.business import CASES
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.mutations import deliveries as mutated
from tests.fixtures.business.parity import records
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.trino.audited_lake import Engines

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]

TABLES = (DIM_BUDGETS, DIM_ADVERTISERS, SERVING_FLIPS, SPEND_LEDGER, SPEND_HOURS)
SPEND_VIEWS = VIEWS[BUSINESS][VIEWS[BUSINESS].index("gold.ad_clicks") :]
ALL_SENT: list[Delivery] = [
    *SENT,
    *(
        (case.payload, case.key, case.ingest_ms)
        for case in CASES
        if len(case.payload or b"") < 100_000
    ),
    *mutated(seed=6, count=800),
]


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, made_tables: MadeTables
) -> Iterator[Engines]:
    """Both engines on what was built of ALL_SENT."""
    made_tables.provision(spark)
    identity = WriterIdentity(SourceIncarnation("business_events"), "t", generation=1, query_id="q")
    pipeline = BusinessPipeline()
    processor = BatchProcessor(spark, pipeline, identity, lambda: None)
    processor.process(records(spark, ALL_SENT), 0)
    build_budgets(spark, pipeline)
    assert {"gold.advertisers", "gold.monthly_spend", "gold.daily_spend"} < set(SPEND_VIEWS)
    provision_views(spark, SPEND_VIEWS, {})
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


def facts_of(engines: Engines, table: str) -> DerivedFacts:
    """By what the contents hold, which says the same as the records themselves."""
    contents = verify_derived(engines.trino, ACCOUNT_CONTENTS, 5)
    assert contents is not None
    found = verify_derived(engines.trino, table, 5, before={ACCOUNT_CONTENTS: contents})
    assert found is not None
    assert found == verify_derived(engines.trino, table, 5)
    return found


@pytest.mark.parametrize("table", TABLES)
def test_what_spark_built_is_what_trino_makes(engines: Engines, table: str) -> None:
    facts = facts_of(engines, table)
    assert facts.failures == []
    assert facts.rows == len(expected_rows(told(ALL_SENT))[table]) > 30
    assert "as the rows of bronze.business_events give them" in facts.lines()[0]


def test_contents_are_those_that_trino_reads(engines: Engines) -> None:
    facts = facts_of(engines, ACCOUNT_CONTENTS)
    assert facts.failures == []
    assert facts.rows == len({(one.key, one.rank) for one in told(ALL_SENT)}) > 500


SPOILT = {
    "a name that was told": (ACCOUNT_CONTENTS, "UPDATE {t} SET advertiser = 'other' {one}", 2),
    "a content is gone": (ACCOUNT_CONTENTS, "DELETE FROM {t} {one}", 1),
    "an arrival": (ACCOUNT_CONTENTS, "UPDATE {t} SET ingest_ms = ingest_ms + 1 {one}", 2),
    "a budget of an hour": (SPEND_HOURS, "UPDATE {t} SET budget_value = 1 {one}", 2),
    "a flag of an hour": (SPEND_HOURS, "UPDATE {t} SET can_serve = NOT can_serve {one}", 2),
    "a sum": (SPEND_HOURS, "UPDATE {t} SET net_spend = net_spend + 0.000001 {one}", 2),
    "a budget": (DIM_BUDGETS, "UPDATE {t} SET budget_value = budget_value + 0.000001 {one}", 2),
    "a period": (DIM_BUDGETS, "UPDATE {t} SET period = 'LIFETIME' {one}", 2),
    "a budget is gone": (DIM_BUDGETS, "DELETE FROM {t} {one}", 1),
    "a zone": (DIM_ADVERTISERS, "UPDATE {t} SET time_zone = 'Zulu' {one}", 2),
    "a flight": (DIM_ADVERTISERS, "UPDATE {t} SET flight_end = start_ts {one}", 2),
    "a micro owed": (SPEND_LEDGER, "UPDATE {t} SET net_amount = net_amount + 0.000001 {one}", 2),
    "a day": (SPEND_LEDGER, "UPDATE {t} SET spend_day = date_add(spend_day, 1) {one}", 2),
    "an hour": (SPEND_LEDGER, "UPDATE {t} SET spend_hour = event_time - INTERVAL 1 DAY {one}", 2),
    "a name": (SPEND_LEDGER, "UPDATE {t} SET advertiser = 'other' {one}", 2),
    "a flip has moved": (
        SERVING_FLIPS,
        "UPDATE {t} SET effective_at = effective_at + INTERVAL 1 MINUTE {one}",
        2,
    ),
    "a flip is gone": (SERVING_FLIPS, "DELETE FROM {t} {one}", 1),
    "a flip is there twice": (SERVING_FLIPS, "INSERT INTO {t} SELECT * FROM {t} {one}", 1),
    "a cause of a flip": (SERVING_FLIPS, "UPDATE {t} SET cause = 'CREDIT' {one}", 2),
    "a micro of a reserve": (SERVING_FLIPS, "UPDATE {t} SET reserve = reserve + 0.000001 {one}", 2),
    "one is there twice": (SPEND_LEDGER, "INSERT INTO {t} SELECT * FROM {t} {one}", 1),
}
ONE = {
    ACCOUNT_CONTENTS: "WHERE advertiser_id = 'cairo-a1' AND counted_id = 'c1'",
    SPEND_HOURS: "WHERE advertiser_id = 'cairo-a1' "
    "AND spend_hour = TIMESTAMP '2026-04-23 21:00:00'",
    DIM_BUDGETS: "WHERE advertiser_id = 'cairo-a1'",
    DIM_ADVERTISERS: "WHERE advertiser_id = 'cairo-a1'",
    SERVING_FLIPS: "WHERE advertiser_id = 'cairo-a1' AND flip_number = 2",
    SPEND_LEDGER: "WHERE advertiser_id = 'cairo-a1' AND click_id = 'c1'",
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_planted_difference_is_seen(spark: SparkSession, engines: Engines, name: str) -> None:
    table, spoilt, rows = SPOILT[name]
    before = IcebergTable(spark, table).current_snapshot_id()
    try:
        spark.sql(spoilt.format(t=f"{CATALOG}.{table}", one=ONE[table]))
        [failure] = facts_of(engines, table).failures
        assert {row["advertiser_id"] for row in failure.rows} == {"cairo-a1"}
        assert len(failure.rows) == rows
    finally:
        spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{table}', {before})")


def test_views_add_up_the_billed_clicks_in_both_engines(engines: Engines) -> None:
    rows = spend_ledger(told(ALL_SENT))
    names = {one.advertiser_id: one.advertiser for one in rows}
    begins = {"hourly": "spend_hour_start", "daily": "spend_day"}
    for part, sums in (("hourly", by_hour(rows)), ("daily", by_day(rows))):
        wanted = sorted(
            (names[who], who, _begin(at), _units(one.gross_spend), _units(one.net_spend))
            for (who, at), one in sums.items()
        )
        columns = (
            "advertiser", "advertiser_id", begins[part], f"{part}_gross_spend", f"{part}_net_spend"
        )  # fmt: skip
        for engine, found in engines.ask(f"{part}_spend", "gold").items():
            assert sorted(tuple(row[name] for name in columns) for row in found) == wanted, engine
            for row in found if part == "hourly" else ():
                assert row["spend_hour_end"] == row["spend_hour_start"] + timedelta(hours=1)


def test_other_views_say_what_plain_python_says_in_both_engines(engines: Engines) -> None:
    wanted = expected_views(told(ALL_SENT))
    assert min(len(rows) for rows in wanted.values()) > 15
    for view, rows in wanted.items():
        names = VIEW_COLUMNS[view]
        for engine, found in engines.ask(view, "gold").items():
            told_rows = {tuple(row[name] for name in names) for row in found}
            odd = sorted(told_rows ^ rows, key=repr)[:4]
            assert not odd, (engine, view, odd)
            assert len(found) == len(rows), (engine, view)


def test_every_delivery_of_a_click_is_shown_with_its_verdict(engines: Engines) -> None:
    wanted = {
        one.position[2]: None if one.verdict.reason is None else str(one.verdict.reason)
        for one in judged(ALL_SENT)
        if one.verdict.fields.event_type == "AD_CLICK"
    }
    of_story = {}
    for engine, found in engines.ask("ad_clicks", "gold").items():
        assert {row["kafka_offset"]: row["reject_reason"] for row in found} == wanted, engine
        assert len(found) == len(wanted)
        assert all(row["is_valid"] == (row["reject_reason"] is None) for row in found)
        of_story[engine] = sorted(
            (row for row in found if row["advertiser_id"] == "b1-a1"),
            key=lambda row: int(row["kafka_offset"]),
        )
    assert of_story["trino"] == of_story["spark"]
    first, *_, negative, missing = of_story["trino"]
    assert (first["click_id"], first["ad_id"], first["budget_value"]) == ("c1", "ad-1", 1_000)
    assert (first["ingest_year"], first["ingest_month"], first["ingest_day"]) == (2026, 3, 2)
    assert (first["ingest_hour"], first["processed_at"]) == (10, first["event_time"])
    assert [row["amount"] for row in (first, negative, missing)] == [Decimal("0.5"), -1, None]


def _begin(at: int | date) -> datetime | date:
    return at if isinstance(at, date) else datetime.fromtimestamp(at / 1_000, UTC)


def _units(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)
