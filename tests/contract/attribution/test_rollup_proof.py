"""Sums by hour that Spark made: proven by Trino's own form, and read with Gold for any range."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.attribution.pipeline import provision_audit_views
from adlake.attribution.rollup.writer import RollupWriter
from adlake.contracts.tables import CATALOG, GOLD_HOURS, HOUR_GRAIN, HOUR_SUMS
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.trino.client import TrinoClient, connect
from adlake.metrics.query import run_metric
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from tests.fixtures.law_sets import law_sets
from tests.fixtures.trino.hour_rows import hour_rows
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of, publish
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

HOURS = f"{CATALOG}.{GOLD_HOURS}"
VIEW = "gold.hourly_performance"


@pytest.fixture(scope="module")
def seeded() -> OracleLake:
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    sets = law_sets(seed=31, count=400)
    return lake_of(records + [(d.payload, d.ingest_ms) for one in sets for d in one.deliveries])


@pytest.fixture(scope="module")
def lake(catalog: SqlCatalog, spark: SparkSession, seeded: OracleLake) -> SparkSession:
    publish(catalog, seeded)
    provision_tables(spark)
    provision_audit_views(spark)
    assert RollupWriter(spark).follow().startswith("built")
    return spark


@pytest.fixture(scope="module")
def trino(lake: SparkSession, private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def proven(trino: TrinoClient) -> DerivedFacts:
    found = verify_derived(trino, GOLD_HOURS, rows_shown=5)
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
    columns = ", ".join((*HOUR_GRAIN, *HOUR_SUMS))
    expected = sorted(
        (tuple(row[name] for name in (*HOUR_GRAIN, *HOUR_SUMS)) for row in plain), key=repr
    )
    on_trino = trino.rows(f"SELECT {columns} FROM {VIEW}")
    assert sorted((tuple(map(_utc, row)) for row in on_trino), key=repr) == expected
    on_spark = lake.sql(f"SELECT {columns} FROM {CATALOG}.{VIEW}").toArrow().to_pylist()
    assert len(on_spark) == len(expected)


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
    "the bases are mixed up": "UPDATE {t} SET date_basis = 'conversion' WHERE {one}",
}


@pytest.mark.parametrize("name", SPOILT)
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


def test_any_range_is_that_of_the_rows_of_gold(trino: TrinoClient, seeded: OracleLake) -> None:
    seen = [row for row in seeded.gold if row["impression_time"]]
    found = 0
    for since, until in ranges(seeded):
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
    assert found > 10
