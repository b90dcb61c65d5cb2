"""Tables and views of budgets and customers have the columns that readers were promised.

Values are compared elsewhere, often of some columns alone: a name that goes away is seen here.
"""

from __future__ import annotations

import re

import pytest

from adlake.contracts.tables import (
    CUSTOMER_360,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.io.sql.files import SQL_ROOT
from tools.pages.entities import columns_of

TABLES = {
    SPEND_LEDGER: "advertiser_id click_id advertiser ad_id campaign_id impression_id event_time "
    "amount credit_amount overdelivery_amount net_amount spend_hour spend_day spend_month "
    "last_updated_ts",
    SPEND_HOURS: "advertiser advertiser_id gross_spend net_spend record_count budget_value "
    "can_serve window_start window_end spend_hour spend_day spend_month valid_spend credit_amount "
    "overdelivery_amount",
    SERVING_FLIPS: "flip_id advertiser_id advertiser effective_at can_serve previous_can_serve "
    "net_spend valid_spend reserve budget_value period period_start cause",
    DIM_BUDGETS: "budget_key advertiser_id budget_value period start_ts end_ts is_current",
    DIM_ADVERTISERS: "advertiser_key advertiser_id advertiser status time_zone flight_start "
    "flight_end start_ts end_ts is_current",
    CUSTOMER_360: "user_id name email_sha256 geo_country created_at is_active order_count "
    "lifetime_value first_order_time last_order_time delivered_count failed_count "
    "activation_count engagement_rate lifecycle_stage previous_stage stage_changed_at "
    "propensity_score propensity_band segments rule_version last_updated_ts",
}
BOTH = "advertiser advertiser_id"
VIEWS = {
    "ad_clicks": f"{BOTH} event_type click_id ad_id amount budget_value event_time is_valid "
    "reject_reason processed_at ingest_year ingest_month ingest_day ingest_hour",
    "combined_spend_budget": f"{BOTH} spend_day category amount",
    "latest_changed_budgets": f"{BOTH} spend_hour budget_value",
    "latest_serving_status": f"{BOTH} latest_hour latest_can_serve",
    "hourly_average_budget": f"{BOTH} spend_hour avg_budget",
    "aggregated_advertiser_spend": f"{BOTH} total_gross_spend total_net_spend total_clicks "
    "latest_budget_value latest_activity_time current_serving_status",
    "monthly_spend": f"{BOTH} spend_month monthly_gross_spend monthly_net_spend total_clicks "
    "budget_value can_serve_status",
    "hourly_spend": f"{BOTH} spend_hour_start spend_hour_end hourly_gross_spend hourly_net_spend",
    "daily_spend": f"{BOTH} spend_day daily_gross_spend daily_net_spend",
    "customer_stage_history": "user_id entered_at stage left_at order_count lifetime_value "
    "engagement_rate",
    "customer_segments": "user_id segment rule_version as_of_date",
    "customer_360_with_ads": f"{TABLES[CUSTOMER_360]} ad_impressions ad_clicks "
    "attributed_conversions attributed_revenue",
}
_LAST_SELECT = re.compile(r".*^SELECT\n(.*?)^FROM ", re.MULTILINE | re.DOTALL)
MORE = {"ad_clicks": {"kafka_topic", "kafka_partition", "kafka_offset"}}
"""Columns that nobody asked for: of a delivery, where it lies."""


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_that_were_promised(table: str) -> None:
    assert set(columns_of(table)) >= set(TABLES[table].split())


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_them_in_both_engines(view: str) -> None:
    found = [*(SQL_ROOT / "views").rglob(f"{view}.sql")]
    assert len(found) in (1, 2)
    for file in found:
        select = _LAST_SELECT.match(file.read_text())
        assert select is not None
        # Each column has a line that ends with its name; other lines are parts of expressions.
        names = [line.rstrip(",").split()[-1].split(".")[-1] for line in _columns(select[1])]
        assert set(names) == set(VIEWS[view].split()) | MORE.get(view, set()), file
        assert len(names) == len(set(names)), file


def _columns(text: str) -> list[str]:
    """Lines at which an item of the list of columns ends."""
    lines, depth, ended = text.splitlines(), 0, []
    for number, line in enumerate(lines):
        depth += line.count("(") - line.count(")")
        if depth == 0 and (line.endswith(",") or number == len(lines) - 1):
            ended.append(line)
    return ended
