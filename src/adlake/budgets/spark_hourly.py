"""Spend of advertisers by hour on Spark; `budgets/views.py` is the reference form."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.budgets.spark_history import money

TABLE_COLUMNS: Final = (
    "advertiser", "advertiser_id", "gross_spend", "valid_spend", "net_spend", "credit_amount",
    "overdelivery_amount", "record_count", "budget_value", "can_serve", "window_start",
    "window_end", "spend_hour", "spend_day", "spend_month",
)  # fmt: skip
_GRAIN: Final = ("advertiser_id", "spend_hour")


def hourly_rows(clicks: DataFrame, spans: DataFrame, flips: DataFrame) -> DataFrame:
    """Rows of gold.advertiser_spend_hourly.

    Args:
        clicks: rows of gold.spend_ledger.
        spans: of `spark_history.budget_spans`.
        flips: rows of gold.serving_flips.
    """
    sums = clicks.groupBy("advertiser", *_GRAIN, "spend_day", "spend_month").agg(
        _sum("amount").alias("gross_spend"), _sum("credit_amount").alias("credit_amount"),
        _sum("overdelivery_amount").alias("overdelivery_amount"),
        _sum("net_amount").alias("net_spend"), F.count("*").alias("record_count"),
    )  # fmt: skip
    hours = sums.withColumns(
        {
            "valid_spend": (F.col("gross_spend") - F.col("credit_amount")).cast("decimal(38,6)"),
            "window_start": F.col("spend_hour"),
            "window_end": F.col("spend_hour") + F.expr("INTERVAL 1 HOUR"),
        }
    )
    known = spans.select(F.col("advertiser_id").alias("whose"), "micros", "start_ms", "end_ms")
    # In force at the last millisecond of the hour.
    holds = F.expr(
        "advertiser_id = whose AND start_ms < unix_millis(window_end) "
        "AND (end_ms IS NULL OR end_ms >= unix_millis(window_end))"
    )
    both = hours.join(known, holds, "left").join(_flags(hours, flips), [*_GRAIN], "left")
    return both.withColumn("budget_value", F.expr(money("micros"))).select(*TABLE_COLUMNS)


def _flags(hours: DataFrame, flips: DataFrame) -> DataFrame:
    """`can_serve` of hours: that of the last flip before their end."""
    told = flips.select(F.col("advertiser_id").alias("whose"), "effective_at", "can_serve",
                        "flip_number")  # fmt: skip
    before = F.expr("advertiser_id = whose AND effective_at < window_end")
    joined = hours.select(*_GRAIN, "window_end").join(told, before)
    return joined.groupBy(*_GRAIN).agg(F.max_by("can_serve", "flip_number").alias("can_serve"))


def _sum(name: str) -> Column:
    return F.sum(name).cast("decimal(38,6)")
