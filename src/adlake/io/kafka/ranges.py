"""Ranges of a topic read by kafka-python into a Parquet file, every record time exact."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from kafka import KafkaConsumer, TopicPartition

from adlake.contracts.record_time import ingest_ms
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import TopicError

POLL_MS: Final = 1_000
SILENT_SECONDS: Final = 60.0
"""So long the broker may send nothing that was asked for."""
GROUP_RECORDS: Final = 20_000
GROUP_BYTES: Final = 32 * 1_048_576
"""A group of rows is written as soon as it reaches either: memory does not grow with the range."""
_SCHEMA: Final = pa.schema([
    ("value", pa.binary()), ("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()),
    ("kafka_key", pa.binary()), ("ingest_ms", pa.int64()),
])  # fmt: skip


@dataclass
class Fetched:
    """What was written."""

    records: int = 0
    clamped: int = 0
    """Records whose time is outside of what the lake can hold (contracts.record_time)."""


@dataclass
class _Group:
    writer: pq.ParquetWriter
    fetched: Fetched = field(default_factory=Fetched)
    columns: tuple[list[Any], ...] = field(default_factory=lambda: tuple([] for _ in _SCHEMA))
    held_bytes: int = 0

    def add(self, partition: int, record: Any) -> None:  # noqa: ANN401  untyped client
        stamp_ms = ingest_ms(record.timestamp)
        row = (record.value, partition, record.offset, record.key, stamp_ms)
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)
        self.held_bytes += len(record.value or b"") + len(record.key or b"")
        self.fetched.records += 1
        self.fetched.clamped += stamp_ms != record.timestamp
        if len(self.columns[0]) >= GROUP_RECORDS or self.held_bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        self.writer.write_table(pa.table(list(self.columns), schema=_SCHEMA))
        for column in self.columns:
            column.clear()
        self.held_bytes = 0


def fetch_ranges(
    bootstrap_servers: Brokers,
    topic: str,
    first: Mapping[int, int],
    beyond: Mapping[int, int],
    file: Path,
) -> Fetched:
    """Write the committed records first <= offset < beyond, partition by partition.

    The file has the columns value, kafka_partition, kafka_offset, kafka_key and ingest_ms.

    Raises:
        UnreadableRecordsError: a codec that this client lacks.
        TopicError: no broker answers, or it sends nothing for SILENT_SECONDS.
    """
    ends = {TopicPartition(topic, p): end for p, end in beyond.items() if end > first[p]}
    with pq.ParquetWriter(file, _SCHEMA) as writer:
        group = _Group(writer)
        with committed_records(bootstrap_servers, auto_offset_reset="none") as consumer:
            consumer.assign(list(ends))
            for partition in ends:
                consumer.seek(partition, first[partition.partition])
            _read(consumer, ends, group)
        group.flush()
    return group.fetched


def _read(consumer: KafkaConsumer, ends: Mapping[TopicPartition, int], group: _Group) -> None:
    reached = {partition: consumer.position(partition) for partition in ends}
    moved_at = time.monotonic()
    while unfinished := [p for p, end in ends.items() if reached[p] < end]:
        for partition, records in consumer.poll(timeout_ms=POLL_MS).items():
            for record in records:
                if record.offset < ends[partition]:
                    group.add(partition.partition, record)
        # Marks and aborted records move the position too, and give no record.
        now = {partition: consumer.position(partition) for partition in ends}
        consumer.pause(*(p for p, end in ends.items() if now[p] >= end))
        if now != reached:
            reached, moved_at = now, time.monotonic()
        elif time.monotonic() - moved_at > SILENT_SECONDS:
            where = {p.partition: reached[p] for p in unfinished}
            raise TopicError(
                f"Kafka sends nothing from these offsets on (by partition: {where}) for "
                f"{SILENT_SECONDS:.0f} s: see `make status`"
            )
