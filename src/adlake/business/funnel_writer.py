"""Brings business events into gold.funnel_events, each event of the funnel once.

The rows of a batch's events are looked up in the whole table, since an id tells no time; of its
columns only those are read that decide. What begins or differs is written by one commit. A batch
without such events reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import FUNNEL_COLUMNS
from adlake.business.spark_funnel import KEY, RANKED, changes, funnel_events
from adlake.contracts.tables import FUNNEL_EVENTS
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable, head_of, stamped
from adlake.io.spark.lineage import FrozenFrames, frozen_frames
from adlake.streaming.merging import MOST_KEYS, changed_counts, merge, rows_of
from adlake.streaming.pipeline import Written


class FunnelWriter:
    """Applies admitted deliveries; the same ones again change no row."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self.table = IcebergTable(session, FUNNEL_EVENTS)

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`."""
        with frozen_frames() as frames:
            begun, changed = self._write(frames, deliveries, stamp)
        in_words = f"{begun} events of the funnel begun, {changed} changed"
        return Written(head_of(self.table.java_table()), in_words)

    def _write(
        self, frames: FrozenFrames, deliveries: DataFrame, stamp: Mapping[str, str]
    ) -> tuple[int, int]:
        """How many rows were added, how many changed."""
        events = frames.freeze(funnel_events(deliveries))
        count = events.count()
        if not count:
            # Each batch leaves one stamped snapshot, also one that changes nothing.
            self.table.leave_stamp(stamp)
            return 0, 0
        rows = frames.freeze(changes(events, self._stored(events, count, frames)))
        all_rows, changed = changed_counts(rows)
        reach("funnel.before_merge")
        with stamped(self._session, stamp):
            # The usual case is that none is known: the table need not be searched again.
            merge(self._session, self.table.full_name, rows, KEY, FUNNEL_COLUMNS, anew=not changed)
        return all_rows - changed, changed

    def _stored(self, events: DataFrame, count: int, frames: FrozenFrames) -> DataFrame:
        """Of the rows of these events what they are compared by."""
        table = self._session.table(self.table.full_name).select(*KEY, *RANKED)
        found = rows_of(table, events.select(*KEY), KEY, count)
        return found if count > MOST_KEYS else F.broadcast(frames.freeze(found))
