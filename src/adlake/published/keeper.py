"""Sends what differs from what was sent, after its commit: a slice a time, beside the batches.

First sent, then written down. A crash between the two sends some records again, with the same
bytes; the other order would lose them. Nothing has to be remembered: what is to be sent follows
from the tables and the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.gauges import PUBLISHED_TO_TOPIC
from adlake.contracts.tables import PUBLISHED_RECORDS
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.topic import TopicError
from adlake.io.prometheus.meters import Meters
from adlake.io.spark.lineage import frozen_frames
from adlake.published.contract import LOG_COLUMNS, PUBLICATIONS, Publication
from adlake.published.unsent import unsent
from adlake.published.until import ReadUntil
from adlake.streaming.config import rest_after
from adlake.streaming.merging import changed_counts, merge

log = logging.getLogger(__name__)
MOST_OF_THE_TIME: Final = 0.1
"""What looking and sending may take: it shares its cores with the batches."""
Send = Callable[[DataFrame, str], None]
"""Sends record_key and payload of a frame, in its order, to a topic; returns when all are taken."""


@dataclass(frozen=True)
class Pace:
    """How often, and how much at a time."""

    every_seconds: float
    most_records: int


@dataclass
class _Seen:
    """Of one publication: the snapshot all of whose records are sent, but for those that wait."""

    snapshot_id: int
    next_due_ms: int | None = None
    """When the first of those that wait may be sent."""


class PublishKeeper:
    """Brings the topics up to the tables.

    Args:
        topics: name of a topic in the project -> at the broker, of those that are not off.
        send: see `Send`.
        read_until: up to when rows that are due at a time are final.
        pace: how often it looks; a look that takes long is followed by a longer wait.
        meters: count what was sent.
        now_ms: this machine's clock; it says when to ask, never what is sent.
    """

    def __init__(
        self,
        topics: Mapping[str, str],
        send: Send,
        read_until: ReadUntil,
        pace: Pace,
        *,
        meters: Meters | None = None,
        now_ms: Callable[[], int] = lambda: int(time.time() * 1_000),
    ) -> None:
        self._topics = topics
        self._send = send
        self._read_until = read_until
        self._pace = pace
        self._meters = meters or Meters()
        self._now_ms = now_ms
        self._next_look = float("-inf")
        self._seen: dict[str, _Seen] = {}
        self._waits = ""

    def is_due(self) -> bool:
        """See `streaming.config.Keeper`."""
        return time.monotonic() >= self._next_look

    def run(self, session: SparkSession, turn: AbstractContextManager[object]) -> None:
        """See `streaming.config.Keeper`."""
        began = time.monotonic()
        try:
            for publication in PUBLICATIONS:
                if publication.topic in self._topics:
                    self._publish(session, publication, turn)
        finally:
            took = time.monotonic() - began
            wait = max(self._pace.every_seconds, rest_after(took, MOST_OF_THE_TIME))
            self._next_look = time.monotonic() + wait

    def _publish(
        self, session: SparkSession, publication: Publication, turn: AbstractContextManager[object]
    ) -> None:
        """One slice of one topic; when nothing is left, its table is not read until it changes."""
        table = IcebergTable(session, publication.table)
        head = table.current_snapshot_id()
        if head is None:
            return
        seen = self._seen.get(publication.topic)
        if seen is not None and not table.has_changed_since(seen.snapshot_id):
            seen.snapshot_id = head
            if seen.next_due_ms is None or seen.next_due_ms > self._now_ms():
                return
        rows, until_ms = table.at(head), None
        if publication.due:
            until_ms = self._until(session)
            if until_ms is None:
                return
            rows = rows.where(_due_ms(publication) <= until_ms)
        if self._send_slice(session, publication, rows, turn) < self._pace.most_records:
            next_due_ms = _first_after(table.at(head), publication, until_ms)
            self._seen[publication.topic] = _Seen(head, next_due_ms)

    def _until(self, session: SparkSession) -> int | None:
        try:
            until_ms = self._read_until(session)
        except TopicError as error:
            if str(error) != self._waits:
                log.warning("serving decisions wait for the broker: %s", error)
            self._waits = str(error)
            return None
        self._waits = ""
        return until_ms

    def _send_slice(
        self,
        session: SparkSession,
        publication: Publication,
        rows: DataFrame,
        turn: AbstractContextManager[object],
    ) -> int:
        """How many records were sent, and written down."""
        topic = self._topics[publication.topic]
        kept = IcebergTable(session, PUBLISHED_RECORDS).full_name
        sent = session.table(kept).where(F.col("topic") == topic)
        with frozen_frames() as frames:
            records = frames.freeze(unsent(publication, rows, sent, self._pace.most_records))
            count, known = changed_counts(records)
            if not count:
                return 0
            began = time.monotonic()
            reach("published.before_send")
            self._send(_in_order(publication, records), topic)
            reach("published.after_send")
            logged = records.withColumn("topic", F.lit(topic)).select(*LOG_COLUMNS)
            with turn:
                held = time.monotonic()
                merge(session, kept, logged, LOG_COLUMNS[:2], LOG_COLUMNS, anew=not known)
            now = time.monotonic()
        self._meters.add(PUBLISHED_TO_TOPIC, count, topic=publication.topic)
        log.info(
            "topic %s: %d records sent in %.2f s, %.2f s of it between batches",
            topic, count, now - began, now - held,
        )  # fmt: skip
        return count


def _in_order(publication: Publication, records: DataFrame) -> DataFrame:
    """In one piece: a slice is small, and records of one key keep their order."""
    whole = records.coalesce(1)
    return whole.sortWithinPartitions(*publication.order) if publication.order else whole


def _due_ms(publication: Publication) -> Column:
    return F.unix_millis(F.col(publication.due))


def _first_after(table: DataFrame, publication: Publication, until_ms: int | None) -> int | None:
    """When the first row that waits may be sent: one number."""
    if until_ms is None:
        return None
    waiting = table.where(_due_ms(publication) > until_ms)
    [(first,)] = waiting.agg(F.min(_due_ms(publication))).collect()
    return None if first is None else int(first)
