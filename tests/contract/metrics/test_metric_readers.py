"""What Metabase and Grafana send for a metric gives on real Trino what `adlake query` gives."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from adlake.io.sql import grafana, metabase
from adlake.metrics.query import load_metric
from tests.fixtures import grafana_double
from tests.fixtures.alert_rows import alert, incident
from tests.fixtures.metabase.substitution import as_metabase_sends
from tests.fixtures.trino.budget_rows import insert_advertisers
from tests.fixtures.trino.metrics_lake import MetricsLake, answer, utc

pytestmark = pytest.mark.integration

SPAN = {"since": "2026-11-01T10:30:00", "until": "2026-11-01T12:00:00"}
ASKED: tuple[tuple[str, dict[str, str]], ...] = (
    ("roas", {}),
    ("roas", {**SPAN, "campaign_id": "c'1"}),
    ("roas", {"campaign_id": "x' OR '1'='1"}),
    ("performance_over_time", {}),
    ("performance_over_time", {**SPAN, "bucket": "day"}),
    ("revenue_over_time", {"bucket": "hour"}),
    ("campaign_performance", {"most": "1"}),
    ("funnel_by_hour", {**SPAN}),
    ("rejected_by_reason", {"since": "2026-11-01T10:30:00"}),
    ("throughput", {"minutes": "5"}),
    ("funnel", {"campaign_id": "c'1"}),
    ("bridge", {**SPAN, "split_by": "campaign"}),
    ("maturity", {"campaign_id": "c'1", "bucket": "hour", "fewest": "1"}),
    ("conversion_delay_curve", {"cohort_days": "3"}),
    ("budget_spend", {**SPAN, "budget_type": "NONE"}),
    ("budget_spend", {"budget_type": "LIFETIME", "campaign_id": "c2"}),
    ("reach_and_frequency", {"most": "1"}),
    ("frequency_distribution", {**SPAN}),
    ("effective_frequency", {}),
    ("audience_performance", {**SPAN, "audience_by": "gender"}),
    ("invalid_traffic_share", {**SPAN, "campaign_id": "c2"}),
    ("freshness_of_events", {"minutes": "5"}),
    ("model_comparison", {"most": "1"}),
    ("model_credit_over_time", {**SPAN, "campaign_id": "c2"}),
    ("path_lengths", {**SPAN}),
    ("path_formats", {"within_hours": "1"}),
    ("reach_over_time", {**SPAN, "bucket": "hour"}),
    ("click_bursts", {**SPAN, "burst_clicks": "1"}),
    ("double_clicks", {"most": "1"}),
    ("fast_conversions", {**SPAN, "fast_conversion_ms": "100"}),
    ("ctr_outliers", {"sigmas": "0", "min_impressions": "1"}),
    ("click_fraud_over_time", {**SPAN, "bucket": "minute"}),
    ("recent_duplicates", {"minutes": "5"}),
    ("small_files", {"small_mebibytes": "1"}),
    ("alerts_active", {"campaign_id": "cmp_101", "most": "1"}),
    ("alert_incidents", {**SPAN, "metric": "ctr"}),
    ("alerts_log", {"campaign_id": "x' OR '1'='1"}),
    ("alerts_over_time", {"bucket": "day"}),
    ("alert_series", {"hours": "1"}),
    ("advertisers", {"as_of": "2026-11-01T12:00:00", "most": "2"}),
    ("advertiser_spend", {**SPAN, "bucket": "hour", "as_of": "2026-11-01T12:00:00"}),
    ("advertiser_budgets", {"advertiser_id": "a1"}),
    ("serving_flips", {**SPAN, "cause": "SPEND"}),
)


@pytest.fixture(scope="module")
def asked_lake(lake: MetricsLake) -> MetricsLake:
    lake.add_impression(
        "i1", "c'1", "10:00", cost="1", clicked=True, converted_at="11:00", revenue="20"
    )
    lake.add_impression("i2", "c'1", "10:30", cost="2", clicked=True)
    lake.add_impression(
        "i3", "c2", "11:59:59.999", cost="4", clicked=True, converted_at="12:30", revenue="7"
    )
    lake.add_impression("i4", "c2", "12:00", cost="8")
    lake.insert("bronze.ad_events", [
        ("ad_events", 0, 0, utc("10:00"), "BAD_VALUE"), ("ad_events", 0, 1, utc("11:00"), "BAD_ID"),
    ])  # fmt: skip
    lake.insert("gold.alert_incidents", [incident("in1", utc("11:00"))])
    lake.insert("gold.alerts_log", [alert("a1", "in1", utc("11:00"))])
    insert_advertisers(lake)
    return lake


def in_metabase(name: str, given: Mapping[str, str]) -> str:
    metric = load_metric(name)
    text, tags = metabase.rendered(metric.sql, metric.parameters)
    return as_metabase_sends(text, tags, given)


def as_grafana_sends(name: str, given: Mapping[str, str]) -> str:
    """As a panel whose dashboard has these values and this time range."""
    metric = load_metric(name)
    text = grafana.rendered(metric.sql, metric.parameters)
    # A moment is typed as Trino spells it: of times Grafana knows its range alone.
    typed = {n: one.replace("T", " ") if n == "as_of" else one for n, one in given.items()}
    return grafana_double.sent_to_trino(text, typed, {**grafana_double.WHOLE, **typed})


@pytest.mark.parametrize(("name", "given"), ASKED)
def test_every_reader_gets_the_same_rows(
    asked_lake: MetricsLake, name: str, given: dict[str, str]
) -> None:
    expected = answer(asked_lake, name, **given)
    for statement in (in_metabase(name, given), as_grafana_sends(name, given)):
        assert asked_lake.client.records(statement) == expected, statement
