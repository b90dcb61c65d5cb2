"""Which events about customers count, as Spark expressions; `customers/events.py` is the reference.

A frame of events has EVENT_COLUMNS. Of one event and one customer the smallest row by RANKED is
kept, so what is stored and what arrives merge by a minimum, in any order and any number of times.
Of one event the smallest row of any customer counts.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.customers.contract import CONTENT_FIELDS, COUNTED_BY, EVENT_COLUMNS, CustomerType
from adlake.payload.spark.canonical_json import canonical_json

EVENT_KEY: Final = ("event_type", "counted_id")
KEY: Final = (*EVENT_KEY, "user_id")
_CONTENT: Final = ("event_time", "amount", "content")
"""What contents of one event are compared by; the amount is NULL of all or of none of them."""
RANKED: Final = (*_CONTENT, "first_ingest_ts")
_OTHERS: Final = tuple(one for one in EVENT_COLUMNS if one not in {*KEY, *RANKED, "is_counted"})
_FIELDS: Final = tuple(sorted({name for names in CONTENT_FIELDS.values() for name in names}))
"""A type that lacks a field has NULL there."""
_COLUMN_OF: Final = {"email": "email_sha256"}
_FREE: Final = {"name", "geo_country"}
"""The others are ids, or words of a set."""


def about_customers(deliveries: DataFrame) -> DataFrame:
    """Admitted deliveries that are about a customer, with `counted_id`."""
    counted_id = F.lit(None).cast("string")
    for event_type, name in COUNTED_BY.items():
        is_type = F.col("event_type") == str(event_type)
        counted_id = F.when(is_type, F.col(name)).otherwise(counted_id)
    about = deliveries.where(F.col("event_type").isin(*(str(one) for one in CustomerType)))
    return about.withColumn("counted_id", counted_id)


def customer_events(deliveries: DataFrame) -> DataFrame:
    """A row for each admitted delivery that is about a customer; `is_counted` is not known yet."""
    expressions = {
        "event_time": F.timestamp_millis("ts_ms"),
        "amount": F.expr(
            f"CAST(CAST(micros AS DECIMAL(20, 0)) / {MICROS_PER_UNIT} AS DECIMAL(18, 6))"
        ),
        "email_sha256": _email_sha256(),
        "is_counted": F.lit(None).cast("boolean"),
        "first_ingest_ts": F.col("ingest_ts"),
    }
    told = about_customers(deliveries)
    return told.select(*(expressions.get(n, F.col(n)).alias(n) for n in EVENT_COLUMNS))


def changes(events: DataFrame, stored: DataFrame) -> DataFrame:
    """The rows that the table lacks or has otherwise.

    Args:
        events: rows of `customer_events`, any number of one event.
        stored: all rows of the same events that the table has, of every customer.

    Returns:
        Rows of the table, with `is_known` where it has one of this event and customer.
    """
    told = events.unionByName(stored).withColumn("content", _content())
    told = told.withColumn("known", F.when(F.col("is_counted").isNotNull(), _state()))
    row = F.struct(*RANKED, *_OTHERS)
    # A table has at most one row of a key, so any value is that of it.
    smallest = told.groupBy(*KEY).agg(F.min(row).alias("row"), F.max("known").alias("known"))
    rows = smallest.select(*KEY, "row.*", "known")
    content = F.struct(*_CONTENT)
    winner = F.min(content).over(Window.partitionBy(*EVENT_KEY))
    judged = rows.withColumn("is_counted", content.eqNullSafe(winner))
    changed = judged.where(~_state().eqNullSafe(F.col("known")))
    return changed.select(*EVENT_COLUMNS, F.col("known").isNotNull().alias("is_known"))


def _state() -> Column:
    """What a row is told from an older one by."""
    return F.struct(*RANKED, "is_counted")


def _email_sha256() -> Column:
    text = F.translate(F.trim("email"), UPPER_CASE, LOWER_CASE)
    return F.sha2(F.nullif(text, F.lit("")), 256)


@cache
def _content() -> Column:
    """The fields that contents of one event may differ in beside time and money."""
    members = {name: F.col(_COLUMN_OF.get(name, name)) for name in _FIELDS}
    return canonical_json(members, ids=members.keys() - _FREE)
