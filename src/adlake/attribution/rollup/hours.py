"""Sums of Gold's rows by hour (gold.rollup_hourly), as Spark SQL expressions.

A row counts in the hour of its impression and, if it converted, in the hour of its conversion too.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame

from adlake.attribution.rollup.rollup import Rollup
from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_HOURS

_MOMENTS: Final = (
    "explode(filter(array("
    "named_struct('date_basis', 'impression', 'at', impression_time), "
    "named_struct('date_basis', 'conversion', 'at', conversion_time)), "
    "x -> x.at IS NOT NULL)) AS moment"
)
_SEEN: Final = "impression_time IS NOT NULL"
_LAG_MS: Final = "unix_millis(conversion_time) - unix_millis(impression_time)"
_SUMS: Final = {
    "impressions": f"sum(IF({_SEEN}, sign, 0))",
    "clicked_impressions": f"sum(IF({_SEEN} AND is_clicked, sign, 0))",
    "converted_impressions": f"sum(IF({_SEEN} AND is_converted, sign, 0))",
    "conversions": "sum(IF(is_converted, sign, 0))",
    "cost": "CAST(COALESCE(sum(cost * sign), 0) AS DECIMAL(38, 6))",
    "revenue": "CAST(sum(revenue * sign) AS DECIMAL(38, 6))",
    "orphan_revenue": (
        f"CAST(COALESCE(sum(IF({_SEEN}, NULL, revenue * sign)), 0) AS DECIMAL(38, 6))"
    ),
    # Its type has no room for a product: only the sign is changed.
    "revenue_out_of_window": "sum(IF(sign > 0, revenue_out_of_window, -revenue_out_of_window))",
    "lag_ms": (
        f"CAST(COALESCE(sum(CAST(({_LAG_MS}) * sign AS DECIMAL(18, 0))), 0) AS DECIMAL(38, 0))"
    ),
}


def _placed(rows: DataFrame, _law: LawConstants) -> DataFrame:
    return rows.selectExpr("*", _MOMENTS).selectExpr(
        "*", "moment.date_basis AS date_basis", "date_trunc('HOUR', moment.at) AS hour_at"
    )


HOURS: Final = Rollup(
    table=GOLD_HOURS,
    format=2,
    columns=(
        "campaign_id", "creative_id", "platform", "geo_country", "channel", "is_clicked",
        "is_converted", "impression_time", "conversion_time", "cost", "revenue",
        "revenue_out_of_window",
    ),
    placed=_placed,
    sums=_SUMS,
)  # fmt: skip
