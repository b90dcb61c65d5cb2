"""Names the day that customers have lapsed on or not, as an operation of the streaming application.

The day is no event and no clock is read: a person or a schedule names it. It is a column of every
row of gold.customer_360, the same in all of them; one commit writes the whole table again, and
`lapsed` is added to the segments of a customer or taken out of them. Nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import CUSTOMER_360
from adlake.customers.contract import CUSTOMER_COLUMNS, Segment
from adlake.customers.spark_customers import HAS_LAPSED
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import ROLL_DAY, Operation
from adlake.streaming.operations import Handler, Pause, RepeatableHandler

DAY: Final = "day"
"""Argument of the operation: days since 1970-01-01."""
_BEGIN: Final = date(1970, 1, 1)


class DayRollHandler(RepeatableHandler):
    """One commit, none when the table has that day already."""

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        day = _BEGIN + timedelta(days=operation.arguments[DAY])
        table = IcebergTable(session, CUSTOMER_360)
        customers = session.table(table.full_name)
        before = customers.where(~F.col("as_of_date").eqNullSafe(F.lit(day))).count()
        if before:
            customers_on(customers, day).writeTo(table.full_name).overwrite(F.lit(True))
        lapsed = customers.where(F.array_contains("segments", str(Segment.LAPSED))).count()
        return f"{before} customers moved to {day}; {lapsed} have lapsed on it"


def argument_of(day: date) -> Mapping[str, int]:
    """Arguments of the operation."""
    return {DAY: (day - _BEGIN).days}


def customers_on(customers: DataFrame, day: date) -> DataFrame:
    """Rows of gold.customer_360 as they are on another day."""
    others = F.array_remove("segments", str(Segment.LAPSED))
    with_lapsed = F.array_sort(F.array_append(others, F.lit(str(Segment.LAPSED))))
    moved = customers.withColumn("as_of_date", F.lit(day))
    segments = F.when(F.expr(HAS_LAPSED), with_lapsed).otherwise(others)
    return moved.withColumn("segments", segments).select(*CUSTOMER_COLUMNS)


def day_roll_handlers() -> Mapping[str, Handler]:
    """By kind of operation."""
    return {ROLL_DAY: DayRollHandler()}
