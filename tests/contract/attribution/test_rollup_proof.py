"""Sums over Gold that Spark made: proven by Trino's own form, and read with Gold for any range."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.attribution.pipeline import provision_audit_views
from adlake.attribution.rollup.writer import rollup_writers
from adlake.contracts.tables import (
    CATALOG,
    DIM_CAMPAIGNS,
    GOLD_CONVERSIONS,
    GOLD_HOURS,
    HOUR_GRAIN,
    HOUR_SUMS,
)
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.trino.client import TrinoClient, connect
from adlake.metrics.query import run_metric
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from tests.fixtures.law_sets import law_sets
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.hour_rows import hour_rows
from tests.fixtures.trino.oracle_lake import OracleLake, Row, lake_of, publish
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

HOURS, CONVERSIONS = f"{CATALOG}.{GOLD_HOURS}", f"{CATALOG}.{GOLD_CONVERSIONS}"
VIEW = "gold.hourly_performance"


@pytest.fixture(scope="module")
def seeded() -> OracleLake:
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    sets = law_sets(seed=31, count=400)
    return lake_of(records + [(d.payload, d.ingest_ms) for one in sets for d in one.deliveries])


@pytest.fixture(scope="module")
def lake(
    catalog: SqlCatalog, spark: SparkSession, seeded: OracleLake, made_tables: MadeTables
) -> SparkSession:
    publish(catalog, seeded)
    made_tables.provision(spark)
    provision_audit_views(spark)
    for rollup in rollup_writers(spark):
        assert rollup.follow().startswith("built")
    spark.sql(
        f"INSERT INTO {CATALOG}.{DIM_CAMPAIGNS} (campaign_key, campaign_id, channel, start_ts, "
        "end_ts, is_current) VALUES (1, 'c1', 'search', TIMESTAMP '2000-01-01 00:00:00', "
        "TIMESTAMP '9999-12-31 00:00:00', TRUE)"
    )
    return spark


@pytest.fixture(scope="module")
def trino(lake: SparkSession, private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def proven(trino: TrinoClient, table: str = GOLD_HOURS) -> DerivedFacts:
    found = verify_derived(trino, table, rows_shown=5)
    assert found is not None
    return found


def test_what_spark_summed_is_what_trino_and_plain_python_sum(
    lake: SparkSession, trino: TrinoClient, seeded: OracleLake
) -> None:
    facts, plain = proven(trino), hour_rows(seeded.gold)
    assert facts.failures == []
    assert facts.rows == len(plain) > 200
    assert facts.lines()[0].endswith("as the rows of gold.ad_performance_state give them")
    provision_views(lake, (VIEW,))
    stored, plain = plain, hour_rows(shown(row) for row in seeded.gold)
    assert plain != stored, "the campaign's channel stands in for an unknown one"
    columns = ", ".join((*HOUR_GRAIN, *HOUR_SUMS))
    expected = sorted(
        (tuple(row[name] for name in (*HOUR_GRAIN, *HOUR_SUMS)) for row in plain), key=repr
    )
    on_trino = trino.rows(f"SELECT {columns} FROM {VIEW}")
    assert sorted((tuple(map(_utc, row)) for row in on_trino), key=repr) == expected
    on_spark = lake.sql(f"SELECT {columns} FROM {CATALOG}.{VIEW}").toArrow().to_pylist()
    assert len(on_spark) == len(expected)


def shown(row: Row) -> Row:
    """With the channel of the campaign, where the row does not know its own."""
    unknown = "search" if row["campaign_id"] == "c1" else None
    return row | {"channel": unknown if row["channel"] in (None, "unknown") else row["channel"]}


def _utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


SPOILT = {
    "an impression too many": "UPDATE {t} SET impressions = impressions + 1 WHERE {one}",
    "a micro of cost is lost": "UPDATE {t} SET cost = cost - 0.000001 WHERE {one}",
    "a micro of revenue is moved": "UPDATE {t} SET revenue = revenue + 0.000001, "
    "orphan_revenue = orphan_revenue - 0.000001 WHERE {one}",
    "a millisecond of lag": "UPDATE {t} SET lag_ms = lag_ms + 1 WHERE {one}",
    "a row is gone": "DELETE FROM {t} WHERE {one}",
    "a row is there twice": "INSERT INTO {t} SELECT * FROM {t} WHERE {one}",
    "an hour is another": "UPDATE {t} SET hour_at = hour_at + INTERVAL 1 HOUR WHERE {one}",
    "a campaign is forgotten": "UPDATE {t} SET campaign_id = 'nobody' WHERE {one}",
    "a country is unknown": "UPDATE {t} SET geo_country = NULL, platform = 'x' WHERE {one}",
    "a channel is forgotten": "UPDATE {t} SET channel = 'x' WHERE {one}",
    "the bases are mixed up": "UPDATE {t} SET date_basis = 'conversion' WHERE {one}",
}


QUICK = (
    "a micro of revenue is moved",
    "an hour is another",
    "a channel is forgotten",
)


@pytest.mark.parametrize("name", in_tiers(SPOILT, QUICK))
def test_a_planted_difference_is_seen(lake: SparkSession, trino: TrinoClient, name: str) -> None:
    table = IcebergTable(lake, GOLD_HOURS)
    before = table.current_snapshot_id()
    [[first]] = lake.sql(
        f"SELECT min(hour_at) FROM {HOURS} WHERE date_basis = 'impression' AND clicked_impressions"
        " > 0"
    ).collect()
    [[campaign]] = lake.sql(
        f"SELECT min(campaign_id) FROM {HOURS} WHERE date_basis = 'impression' "
        f"AND hour_at = TIMESTAMP '{first}'"
    ).collect()
    one = (
        f"date_basis = 'impression' AND hour_at = TIMESTAMP '{first}' "
        f"AND campaign_id = '{campaign}'"
    )
    lake.sql(SPOILT[name].format(t=HOURS, one=one))
    try:
        [failure] = proven(trino).failures
        assert failure.problem == f"{GOLD_HOURS}: sums by hour are not those of Gold's rows"
        assert failure.rows
    finally:
        lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{GOLD_HOURS}', {before})")
    assert proven(trino).failures == []


def test_what_spark_says_of_conversions_is_what_trino_says(
    trino: TrinoClient, seeded: OracleLake
) -> None:
    facts = proven(trino, GOLD_CONVERSIONS)
    assert facts.failures == []
    held = [event for row in seeded.gold for event in json.loads(row["events_state"])]
    assert facts.rows == sum(event["r"] == 2 for event in held) > 200
    buckets = trino.rows("SELECT DISTINCT bucket FROM gold.rollup_conversions")
    assert len(list(buckets)) == 6, "the traffic has one of each"


SPOILT_CONVERSIONS = {
    "a micro is moved": "UPDATE {t} SET value = value + 0.000001 WHERE {one}",
    "a conversion is there twice": "INSERT INTO {t} SELECT * FROM {t} WHERE {one}",
    "a conversion is gone": "DELETE FROM {t} WHERE {one}",
    "it lies in another bucket": "UPDATE {t} SET bucket = 'NO_CLICK' WHERE {one}",
    "it came a millisecond later": "UPDATE {t} SET delay_ms = delay_ms + 1 WHERE {one}",
    "it is of another campaign": "UPDATE {t} SET campaign_id = 'nobody' WHERE {one}",
    "it is of another time": "UPDATE {t} SET conversion_at = conversion_at + INTERVAL 1 SECOND "
    "WHERE {one}",
    "its impression is of another time": "UPDATE {t} SET impression_time = impression_time "
    "- INTERVAL 1 SECOND WHERE {one}",
}


QUICK_CONVERSIONS = ("a micro is moved", "it lies in another bucket")


@pytest.mark.parametrize("name", in_tiers(SPOILT_CONVERSIONS, QUICK_CONVERSIONS))
def test_a_conversion_told_wrongly_is_seen(
    lake: SparkSession, trino: TrinoClient, name: str
) -> None:
    before = IcebergTable(lake, GOLD_CONVERSIONS).current_snapshot_id()
    [[first]] = lake.sql(
        f"SELECT min(impression_id) FROM {CONVERSIONS} WHERE bucket = 'ATTRIBUTED'"
    ).collect()
    one = f"bucket = 'ATTRIBUTED' AND impression_id = '{first}'"
    lake.sql(SPOILT_CONVERSIONS[name].format(t=CONVERSIONS, one=one))
    try:
        [failure] = proven(trino, GOLD_CONVERSIONS).failures
        assert failure.problem == f"{GOLD_CONVERSIONS}: conversions are not those in Gold's states"
        assert failure.rows
    finally:
        lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{GOLD_CONVERSIONS}', {before})")


@pytest.mark.chaos
def test_a_conversion_that_changed_counts_once(lake: SparkSession, trino: TrinoClient) -> None:
    """Rows that cancel out, as a batch leaves them, change no answer."""
    asked = {
        "bridge": {"split_by": "campaign"}, "bridge_conversions": {"most": "100000"},
        "conversion_delay_curve": {"cohort_days": "3650", "fewest": "1"},
        "maturity": {"cohort_days": "3650", "fewest": "1"},
    }  # fmt: skip

    def answers() -> list[Any]:
        return [list(run_metric(trino, name, given).records()) for name, given in asked.items()]

    plain = answers()
    assert [row for row in plain[2] if row["arrived_conversions"]]
    before = IcebergTable(lake, GOLD_CONVERSIONS).current_snapshot_id()
    told = (
        "bucket, conversion_at, impression_id, event_id, campaign_id, geo_country, platform, "
        "impression_time, delay_ms"
    )
    for sign in ("-", ""):
        lake.sql(
            f"INSERT INTO {CONVERSIONS} SELECT {told}, {sign}conversions, {sign}value, NULL "
            f"FROM {CONVERSIONS} WHERE folded_day IS NOT NULL AND value > 0"
        )
    try:
        assert answers() == plain
    finally:
        lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{GOLD_CONVERSIONS}', {before})")


def test_the_newest_arrival_is_read_off_the_files(trino: TrinoClient, seeded: OracleLake) -> None:
    newest = max(row["last_updated_ts"] for row in seeded.gold)
    rows = run_metric(trino, "conversion_delay_curve").records()
    assert {row["as_of"] for row in rows} == {newest}


ONLY: dict[str, Callable[[Row], bool]] = {
    "all": lambda _: True,
    "clicked": lambda row: bool(row["is_clicked"]),
    "converted": lambda row: bool(row["is_converted"]),
    "late": lambda row: bool(row["late_by_ms"] > 0),
}


@pytest.mark.parametrize("only", in_tiers(ONLY, ["clicked", "late"]))
@pytest.mark.parametrize("most", in_tiers([1, 7, 100_000], [7]))
def test_the_newest_rows_of_a_range_are_those_of_gold(
    trino: TrinoClient, seeded: OracleLake, only: str, most: int
) -> None:
    for since, until in ranges(seeded)[::3]:
        rows = [
            row for row in seeded.gold
            if row["impression_time"] and ONLY[only](row)
            and (since is None or row["impression_time"] >= since)
            and (until is None or row["impression_time"] < until)
        ]  # fmt: skip
        newest = sorted(rows, key=lambda row: (row["impression_time"], row["impression_id"]))[::-1]
        given = {"since": since, "until": until}
        texts = {name: moment.isoformat() for name, moment in given.items() if moment}
        found = list(
            run_metric(trino, "impressions", texts | {"only": only, "most": str(most)}).records()
        )
        shown = min(most, 10_000)
        assert [row["impression_id"] for row in found] == [
            row["impression_id"] for row in newest[:shown]
        ], (since, until)
        assert {row["impressions"] for row in found} <= {len(rows)}


def ranges(seeded: OracleLake) -> list[tuple[datetime | None, datetime | None]]:
    """Whole hours, cut ones at either end, within one hour, open at one end, empty."""
    times = sorted(row["impression_time"] for row in seeded.gold if row["impression_time"])
    hour = times[len(times) // 2].replace(minute=0, second=0, microsecond=0)
    moments = [
        hour, hour + timedelta(milliseconds=1), hour + timedelta(minutes=30),
        hour + timedelta(hours=1), hour + timedelta(hours=2, seconds=1), times[0],
    ]  # fmt: skip
    both = [(a, b) for a, b in itertools.combinations(moments, 2) if a < b]
    return [(None, None), (None, hour + timedelta(milliseconds=1)), (times[3], None), *both]


@pytest.mark.parametrize("every", in_tiers([7, 1], [7]))
def test_any_range_is_that_of_the_rows_of_gold(
    trino: TrinoClient, seeded: OracleLake, every: int
) -> None:
    seen = [row for row in seeded.gold if row["impression_time"]]
    found = 0
    for since, until in ranges(seeded)[::every]:
        rows = [
            row for row in seen
            if (since is None or row["impression_time"] >= since)
            and (until is None or row["impression_time"] < until)
        ]  # fmt: skip
        given = {"since": since, "until": until}
        texts = {name: moment.isoformat() for name, moment in given.items() if moment}
        [totals] = run_metric(trino, "performance_totals", texts).records()
        expected = (
            len(rows), sum(row["is_clicked"] for row in rows),
            sum(row["is_converted"] for row in rows),
            sum((row["cost"] for row in rows), Decimal(0)),
            sum((row["revenue"] for row in rows), Decimal(0)),
        )  # fmt: skip
        names = (
            "impressions", "clicked_impressions", "converted_impressions", "spend", "revenue",
        )  # fmt: skip
        assert tuple(totals[name] for name in names) == expected, (since, until)
        for bucket in ("minute", "hour", "day"):
            parts = list(
                run_metric(trino, "performance_over_time", texts | {"bucket": bucket}).records()
            )
            assert sum(one["impressions"] for one in parts) == len(rows), (bucket, since, until)
            assert sum((one["revenue"] for one in parts), Decimal(0)) == expected[-1]
        found += bool(rows)
    assert found > 10 / every
