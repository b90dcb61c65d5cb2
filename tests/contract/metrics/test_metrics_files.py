"""Every metric file keeps the contract of its header; no server needed."""

from __future__ import annotations

import re

import pytest

from adlake.contracts import stamps
from adlake.contracts.tables import CATALOG
from adlake.io.sql.files import parameters
from adlake.metrics.query import load_metric, metric_names

COMMENT = re.compile(r"--[^\n]*")
REQUIRED = (
    "roas", "ctr", "cvr", "attribution_lag", "funnel", "funnel_by_hour", "orphan_revenue",
    "budget_spend", "invalid_traffic_share", "reach_and_frequency", "frequency_distribution",
    "effective_frequency", "audience_performance", "freshness", "freshness_of_events",
    "newest_event_age", "model_comparison", "model_credit_over_time", "removal_effects",
    "path_lengths", "models_built", "path_formats", "reach_over_time",
    "click_bursts", "double_clicks", "fast_conversions", "ctr_outliers",
    "click_fraud_over_time", "recent_duplicates", "small_files",
    "alerts_active", "alert_incidents", "alerts_log", "alert_rules", "alert_series",
    "advertisers", "advertiser_spend", "advertiser_budgets", "serving_flips", "data_as_of",
    "creative_performance", "breakdown_performance", "lag_distribution", "lookback_tuning",
)  # fmt: skip


def statement(name: str) -> str:
    return COMMENT.sub("", load_metric(name).sql)


def test_the_promised_metrics_exist() -> None:
    assert set(REQUIRED) <= set(metric_names())


@pytest.mark.parametrize("name", metric_names())
def test_header_names_the_file_and_every_parameter(name: str) -> None:
    metric = load_metric(name)
    assert metric.sql.startswith(f"-- {name}: ")
    assert metric.question.endswith("?")
    declared = [parameter.name for parameter in metric.parameters]
    assert parameters(metric.sql) - {"timestamp_utc"} == set(declared)
    assert list(metric.bound_values({})) == declared
    assert len(re.findall(r"^-- param ", metric.sql, re.MULTILINE)) == len(declared)


@pytest.mark.parametrize("name", metric_names())
def test_tables_carry_no_catalog_so_that_tests_can_stand_in(name: str) -> None:
    assert CATALOG not in statement(name)
    assert re.search(r"\b(gold|bronze|audit|dims)\.", statement(name))


@pytest.mark.parametrize("name", metric_names())
def test_stamp_keys_are_those_the_stream_writes(name: str) -> None:
    written = {value for key, value in vars(stamps).items() if key.isupper()}
    assert set(re.findall(r"'(adlake\.[^']+)'", statement(name))) <= written


@pytest.mark.parametrize("name", metric_names())
def test_no_money_passes_through_a_float(name: str) -> None:
    assert not re.search(r"\b(double|real|avg)\b", statement(name), re.IGNORECASE)
