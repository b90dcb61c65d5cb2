"""Brings business events into gold.customer_events, each once for each customer that it names.

The rows of a batch's events are looked up in the whole table, since an id tells no time. What
begins or differs is written by one commit. A batch without such events reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.tables import CUSTOMER_EVENTS
from adlake.customers.contract import EVENT_COLUMNS
from adlake.customers.spark_events import EVENT_KEY, KEY, changes, customer_events
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable, head_of, stamped
from adlake.io.spark.lineage import FrozenFrames, frozen_frames
from adlake.streaming.merging import changed_counts, merge, rows_of
from adlake.streaming.pipeline import Written


class CustomerEventWriter:
    """Applies admitted deliveries; the same ones again change no row."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self.table = IcebergTable(session, CUSTOMER_EVENTS)

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`."""
        with frozen_frames() as frames:
            begun, changed = self._write(frames, deliveries, stamp)
        in_words = f"{begun} events of customers begun, {changed} changed"
        return Written(head_of(self.table.java_table()), in_words)

    def _write(
        self, frames: FrozenFrames, deliveries: DataFrame, stamp: Mapping[str, str]
    ) -> tuple[int, int]:
        """How many rows were added, how many changed."""
        events = frames.freeze(customer_events(deliveries))
        count = events.count()
        if not count:
            # Each batch leaves one stamped snapshot, also one that changes nothing.
            self.table.leave_stamp(stamp)
            return 0, 0
        stored = self._session.table(self.table.full_name)
        known = rows_of(stored, events.select(*EVENT_KEY), EVENT_KEY, count)
        rows = frames.freeze(changes(events, known))
        all_rows, changed = changed_counts(rows)
        reach("customers.before_events")
        with stamped(self._session, stamp):
            merge(self._session, self.table.full_name, rows, KEY, EVENT_COLUMNS, anew=not changed)
        return all_rows - changed, changed
