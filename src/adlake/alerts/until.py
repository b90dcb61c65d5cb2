"""Up to when the topics of the alert rules have been read: a lag of the lake is no drop."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS, BUSINESS_EVENTS, FUNNEL_EVENTS, GOLD_WINDOWS
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.ends import CLOCK_MARGIN_MS, TopicEnds

ReadUntil = Callable[[SparkSession], int | None]
"""Epoch ms: whatever arrived until then is in the sums of windows and in the funnel."""


class TopicsRead:
    """Asks the broker how far its topics go, and the tables how far they are.

    Args:
        connect: to the broker, asked where both topics end; made when it is asked first.
        ad_topic: name of the topic of ad events at the broker.
        business_topic: that of business events.
        now_ms: this machine's clock.
    """

    def __init__(
        self,
        connect: Callable[[], TopicEnds],
        ad_topic: str,
        business_topic: str,
        now_ms: Callable[[], int] = lambda: int(time.time() * 1_000),
    ) -> None:
        self._connect = connect
        self._ends: TopicEnds | None = None
        self._tables = {
            ad_topic: (GOLD_WINDOWS, BRONZE_EVENTS),
            business_topic: (FUNNEL_EVENTS, BUSINESS_EVENTS),
        }
        self._now_ms = now_ms

    def __call__(self, session: SparkSession) -> int | None:
        """None: of some partition nothing is in the lake yet.

        Raises:
            TopicError: no broker answers.
        """
        asked_ms = self._now_ms() - CLOCK_MARGIN_MS
        self._ends = self._ends or self._connect()
        ends = self._ends.now()
        moments: list[int | None] = [asked_ms]
        for topic, names in self._tables.items():
            derived, records = (IcebergTable(session, name).newest_stamp() for name in names)
            moments += [
                read_until(partition, end, derived, records)
                for partition, end in ends[topic].items()
                if derived is None or derived.next_offsets.get(partition, 0) != end
            ]
        return None if None in moments else min(one for one in moments if one is not None)


def read_until(
    partition: int, end: int, derived: Stamp | None, records: Stamp | None
) -> int | None:
    """Just before the last record that a table has of a partition which goes on after it."""
    if derived is None or records is None:
        return None
    contained = derived.next_offsets.get(partition, 0)
    last = records.last_records.get(partition)
    if last is None or contained != records.next_offsets.get(partition) or contained > end:
        return None
    return last.timestamp_ms - 1
