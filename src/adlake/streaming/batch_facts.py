"""What one micro-batch holds, counted in one pass, and which of its rows a table still lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.io.iceberg.stamp import LastRecord, PartitionCounts
from adlake.streaming.filing import HOURS_SPANNED, PAYLOAD_BYTES

_LAST_RECORD = f"struct(ingest_ms, coalesce(crc32({PAYLOAD_BYTES}), 0) AS crc32)"
_REASONS = (
    "map_from_entries(transform(array_distinct(reasons), "
    "r -> struct(r, size(filter(reasons, x -> x = r)))))"
)
"""Few are rejected: counting them in the end costs less than an aggregate for each reason."""


@dataclass(frozen=True)
class BatchFacts:
    """Counts of one batch; percentiles are Kafka timestamps in epoch ms."""

    rows: int
    rejected: int
    counts: dict[int, PartitionCounts]
    last_records: dict[int, LastRecord]
    ingest_ms: tuple[int, int, int]
    oldest_ingest_ms: int
    hours: int
    """Partitions of Bronze that its rows would be filed under, about."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reject reason -> records."""

    @property
    def first_offsets(self) -> dict[int, int]:
        """First offset by partition."""
        return {partition: counts.first_offset for partition, counts in self.counts.items()}

    @property
    def next_offsets(self) -> dict[int, int]:
        """First offset after the batch, by partition."""
        return {partition: counts.next_offset for partition, counts in self.counts.items()}


def beyond(deliveries: DataFrame, next_offsets: Mapping[int, int]) -> DataFrame:
    """Rows a table does not contain yet: offset at or after the stamp's, partition by partition."""
    for partition, offset in sorted(next_offsets.items()):
        deliveries = deliveries.where(
            f"NOT (kafka_partition = {partition} AND kafka_offset < {offset})"
        )
    return deliveries


def missing_rows(
    deliveries: DataFrame, facts: BatchFacts, next_offsets: Mapping[int, int]
) -> DataFrame:
    """Rows of a batch that a table does not contain yet.

    Normally that is the whole batch; then no filter is made, because its offsets would be part of
    the generated code and each batch would compile anew.
    """
    is_ahead = all(
        first >= next_offsets.get(partition, 0) for partition, first in facts.first_offsets.items()
    )
    return deliveries if is_ahead else beyond(deliveries, next_offsets)


def batch_facts(deliveries: DataFrame) -> BatchFacts | None:
    """Count a batch in one pass; None when it is empty."""
    rows = (
        deliveries.rollup("kafka_partition")
        .agg(
            F.min("kafka_offset").alias("first_offset"),
            F.max("kafka_offset").alias("last_offset"),
            F.count("*").alias("row_count"),
            F.count("reject_reason").alias("rejected_count"),
            F.collect_list("reject_reason").alias("reasons"),
            F.max_by(F.expr(_LAST_RECORD), "kafka_offset").alias("last"),
            F.expr(HOURS_SPANNED).alias("hours"),
            F.percentile_approx("ingest_ms", [0.01, 0.05, 0.5]).alias("ingest_ms"),
            F.min("ingest_ms").alias("oldest_ingest_ms"),
        )
        .withColumn("reasons", F.expr(_REASONS))
        .collect()
    )
    total = next((row for row in rows if row.kafka_partition is None), None)
    if total is None or total.row_count == 0:
        return None
    partitions = [row for row in rows if row.kafka_partition is not None]
    return BatchFacts(
        rows=total.row_count,
        rejected=total.rejected_count,
        counts={
            row.kafka_partition: PartitionCounts(
                first_offset=row.first_offset,
                next_offset=row.last_offset + 1,
                admitted=row.row_count - row.rejected_count,
                rejected=row.rejected_count,
            )
            for row in partitions
        },
        last_records={
            row.kafka_partition: LastRecord(row.last_offset, row.last.ingest_ms, row.last.crc32)
            for row in partitions
        },
        ingest_ms=tuple(total.ingest_ms),
        oldest_ingest_ms=total.oldest_ingest_ms,
        hours=total.hours,
        reasons=total.reasons,
    )
