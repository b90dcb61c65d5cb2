"""Customers and their stages as Spark expressions; `customers/plain.py` is the reference form.

A status of a message changes the counts by what it adds and what it takes back, so the standing at
any moment is a running sum. Events of one moment are peers of one another there: they take effect
together.
"""

from __future__ import annotations

from functools import cache
from math import gcd
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from adlake.contracts.law import DAY_MS, MICROS_PER_UNIT
from adlake.customers.contract import (
    CUSTOMER_COLUMNS,
    DELIVERED,
    ENGAGED_RATE,
    EVANGELIST_RATE,
    FEWEST_UNANSWERED,
    FULL_ORDERS,
    HIGH_SCORE,
    HIGH_VALUE_MICROS,
    LAPSED_MS,
    MEDIUM_SCORE,
    ORDERS_WEIGHT,
    RATE_WEIGHT,
    RULE_VERSION,
    VALUE_WEIGHT,
    Band,
    CustomerType,
    Segment,
    Stage,
)

_HIGH_VALUE: Final = HIGH_VALUE_MICROS // MICROS_PER_UNIT
_STANDING: Final = ("order_count", "lifetime_value", "delivered_count", "activation_count")
_RATE: Final = (
    "CASE WHEN {0}activation_count > 0 THEN CAST({0}delivered_count AS DOUBLE) "
    "/ {0}activation_count ELSE 0D END"
)
_PROFILE: Final = ("event_time", "counted_id", "name", "email_sha256", "geo_country")


def customers_of(events: DataFrame, as_of: DataFrame) -> DataFrame:
    """Rows of gold.customer_360 for all customers that events are of.

    Args:
        events: rows of gold.customer_events that count: all of each customer.
        as_of: one row, `as_of_date`; NULL there: nobody has lapsed.
    """
    standing = _with_stages(_with_standings(events))
    totals = standing.groupBy("user_id").agg(*_totals()).crossJoin(F.broadcast(as_of))
    history = totals.withColumn("stage_history", F.expr(_HISTORY)).withColumn("score", _score())
    return history.selectExpr(*(f"{_row().get(n, n)} AS {n}" for n in CUSTOMER_COLUMNS))


def _with_standings(events: DataFrame) -> DataFrame:
    """Events with what each adds, and with the standing after its moment."""
    of_message = Window.partitionBy("user_id", "activation_id").orderBy("event_time", "counted_id")
    is_order, is_message = _is(CustomerType.ORDER), _is(CustomerType.MESSAGE_STATUS)
    before = F.lag("status").over(of_message)
    delivered = (F.col("status") == DELIVERED).cast("bigint")
    delivered_before = F.coalesce((before == DELIVERED).cast("bigint"), F.lit(0))
    adds = {
        "order_count": is_order.cast("bigint"),
        "lifetime_value": F.coalesce("amount", F.lit(0).cast("decimal(18,6)")),
        "delivered_count": F.when(is_message, delivered - delivered_before).otherwise(0),
        "activation_count": (is_message & before.isNull()).cast("bigint"),
    }
    added = events.withColumns({f"added_{name}": column for name, column in adds.items()})
    # A frame by value: the peers of a moment are in it, also those that come after the row.
    so_far = Window.partitionBy("user_id").orderBy("event_time")
    so_far = so_far.rangeBetween(Window.unboundedPreceding, Window.currentRow)
    return added.withColumns({name: F.sum(f"added_{name}").over(so_far) for name in _STANDING})


def _with_stages(standing: DataFrame) -> DataFrame:
    """With `entry` where a stage begins: in order, a row of a moment has the stage of its peers."""
    in_order = Window.partitionBy("user_id").orderBy("event_time", "event_type", "counted_id")
    staged = standing.withColumn("stage", F.expr(_stage()))
    before = F.lag("stage").over(in_order)
    begins = before.isNull() | (before != F.col("stage"))
    return staged.withColumn("entry", F.when(begins, F.struct("event_time", "stage", *_STANDING)))


def _totals() -> list[Column]:
    is_profile, is_order = _is(CustomerType.CUSTOMER_PROFILE), _is(CustomerType.ORDER)
    ordered_at = F.when(is_order, F.col("event_time"))
    return [
        F.max(F.when(is_profile, F.struct(*_PROFILE))).alias("profile"),
        F.min(F.when(is_profile, F.col("event_time"))).alias("created_at"),
        F.min(ordered_at).alias("first_order_time"),
        F.max(ordered_at).alias("last_order_time"),
        *(F.sum(f"added_{name}").alias(name) for name in _STANDING),
        F.max("first_ingest_ts").alias("last_updated_ts"),
        F.sort_array(F.collect_list("entry")).alias("entries"),
    ]


_HISTORY: Final = (
    "transform(entries, (e, i) -> named_struct("
    "'stage', e.stage, 'entered_at', e.event_time, 'left_at', get(entries, i + 1).event_time, "
    "'order_count', e.order_count, 'lifetime_value', CAST(e.lifetime_value AS DECIMAL(38, 6)), "
    f"'engagement_rate', {_RATE.format('e.')}))"
)


@cache
def _row() -> dict[str, str]:
    """Columns of the table that are made of totals, score and history."""
    segments = ", ".join(f"CASE WHEN {holds} THEN '{one}' END" for one, holds in _segments())
    return {
        **{name: f"profile.{name}" for name in ("name", "email_sha256", "geo_country")},
        "is_active": "order_count > 0",
        "lifetime_value": "CAST(lifetime_value AS DECIMAL(38, 6))",
        "failed_count": "activation_count - delivered_count",
        "engagement_rate": _RATE.format(""),
        "lifecycle_stage": "element_at(stage_history, -1).stage",
        "previous_stage": "get(stage_history, size(stage_history) - 2).stage",
        "stage_changed_at": "element_at(stage_history, -1).entered_at",
        "propensity_score": f"CAST(CAST(score AS DECIMAL(20, 0)) / {MICROS_PER_UNIT} "
        "AS DECIMAL(9, 6))",
        "propensity_band": f"CASE WHEN score < {MEDIUM_SCORE} THEN '{Band.LOW}' "
        f"WHEN score < {HIGH_SCORE} THEN '{Band.MEDIUM}' ELSE '{Band.HIGH}' END",
        "segments": f"array_compact(array({segments}))",
        "rule_version": str(RULE_VERSION),
    }


def _stage() -> str:
    """By whole numbers, from the top."""
    part, whole = EVANGELIST_RATE
    is_evangelist = (
        f"activation_count > 0 AND {whole} * delivered_count >= {part} * activation_count"
    )
    return (
        f"CASE WHEN lifetime_value > {_HIGH_VALUE} AND {is_evangelist} THEN '{Stage.EVANGELIST}' "
        f"WHEN lifetime_value > {_HIGH_VALUE} THEN '{Stage.HIGH_VALUE}' "
        f"WHEN order_count > 0 AND {_IS_ENGAGED} THEN '{Stage.ENGAGED}' "
        f"WHEN order_count > 0 THEN '{Stage.CUSTOMER}' ELSE '{Stage.PROSPECT}' END"
    )


_IS_ENGAGED: Final = f"{ENGAGED_RATE[1]} * delivered_count > {ENGAGED_RATE[0]} * activation_count"


HAS_LAPSED: Final = (
    f"unix_millis(last_order_time) < datediff(as_of_date, DATE '1970-01-01') * {DAY_MS}L "
    f"- {LAPSED_MS}L"
)
"""NULL of who never ordered, and without a day."""


def _score() -> Column:
    """Millionths, rounded half up; the weights are made small, so that BIGINT holds the products.

    That is so below 300 million messages of one customer.
    """
    weights = (
        ORDERS_WEIGHT * HIGH_VALUE_MICROS, VALUE_WEIGHT * FULL_ORDERS,
        RATE_WEIGHT * FULL_ORDERS * HIGH_VALUE_MICROS, FULL_ORDERS * HIGH_VALUE_MICROS,
    )  # fmt: skip
    of_orders, of_value, of_rate, scale = (one // gcd(*weights) for one in weights)
    messages = "greatest(activation_count, 1L)"
    micros = f"CAST(least(lifetime_value, {_HIGH_VALUE}) * {MICROS_PER_UNIT} AS BIGINT)"
    scaled = (
        f"({of_orders}L * least(order_count, {FULL_ORDERS}L) + {of_value}L * {micros}) * {messages}"
        f" + {of_rate}L * delivered_count"
    )
    return F.expr(f"(2 * ({scaled}) + {scale}L * {messages}) div (2 * {scale}L * {messages})")


def _segments() -> list[tuple[Segment, str]]:
    """Segments in their order, and what holds of who is in one."""
    holds = {
        Segment.ACTIVE_CUSTOMERS: "order_count > 0",
        Segment.BIG_SPENDERS: f"lifetime_value > {_HIGH_VALUE}",
        Segment.LAPSED: HAS_LAPSED,
        Segment.LIKELY_BUYERS: f"score >= {HIGH_SCORE}",
        Segment.PROSPECTS: f"element_at(stage_history, -1).stage = '{Stage.PROSPECT}'",
        Segment.RESPONSIVE: _IS_ENGAGED,
        Segment.UNRESPONSIVE: f"activation_count >= {FEWEST_UNANSWERED} "
        "AND 2 * delivered_count < activation_count",
    }
    return [(one, holds[one]) for one in Segment]


def _is(event_type: CustomerType) -> Column:
    return F.col("event_type") == str(event_type)
