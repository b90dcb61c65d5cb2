"""Windows of five minutes on real tables: proven by Trino's own form, and read by both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.attribution.rollup.writer import rollup_writers
from adlake.business.pipeline import provision_business_views
from adlake.contracts.registry import BUSINESS, VIEWS
from adlake.contracts.tables import (
    ALERTS_LOG,
    CATALOG,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
)
from adlake.io.iceberg.table import IcebergTable
from adlake.io.trino.client import TrinoClient, connect
from adlake.proof.derived import verify_derived
from adlake.settings import Settings
from tests.fixtures.law_sets import law_sets
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of, publish
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TABLE = f"{CATALOG}.{GOLD_WINDOWS}"
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
Record = tuple[bytes, int]


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def record(
    kind: str, number: int, minutes: float, *, late_minutes: float = 0, **more: object
) -> Record:
    """An event of campaign P so long after ten o'clock; it arrives a second later, or late."""
    happened = TEN + timedelta(minutes=minutes)
    event = {
        "event_id": f"{kind}-{number}-{minutes}", "event_type": kind,
        "impression_id": f"p-{number}",
        "event_timestamp": ms(happened), "campaign_id": "P", "geo_country": " DE ", **more,
    }  # fmt: skip
    arrived = happened + timedelta(seconds=1, minutes=late_minutes)
    return json.dumps(event).encode(), ms(arrived)


NAMED = (
    {"channel": " Social ", "region": "BY"}, {"channel": "social"}, {"channel": "search"}, {},
    {"channel": "unknown"},
)  # fmt: skip
"""What impressions of hour 12 say; the campaign is of `search`."""


def worked_day() -> list[Record]:
    """Hour 10: 1,000 impressions at 0.002 and 50 clicks; hour 11: 3 clicks, and one sale of 4.50.

    Hour 12 is of two channels: one that events name, and that of the campaign.
    A click of 10:59 comes at 15:00; one at 11:05:00.000 belongs to the window that begins then.
    """
    shown = [record("IMPRESSION", n, n % 12 * 5, bid_price=0.002) for n in range(1_000)]
    clicks = [record("CLICK", n, n % 12 * 5 + 1) for n in range(50)]
    return [
        *shown, *clicks,
        record("CLICK", 59, 59, late_minutes=241),
        record("CLICK", 5, 64.9), record("CLICK", 5, 65), record("CLICK", 5, 66, late_minutes=0.9),
        record("CONVERSION", 5, 67, conversion_value=4.5),
        record("CONVERSION", 999, 68, conversion_value=7),
        *(record("IMPRESSION", 2_000 + n, 120, bid_price=0, **it) for n, it in enumerate(NAMED)),
        # Whose a click is says its impression, whatever it names itself.
        record("CLICK", 2_000, 121, channel="email", region="se"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def seeded() -> OracleLake:
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    sets = law_sets(seed=37, count=200)
    records += [(d.payload, d.ingest_ms) for one in sets for d in one.deliveries]
    return lake_of(records + worked_day())


@pytest.fixture(scope="module")
def lake(
    catalog: SqlCatalog, spark: SparkSession, seeded: OracleLake, made_tables: MadeTables
) -> SparkSession:
    publish(catalog, seeded)
    made_tables.provision(spark)
    for rollup in rollup_writers(spark):
        assert rollup.follow().startswith("built")
    spark.sql(
        f"INSERT INTO {CATALOG}.{DIM_CAMPAIGNS} (campaign_key, campaign_id, channel, start_ts, "
        "end_ts, is_current) VALUES (1, 'P', 'search', TIMESTAMP '2026-01-01 00:00:00', "
        "TIMESTAMP '9999-12-31 00:00:00', TRUE)"
    )
    for kind, count, channel in (("SIGNUP", 10, "unknown"), ("ACTIVATION", 4, "search")):
        rows = ", ".join(
            f"('{kind}', '{kind}{n}', TIMESTAMP '2026-03-02 10:40:00', 'u', 'P', '{channel}', "
            "'de', NULL, '{}', TIMESTAMP '2026-03-02 10:41:00')"
            for n in range(count)
        )
        spark.sql(f"INSERT INTO {CATALOG}.{FUNNEL_EVENTS} VALUES {rows}")
    fired = ", ".join(
        f"('{name}', 'P', 'all', 'ctr', 'A', 'performance_drop', TIMESTAMP '{window}', "
        f"TIMESTAMP '{window}', TIMESTAMP '{window}', 0.005, 0.015, 4, 800, 0.0149, '', 'early', "
        f"'{status}', 'in1', 1)"
        for name, window, status in (
            ("a1", "2026-03-02 10:05:00", "fired"), ("a2", "2026-03-02 10:05:00", "withdrawn"),
            ("a3", "2026-03-02 10:10:00", "withdrawn"), ("a4", "2026-03-02 10:15:00", "fired"),
            ("a5", "2026-03-02 10:15:00", "fired"),
        )
    )  # fmt: skip
    spark.sql(f"INSERT INTO {CATALOG}.{ALERTS_LOG} VALUES {fired}")
    assert provision_business_views(spark) == list(VIEWS[BUSINESS])
    assert provision_business_views(spark) == []
    return spark


@pytest.fixture(scope="module")
def trino(lake: SparkSession, private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def problems(trino: TrinoClient) -> list[str]:
    found = verify_derived(trino, GOLD_WINDOWS, rows_shown=5)
    assert found is not None
    assert found.rows > 200
    return [failure.problem for failure in found.failures]


def test_what_spark_summed_is_what_trino_sums(trino: TrinoClient) -> None:
    assert problems(trino) == []


SPOILT = {
    **{
        f"one more in {name}": f"UPDATE {{t}} SET {name} = {name} + 1 WHERE {{one}}"
        for name in (
            "impressions", "clicks", "conversions", "early_impressions", "early_clicks",
            "early_conversions", "late_impressions", "late_clicks", "late_conversions",
            "attributed_conversions",
        )
    },
    "a micro of cost is lost": "UPDATE {t} SET total_cost = total_cost - 0.000001 WHERE {one}",
    "a micro of revenue": "UPDATE {t} SET revenue = revenue + 0.000001 WHERE {one}",
    "a row is gone": "DELETE FROM {t} WHERE {one}",
    "another window": (
        "UPDATE {t} SET window_start = window_start + INTERVAL 5 MINUTES WHERE {one}"
    ),
    "another region": "UPDATE {t} SET region = 'x' WHERE {one}",
    "another channel": "UPDATE {t} SET channel = 'x' WHERE {one}",
}  # fmt: skip


@pytest.mark.parametrize("name", in_tiers(SPOILT, ["one more in late_clicks", "another channel"]))
def test_a_planted_difference_is_seen(lake: SparkSession, trino: TrinoClient, name: str) -> None:
    before = IcebergTable(lake, GOLD_WINDOWS).current_snapshot_id()
    one = "campaign_id = 'P' AND window_start = TIMESTAMP '2026-03-02 10:05:00'"
    lake.sql(SPOILT[name].format(t=TABLE, one=one))
    try:
        assert problems(trino) == [f"{GOLD_WINDOWS}: sums by window are not those of Gold's events"]
    finally:
        lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{GOLD_WINDOWS}', {before})")


def rows_of(lake: SparkSession, trino: TrinoClient, view: str, order: str) -> list[dict[str, Any]]:
    """Rows of campaign P, which both engines must give alike."""
    asked = f"SELECT * FROM {view} WHERE campaign_id = 'P' ORDER BY {order}"
    on_trino = trino.records(asked)
    on_spark = lake.sql(asked.replace("gold.", f"{CATALOG}.gold.")).toArrow().to_pylist()
    assert on_spark == on_trino
    return on_trino


def named(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_each_event_is_in_the_window_of_its_own_time(
    lake: SparkSession, trino: TrinoClient
) -> None:
    rows = rows_of(lake, trino, "gold.campaign_metrics_5m", "window_start, channel, region")
    rows = [row for row in rows if row["window_start"] < TEN + timedelta(hours=2)]
    assert {(row["channel"], row["region"]) for row in rows} == {("search", "de")}
    by_window = {row["window_start"]: row for row in rows}
    last = by_window[TEN + timedelta(minutes=55)]
    assert named([last], "clicks", "late_events", "early_clicks") == [(5, 1, 4)]
    eleven = TEN + timedelta(hours=1)
    # Without an impression of its own a window has clicks all the same.
    first = by_window[eleven]
    assert named([first], "impressions", "clicks") == [(0, 1)]
    second = by_window[eleven + timedelta(minutes=5)]
    assert named(
        [second], "clicks", "early_clicks", "conversions", "attributed_conversions", "revenue"
    ) == [(2, 2, 2, 1, Decimal("4.500000"))]
    assert second["window_end"] == eleven + timedelta(minutes=10)
    assert sum(row["impressions"] for row in rows) == 1_000
    assert sum(row["total_cost"] for row in rows) == Decimal("2.000000")


def test_a_named_channel_is_its_own_and_an_unknown_one_that_of_the_campaign(
    lake: SparkSession, trino: TrinoClient
) -> None:
    rows = rows_of(lake, trino, "gold.campaign_metrics_5m", "window_start, channel, region")
    rows = [row for row in rows if row["window_start"] == TEN + timedelta(hours=2)]
    assert named(rows, "channel", "region", "impressions", "clicks") == [
        ("search", "de", 3, 0), ("social", "by", 1, 1), ("social", "de", 1, 0),
    ]  # fmt: skip
    stored = trino.records(
        "SELECT channel, sum(impressions) AS impressions FROM gold.rollup_5m WHERE campaign_id = "
        "'P' AND window_start = TIMESTAMP '2026-03-02 12:00:00 UTC' GROUP BY 1 ORDER BY 1"
    )
    assert named(stored, "channel", "impressions") == [("search", 1), ("social", 2), ("unknown", 2)]


def test_p1_and_p6_an_hour_with_a_click_that_came_late(
    lake: SparkSession, trino: TrinoClient
) -> None:
    hours = rows_of(lake, trino, "gold.campaign_metrics_hourly", "hour_start, channel")
    ten, eleven, *twelve = hours
    assert ten["hour_start"] == TEN
    assert named([ten], "impressions", "clicks", "signups", "activations", "late_events") == [
        (1_000, 51, 10, 4, 1)
    ]
    assert named([ten], "ctr", "click_to_signup", "signup_to_activation", "cpa") == [
        (0.051, 10 / 51, 0.4, Decimal("0.500000"))
    ]
    assert named([eleven], "impressions", "ctr", "clicks", "roas", "cpc") == [
        (0, None, 3, None, Decimal("0.000000"))
    ]
    assert named(twelve, "channel", "impressions") == [("search", 3), ("social", 2)]
    day, other = rows_of(lake, trino, "gold.campaign_metrics_daily", "channel")
    assert named([day], "day", "clicks", "roas") == [(TEN.date(), 54, 2.25)]
    assert named([day, other], "channel", "impressions") == [("search", 1_003), ("social", 2)]


@pytest.mark.chaos
def test_the_other_views_add_up_the_same_windows(lake: SparkSession, trino: TrinoClient) -> None:
    windows = rows_of(lake, trino, "gold.campaign_kpis_5m", "window_start")
    rolling = rows_of(lake, trino, "gold.campaign_metrics_rolling_1h", "window_end")
    assert len(rolling) == len(windows) == 15
    for row in rolling:
        since = row["window_end"] - timedelta(hours=1)
        last = [one for one in windows if since < one["window_end"] <= row["window_end"]]
        for name in ("impressions", "clicks", "signups", "total_cost", "revenue"):
            assert row[name] == sum(one[name] for one in last), (row["window_end"], name)
    assert all(row["is_final"] for row in windows)
    # Two alerts make no second row of a window; what was withdrawn marks none.
    marked = [row["window_start"] for row in windows if row["is_alert"]]
    assert marked == [TEN + timedelta(minutes=5), TEN + timedelta(minutes=15)]
    hours = rows_of(lake, trino, "gold.campaign_metrics_by_hour_of_day", "1, 2, 3")
    assert named(hours, "hour_of_day", "channel", "clicks") == [
        (10, "search", 51), (11, "search", 3), (12, "search", 0), (12, "social", 1),
    ]  # fmt: skip
    curve = rows_of(lake, trino, "gold.campaign_launch_curve", "hours_since_launch")
    assert named(curve, "hours_since_launch", "clicks") == [(0, 51), (1, 54), (2, 55)]


def test_rejected_events_count_nowhere_and_no_window_is_there_twice(
    lake: SparkSession, trino: TrinoClient
) -> None:
    grain = "campaign_id, channel, region, window_start"
    twice = f"SELECT {grain} FROM gold.campaign_funnel_5m GROUP BY {grain} HAVING count(*) > 1"
    assert trino.records(twice) == []
    [counted] = trino.records(
        "SELECT sum(impressions) AS impressions FROM gold.campaign_metrics_5m"
    )
    [held] = trino.records("SELECT count(impression_time) AS n FROM gold.ad_performance_state")
    assert counted["impressions"] == held["n"]
