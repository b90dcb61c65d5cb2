"""Sums of Gold's rows by hour, as Spark SQL expressions.

A row counts in the hour of its impression and, if it converted, in the hour of its conversion too.
Sums are additive: those of the rows as they are now, less those of the same rows as they were, are
what a batch changed, whatever came late.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.contracts.tables import FOLDED_DAY, HOUR_GRAIN, HOUR_SUMS

FORMAT: Final = 1
"""Version of these sums; a table of another one is built again."""
_GOLD: Final = (
    "campaign_id", "creative_id", "platform", "geo_country", "is_clicked", "is_converted",
    "impression_time", "conversion_time", "cost", "revenue", "revenue_out_of_window",
)  # fmt: skip
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


def hour_sums(gold: DataFrame) -> DataFrame:
    """All rows summed.

    Args:
        gold: any frame with Gold's columns.

    Returns:
        The columns of gold.rollup_hourly, one row per grain, filed under the day of the hour.
    """
    return _summed(_signed(gold, 1)).withColumn(FOLDED_DAY, F.to_date("hour_at"))


def hour_differences(added: DataFrame, removed: DataFrame) -> DataFrame:
    """What the sums change by when rows come and others go; of no change there is no row.

    Args:
        added: rows of Gold as they are after a batch.
        removed: rows of Gold as they were before it.

    Returns:
        The columns of gold.rollup_hourly; FOLDED_DAY is NULL.
    """
    changes = _summed(_signed(added, 1).unionAll(_signed(removed, -1)))
    is_any = " OR ".join(f"{name} <> 0" for name in HOUR_SUMS)
    return changes.where(is_any).withColumn(FOLDED_DAY, F.lit(None).cast("date"))


def _signed(gold: DataFrame, sign: int) -> DataFrame:
    return gold.selectExpr(*_GOLD, f"{sign} AS sign")


def _summed(rows: DataFrame) -> DataFrame:
    placed = rows.selectExpr("*", _MOMENTS).selectExpr(
        "*", "moment.date_basis AS date_basis", "date_trunc('HOUR', moment.at) AS hour_at"
    )
    return placed.groupBy(*HOUR_GRAIN).agg(
        *(F.expr(expression).alias(name) for name, expression in _SUMS.items())
    )
