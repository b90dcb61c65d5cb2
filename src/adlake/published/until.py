"""Up to when serving decisions are final: what is delivered later may change those that lie ahead.

A decision hangs on what had been delivered before its moment. So one is sent once everything that
arrived until then is in the table; a quiet topic has been read up to now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final

from pyspark.sql import SparkSession

from adlake.contracts.tables import BUSINESS_EVENTS, SERVING_FLIPS
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.ends import CLOCK_MARGIN_MS, TopicEnds

MOST_STAMPS: Final = 100
"""Commits of records that are looked through for the one that the decisions are made of."""
ReadUntil = Callable[[SparkSession], int | None]
"""Epoch ms; None: it cannot be told now."""


class DecisionsRead:
    """Asks the broker how far its topic goes, and the tables how far they are.

    Args:
        connect: to the broker, made when it is asked first.
        topic: of business events, as the broker calls it.
        now_ms: this machine's clock; it says what a quiet topic has been read up to.
    """

    def __init__(
        self,
        connect: Callable[[], TopicEnds],
        topic: str,
        now_ms: Callable[[], int] = lambda: int(time.time() * 1_000),
    ) -> None:
        self._connect = connect
        self._topic = topic
        self._now_ms = now_ms
        self._ends: TopicEnds | None = None

    def __call__(self, session: SparkSession) -> int | None:
        """None: of some partition nothing is in the table, or its records are not known any more.

        Raises:
            TopicError: no broker answers.
        """
        asked_ms = self._now_ms() - CLOCK_MARGIN_MS
        self._ends = self._ends or self._connect()
        ends = self._ends.now()[self._topic]
        made = IcebergTable(session, SERVING_FLIPS).newest_stamp()
        if made is None:
            return None
        stamps = islice(IcebergTable(session, BUSINESS_EVENTS).stamps(), MOST_STAMPS)
        records = next((one for one in stamps if one.next_offsets == made.next_offsets), None)
        return decided_until(ends, made, records, asked_ms)


def decided_until(
    ends: Mapping[int, int], made: Stamp, records: Stamp | None, asked_ms: int
) -> int | None:
    """Just before the last record of a partition that goes on; else when it was asked.

    Args:
        ends: where each partition ended.
        made: of the decisions.
        records: of the records that they are made of, with the time of the last of each partition.
        asked_ms: before the broker was.
    """
    moments = [asked_ms]
    for partition, end in ends.items():
        if made.next_offsets.get(partition, 0) == end:
            continue
        last = None if records is None else records.last_records.get(partition)
        if last is None:
            return None
        moments.append(last.timestamp_ms - 1)
    return min(moments)
