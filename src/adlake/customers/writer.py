"""Brings gold.customer_360 up to gold.customer_events: whole rows of the customers of a batch.

Touched are the customers that a batch's events name, and those whose event is now another one's.
Their rows are made again from all their events; what differs is written by one commit. A batch that
touches nobody reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import CUSTOMER_360, CUSTOMER_EVENTS
from adlake.customers.contract import CUSTOMER_COLUMNS
from adlake.customers.spark_customers import customers_of
from adlake.customers.spark_events import EVENT_KEY, KEY, about_customers
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable, head_of, stamped
from adlake.io.spark.lineage import FrozenFrames, frozen_frames
from adlake.streaming.merging import changed_counts, differing, merge, rows_of
from adlake.streaming.pipeline import Written

_KEY = ("user_id",)


class CustomerWriter:
    """Applies admitted deliveries that gold.customer_events has already; again changes no row."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self.table = IcebergTable(session, CUSTOMER_360)
        self._events = IcebergTable(session, CUSTOMER_EVENTS)

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`."""
        with frozen_frames() as frames:
            count = self._write(frames, deliveries, stamp)
        return Written(head_of(self.table.java_table()), f"{count} customers changed")

    def _write(self, frames: FrozenFrames, deliveries: DataFrame, stamp: Mapping[str, str]) -> int:
        """How many rows were added, changed or removed."""
        told = frames.freeze(about_customers(deliveries).select(*KEY).distinct())
        count = told.count()
        if not count:
            # Each batch leaves one stamped snapshot, also one that changes nothing.
            self.table.leave_stamp(stamp)
            return 0
        touched = self._touched(told, count)
        events = self._session.table(self._events.full_name).where("is_counted")
        stored = self._session.table(self.table.full_name)
        made = customers_of(
            rows_of(events, touched, _KEY, count),
            stored.agg(F.max("as_of_date").alias("as_of_date")),
        )
        known_rows = rows_of(stored, touched, _KEY, count)
        rows = frames.freeze(differing(known_rows, made, _KEY, CUSTOMER_COLUMNS))
        changed, known = changed_counts(rows)
        reach("customers.before_merge")
        with stamped(self._session, stamp):
            table = self.table.full_name
            merge(self._session, table, rows, _KEY, CUSTOMER_COLUMNS, anew=not known)
        return changed

    def _touched(self, told: DataFrame, count: int) -> DataFrame:
        """Who an event names, and who has one of these events as another customer's."""
        beaten = self._session.table(self._events.full_name).where("NOT is_counted")
        others = rows_of(beaten, told.select(*EVENT_KEY), EVENT_KEY, count)
        return told.select("user_id").unionByName(others.select("user_id")).distinct()
