"""Billed clicks of advertisers on Spark; `budgets/spend.py` is the reference form.

Sums of micros are DECIMAL(38, 0): no number of clicks overflows them.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from adlake.budgets.contract import DEFAULT_ZONE, MONTH_CAP_TENTHS, EventType, Period
from adlake.budgets.spark_events import of_type
from adlake.budgets.spark_history import money, names, zones

TABLE_COLUMNS: Final = (
    "advertiser_id", "click_id", "advertiser", "ad_id", "campaign_id", "impression_id",
    "event_time", "amount", "credit_amount", "overdelivery_amount", "net_amount", "spend_hour",
    "spend_day", "spend_month", "last_updated_ts",
)  # fmt: skip
HOUR_MS: Final = 3_600_000
_MICROS: Final = "decimal(38,0)"
_IN_ORDER: Final = ("ts_ms", "click_id")
_PERIOD_GRAIN: Final = {
    Period.DAILY: ("advertiser_id", "spend_day"),
    Period.MONTHLY: ("advertiser_id", "spend_month"),
    Period.LIFETIME: ("advertiser_id",),
}
_LOCAL: Final = "from_utc_timestamp(timestamp_millis(ts_ms), time_zone)"
_MONTH_CAP: Final = (
    f"IF(days = 0, NULL, floor(({2 * MONTH_CAP_TENTHS} * sum_of_caps + 10 * days) / (20 * days)))"
)


def billed_rows(events: DataFrame, spans: DataFrame, versions: DataFrame) -> DataFrame:
    """Rows of gold.spend_ledger.

    Args:
        events: each once, see `spark_events`.
        spans: of their budgets.
        versions: of their advertisers.
    """
    charges = _charges(events).join(F.broadcast(zones(versions)), ["advertiser_id"], "left")
    zone = F.coalesce("time_zone", F.lit(DEFAULT_ZONE))
    owed = overdelivered(charges.withColumn("time_zone", zone), spans)
    return _rows(owed.join(names(events), ["advertiser_id"], "left"))


def overdelivered(charges: DataFrame, spans: DataFrame) -> DataFrame:
    """Adds `over`, what of `valid` lies above a cap, and the day and month of a click.

    Args:
        charges: advertiser_id, click_id, ts_ms, valid, time_zone, and what else there is.
        spans: of the advertisers' budgets.
    """
    capped = _with_caps(_with_periods(_filed(charges), spans), spans)
    taken = _above("valid", capped, "period_sum", "cap")
    rest = taken.withColumn("rest", F.col("valid") - F.col("taken"))
    month = Window.partitionBy("advertiser_id", "spend_month").orderBy(*_IN_ORDER)
    daily_cap = F.when(F.col("period") == str(Period.DAILY), F.col("month_cap"))
    summed = rest.withColumn("rest_sum", _sum("rest", month)).withColumn("month_cap", daily_cap)
    both = _above("rest", summed, "rest_sum", "month_cap", "more")
    return both.withColumn("over", F.col("taken") + F.col("more"))


def _charges(events: DataFrame) -> DataFrame:
    """Clicks with what credits leave of them: `valid`; a credit without its click waits."""
    credits_ = (
        of_type(events, EventType.CREDIT)
        .groupBy("advertiser_id", "click_id")
        .agg(
            F.sum(F.col("micros").cast(_MICROS)).alias("given"), F.max("ingest_ms").alias("newest")
        )
    )
    clicks = of_type(events, EventType.CLICK).select(
        "advertiser_id", F.col("counted_id").alias("click_id"), "ad_id", "campaign_id",
        "impression_id", "ts_ms", "micros", "ingest_ms",
    )  # fmt: skip
    both = clicks.join(credits_, ["advertiser_id", "click_id"], "left")
    return both.withColumns(
        {
            "credit": F.least(F.col("micros").cast(_MICROS), F.coalesce("given", F.lit(0))),
            "updated_ms": F.greatest("ingest_ms", "newest"),
        }
    ).withColumn("valid", F.col("micros") - F.col("credit"))


def _filed(charges: DataFrame) -> DataFrame:
    return charges.withColumns(
        {
            "spend_day": F.expr(f"to_date({_LOCAL})"),
            "spend_month": F.expr(f"to_date(date_trunc('MONTH', {_LOCAL}))"),
        }
    )


def _with_periods(clicks: DataFrame, spans: DataFrame) -> DataFrame:
    """`period`: the kind of budget in force at a click, before the first one that one's."""
    starts = spans.select("advertiser_id", F.col("start_ms").alias("ts_ms"), "period")
    both = clicks.unionByName(starts, allowMissingColumns=True)
    # A budget is in force at its own moment: its row, without an id, comes before the clicks'.
    in_order = Window.partitionBy("advertiser_id").orderBy(
        "ts_ms", F.col("click_id").asc_nulls_first()
    )
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    at_all = in_order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    kind = F.coalesce(
        F.last("period", ignorenulls=True).over(so_far),
        F.first("period", ignorenulls=True).over(at_all),
        F.lit(str(Period.DAILY)),
    )
    return both.withColumn("period", kind).where("click_id IS NOT NULL")


def _with_caps(clicks: DataFrame, spans: DataFrame) -> DataFrame:
    """`cap` of a click's period, `period_sum` with the click, `month_cap` up to its day."""
    days = day_caps(clicks, spans)
    months = _caps(clicks.select("advertiser_id", "time_zone", "spend_month").distinct(), spans)
    whole = (
        spans.where(F.col("period") == str(Period.LIFETIME))
        .groupBy("advertiser_id")
        .agg(F.max("micros").alias("lifetime_cap"))
    )
    joined = (
        clicks.join(days, ["advertiser_id", "spend_day"], "left")
        .join(months, ["advertiser_id", "spend_month"], "left")
        .join(whole, ["advertiser_id"], "left")
    )
    caps = {Period.DAILY: "day_cap", Period.MONTHLY: "monthly_cap", Period.LIFETIME: "lifetime_cap"}
    sums = {
        kind: _sum("valid", Window.partitionBy(*grain).orderBy(*_IN_ORDER))
        for kind, grain in _PERIOD_GRAIN.items()
    }
    return joined.withColumns(
        {
            "cap": _by_period({kind: F.col(name) for kind, name in caps.items()}),
            "period_sum": _by_period(sums),
        }
    )


def day_caps(clicks: DataFrame, spans: DataFrame) -> DataFrame:
    """advertiser_id, spend_day, day_cap, month_cap: of each day up to the last one with clicks."""
    last = F.max("spend_day").alias("last")
    months = clicks.groupBy("advertiser_id", "time_zone", "spend_month").agg(last)
    days = months.select(
        "advertiser_id", "time_zone", "spend_month",
        F.explode(F.sequence("spend_month", "last")).alias("spend_day"),
    )  # fmt: skip
    capped = _capped(
        days, spans, Period.DAILY, first="spend_day", end="date_add(spend_day, 1)", cap="day_cap"
    )
    so_far = Window.partitionBy("advertiser_id", "spend_month").orderBy("spend_day")
    summed = capped.withColumns(
        {
            "sum_of_caps": F.sum(F.col("day_cap").cast("decimal(20,0)")).over(so_far),
            "days": F.count("day_cap").over(so_far),
        }
    )
    return summed.select(
        "advertiser_id", "spend_day", "day_cap", F.expr(_MONTH_CAP).alias("month_cap")
    )


def _caps(months: DataFrame, spans: DataFrame) -> DataFrame:
    end = "add_months(spend_month, 1)"
    capped = _capped(months, spans, Period.MONTHLY, first="spend_month", end=end, cap="monthly_cap")
    return capped.select("advertiser_id", "spend_month", "monthly_cap")


def _capped(
    periods: DataFrame, spans: DataFrame, kind: Period, *, first: str, end: str, cap: str
) -> DataFrame:
    """`cap`: the largest budget of the kind in force at any moment of the period."""
    ranged = periods.withColumns(
        {"from_ms": F.expr(_start(first)), "until_ms": F.expr(_start(end))}
    )
    known = spans.where(F.col("period") == str(kind)).select(
        F.col("advertiser_id").alias("whose"), "micros", "start_ms", "end_ms"
    )
    is_in_force = F.expr(
        "advertiser_id = whose AND start_ms < until_ms AND (end_ms IS NULL OR end_ms > from_ms)"
    )
    return (
        ranged.join(known, is_in_force, "left")
        .groupBy(*periods.columns)
        .agg(F.max("micros").alias(cap))
    )


def _start(day: str) -> str:
    """Where midnight was skipped, the moment that came instead of it."""
    return f"unix_millis(to_utc_timestamp(CAST({day} AS TIMESTAMP), time_zone))"


def _by_period(columns: dict[Period, Column]) -> Column:
    found = F.lit(None)
    for kind, column in columns.items():
        found = F.when(F.col("period") == str(kind), column).otherwise(found)
    return found


def _sum(name: str, window: WindowSpec) -> Column:
    so_far = window.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return F.sum(F.col(name).cast("decimal(20,0)")).over(so_far)


def _above(amount: str, rows: DataFrame, summed: str, cap: str, named: str = "taken") -> DataFrame:
    """How much of an amount lies above the cap; nothing where there is none."""
    over = F.greatest(F.lit(0), F.col(summed) - F.col(cap))
    return rows.withColumn(named, F.when(F.col(cap).isNull(), 0).otherwise(F.least(amount, over)))


def _rows(clicks: DataFrame) -> DataFrame:
    expressions = {
        "advertiser": "coalesce(advertiser, advertiser_id)",
        "event_time": "timestamp_millis(ts_ms)",
        "amount": money("micros"),
        "credit_amount": money("credit"),
        "overdelivery_amount": money("over"),
        "net_amount": money("valid - over"),
        "spend_hour": f"timestamp_millis(ts_ms - pmod(unix_millis({_LOCAL}), {HOUR_MS}))",
        "last_updated_ts": "timestamp_millis(updated_ms)",
    }
    return clicks.selectExpr(
        *(f"{expressions.get(name, name)} AS {name}" for name in TABLE_COLUMNS)
    )
