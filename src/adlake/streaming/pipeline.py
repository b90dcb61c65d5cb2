"""What the engine asks of a pipeline: one topic, its admission, the tables its records reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.gauges import Metric
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.table_heads import TableHead
from adlake.io.spark.lineage import frozen_frames


@dataclass(frozen=True)
class Written:
    """What one batch did to a derived table, and a few words for the log."""

    head: TableHead | None
    """Its new head, to be put on record; None: a loss of it is none, it is built again."""
    in_words: str
    counted: Mapping[Metric, float] = field(default_factory=dict)
    """Metrics of pipeline and table, as far as the writer counts them anyway."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by phase."""


class Writer(Protocol):
    """Brings admitted deliveries into one table that is derived from the records.

    The same deliveries again must change no row: after a crash they come a second time.
    """

    @property
    def table(self) -> IcebergTable:
        """The table that it alone writes."""

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """Merge deliveries (rows of `Pipeline.admit` without a reject_reason), one commit.

        Args:
            deliveries: admitted ones.
            stamp: properties of the commit (contracts.stamps).
        """


class Pipeline(Protocol):
    """One topic on its way into the lake."""

    @property
    def name(self) -> str:
        """Names the query, its checkpoint and its maintenance (contracts.registry)."""

    @property
    def topic(self) -> str:
        """Name of the topic."""

    @property
    def records_table(self) -> str:
        """The append-only table that keeps every record with its verdict."""

    def admit(self, records: DataFrame) -> DataFrame:
        """Judge Kafka records.

        Args:
            records: value, kafka_topic, kafka_partition, kafka_offset, kafka_key, ingest_ts.

        Returns:
            These columns, one row per record, and at least raw_payload and raw_bytes (the value as
            text or, where it is none, as bytes), ingest_ms, ts_ms (NULL when unknown) and
            reject_reason (NULL when admitted).
        """

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """Rows of `records_table` for kept deliveries; `width_ms`: see streaming.filing."""

    def writers(self, session: SparkSession) -> Sequence[Sequence[Writer]]:
        """The writers of the derived tables, in steps: a step begins when the one before is done.

        Those of one step commit at the same time, each in a thread of its own: none reads what
        another one writes, and none sets the session (for a stamp: `stamp_options`).
        """

    def renew(self, session: SparkSession) -> None:
        """Bring up to date what hangs on the pipeline's rules (views); at start, after operations.

        What fails here is logged, and done at the next start.
        """


def writers_in_order(pipeline: Pipeline, session: SparkSession) -> Iterator[Writer]:
    """The writers of all steps, one by one, for what is done to each table alone."""
    return chain.from_iterable(pipeline.writers(session))


@contextmanager
def kept_deliveries(pipeline: Pipeline, records: DataFrame) -> Iterator[DataFrame]:
    """Judge Kafka records and keep the outcome inside the block, for all who read it.

    Without the value: it is in there a second time, as text or as bytes (`filing.PAYLOAD_BYTES`).
    """
    with frozen_frames() as frames:
        yield frames.keep(pipeline.admit(records).drop("value"))
