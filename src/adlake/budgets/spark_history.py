"""Budgets and states of advertisers over time on Spark; `budgets/history.py` is the reference.

Spans are half-open, `end_ms` of the last one is NULL. Frames come from `spark_events`.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from adlake.budgets.contract import ACTIVE, DEFAULT_ZONE, KEY_DIGITS, EventType, Period
from adlake.budgets.spark_events import of_type, told_name
from adlake.contracts.law import MICROS_PER_UNIT

BUDGET_TABLE_COLUMNS: Final = (
    "budget_key", "advertiser_id", "budget_value", "period", "start_ts", "end_ts", "is_current",
)  # fmt: skip
ADVERTISER_TABLE_COLUMNS: Final = (
    "advertiser_key", "advertiser_id", "advertiser", "status", "time_zone", "flight_start",
    "flight_end", "start_ts", "end_ts", "is_current",
)  # fmt: skip
_SAID: Final = ("advertiser", "status", "time_zone", "flight_start_ms", "flight_end_ms")
_KEY: Final = (
    "CAST(conv(substr(md5(concat(advertiser_id, '|', start_ms)), 1, "
    f"{KEY_DIGITS}), 16, 10) AS BIGINT)"
)
_END_OF_TIME: Final = "TIMESTAMP '9999-12-31 00:00:00'"
_SPAN: Final = {
    "start_ts": "timestamp_millis(start_ms)",
    "end_ts": f"coalesce(timestamp_millis(end_ms), {_END_OF_TIME})",
    "is_current": "end_ms IS NULL",
}


def money(micros: str) -> str:
    """Spark SQL: whole micros as money."""
    return f"CAST(CAST({micros} AS DECIMAL(20, 0)) / {MICROS_PER_UNIT} AS DECIMAL(18, 6))"


def budget_spans(events: DataFrame) -> DataFrame:
    """Columns: advertiser_id, micros, period, start_ms, end_ms."""
    is_change = F.col("event_type") == str(EventType.BUDGET)
    first_change = F.min(F.when(is_change, F.col("ts_ms"))).over(_by_advertiser())
    carried = (F.col("event_type") == str(EventType.CLICK)) & F.col("budget_micros").isNotNull()
    told = events.where(is_change | carried).withColumn("first_ms", first_change)
    before = F.col("first_ms").isNull() | (F.col("ts_ms") < F.col("first_ms"))
    records = told.where(is_change | before).select(
        "advertiser_id", "ts_ms", "counted_id",
        F.when(is_change, F.col("micros")).otherwise(F.col("budget_micros")).alias("micros"),
        F.when(is_change, F.col("period")).otherwise(str(Period.DAILY)).alias("period"),
    )  # fmt: skip
    return _spans(_last_of_moment(records), "micros", "period")


def budget_rows(spans: DataFrame) -> DataFrame:
    """Rows of dims.dim_budgets."""
    return _rows(spans, BUDGET_TABLE_COLUMNS, {"budget_key": _KEY, "budget_value": money("micros")})


def advertiser_versions(events: DataFrame) -> DataFrame:
    """Columns: advertiser_id, what is said, start_ms, end_ms; the unsaid goes on as it was."""
    in_order = _by_advertiser().orderBy("ts_ms", "counted_id")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    said: dict[str, Column] = {
        name: F.last(told_name() if name == "advertiser" else F.col(name), ignorenulls=True)
        for name in _SAID
    }
    held = {name: column.over(so_far) for name, column in said.items()}
    held["status"] = F.coalesce(held["status"], F.lit(ACTIVE))
    held["time_zone"] = F.coalesce(held["time_zone"], F.lit(DEFAULT_ZONE))
    records = of_type(events, EventType.STATUS).select(
        "advertiser_id", "ts_ms", "counted_id", *(one.alias(name) for name, one in held.items())
    )
    return _spans(_last_of_moment(records), *_SAID)


def advertiser_rows(versions: DataFrame) -> DataFrame:
    """Rows of dims.dim_advertisers; who was never named has the id for a name."""
    columns = {
        "advertiser_key": _KEY,
        "advertiser": "coalesce(advertiser, advertiser_id)",
        "flight_start": "timestamp_millis(flight_start_ms)",
        "flight_end": "timestamp_millis(flight_end_ms)",
    }
    return _rows(versions, ADVERTISER_TABLE_COLUMNS, columns)


def zones(versions: DataFrame) -> DataFrame:
    """advertiser_id and its time_zone: the newest; who told none is missing."""
    return versions.where("end_ms IS NULL").select("advertiser_id", "time_zone")


def names(events: DataFrame) -> DataFrame:
    """advertiser_id and its newest name; who told none is missing."""
    told = events.select("advertiser_id", "ts_ms", "counted_id", told_name().alias("advertiser"))
    newest = F.max(F.struct("ts_ms", "counted_id", "advertiser")).alias("newest")
    by_advertiser = told.where("advertiser IS NOT NULL").groupBy("advertiser_id").agg(newest)
    return by_advertiser.select("advertiser_id", "newest.advertiser")


def _by_advertiser() -> WindowSpec:
    return Window.partitionBy("advertiser_id")


def _last_of_moment(records: DataFrame) -> DataFrame:
    """Of the records of one millisecond the one with the largest id holds after it."""
    largest_first = Window.partitionBy("advertiser_id", "ts_ms").orderBy(F.desc("counted_id"))
    numbered = records.withColumn("number", F.row_number().over(largest_first))
    return numbered.where("number = 1").drop("number", "counted_id")


def _spans(moments: DataFrame, *said: str) -> DataFrame:
    """Neighbours that say the same are one span."""
    in_order = _by_advertiser().orderBy("ts_ms")
    before = F.lag(F.struct(*said)).over(in_order)
    begun = moments.withColumn("is_same", before.eqNullSafe(F.struct(*said))).where("NOT is_same")
    next_start = F.lead("ts_ms").over(in_order)
    spans = begun.withColumn("end_ms", next_start)
    return spans.select("advertiser_id", *said, F.col("ts_ms").alias("start_ms"), "end_ms")


def _rows(spans: DataFrame, columns: tuple[str, ...], expressions: dict[str, str]) -> DataFrame:
    made = _SPAN | expressions
    return spans.selectExpr(*(f"{made.get(name, name)} AS {name}" for name in columns))
