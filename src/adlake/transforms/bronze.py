"""Bronze rows: every delivery as it came, with its verdict."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import BRONZE_COLUMNS

OLDEST_PARTITION_DAYS = 14
"""Events happen at most about 9 days before they arrive. An older stamp is kept as it is but filed
under its arrival hour: one bad clock must not create thousands of partitions."""
MOST_PARTITIONS = 100
"""Each hour of a batch is a file that a task holds open, about a megabyte of memory each. A batch
of more hours is filed under coarser times, so any spread costs the same memory and few files."""
HOUR_MS = 3_600_000
_COARSER_MS = (DAY_MS, 16 * DAY_MS, 256 * DAY_MS, 4_096 * DAY_MS)
_ANY_TIME_MS = 0
"""All times in one partition: a batch that spans more than 1,000 years."""
_PARTITION_MS = (
    "(CASE WHEN reject_reason IS NULL "
    f"AND ts_ms BETWEEN ingest_ms - {OLDEST_PARTITION_DAYS * DAY_MS}L AND ingest_ms "
    "THEN ts_ms ELSE ingest_ms END)"
)
HOURS_SPANNED = f"approx_count_distinct({_PARTITION_MS} DIV {HOUR_MS})"
"""Aggregate over admitted and rejected deliveries: partitions they would be filed under."""


def partition_width_ms(deliveries: DataFrame) -> int:
    """The finest width of partition times that files a batch of many hours in few partitions."""
    spanned = [
        F.expr(f"approx_count_distinct(floor({_PARTITION_MS} / {width}))").alias(str(width))
        for width in _COARSER_MS
    ]
    row = deliveries.agg(*spanned).first()
    counts = {} if row is None else row.asDict()
    fitting = (width for width in _COARSER_MS if counts.get(str(width), 0) <= MOST_PARTITIONS)
    return next(fitting, _ANY_TIME_MS)


def bronze_rows(deliveries: DataFrame, width_ms: int = HOUR_MS) -> DataFrame:
    """Select the columns of bronze.ad_events from admitted and rejected deliveries alike.

    Args:
        deliveries: rows of `transforms.admit`.
        width_ms: see `partition_width_ms`; for an hour the times stay as they are, since the table
            is partitioned by hour. Nothing reads them: they only say which file a row lies in.
    """
    partition_ms = _PARTITION_MS
    if width_ms == _ANY_TIME_MS:
        partition_ms = "0L"
    elif width_ms != HOUR_MS:
        partition_ms = f"greatest(0L, {_PARTITION_MS} - pmod({_PARTITION_MS}, {width_ms}L))"
    expressions = {
        "event_timestamp": "CASE WHEN ts_ms IS NOT NULL THEN timestamp_millis(ts_ms) END",
        "partition_ts": f"timestamp_millis({partition_ms})",
    }
    return deliveries.selectExpr(*(f"{expressions.get(c, c)} AS {c}" for c in BRONZE_COLUMNS))


def records_of_bronze(bronze: DataFrame) -> DataFrame:
    """Rebuild Kafka records from Bronze rows: the input of `transforms.admit`, byte for byte."""
    return bronze.selectExpr(
        "coalesce(raw_bytes, encode(raw_payload, 'UTF-8')) AS value",
        "kafka_topic",
        "kafka_partition",
        "kafka_offset",
        "kafka_key",
        "ingest_ts",
    )
