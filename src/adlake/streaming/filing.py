"""Under which time a record is filed, so that any spread of times costs few partitions.

Tables of records are partitioned by the hour of `partition_ts`. Nothing reads that time: it only
says which file a row lies in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.contracts.law import DAY_MS

OLDEST_PARTITION_DAYS: Final = 14
"""Events happen at most about 9 days before they arrive. An older stamp is kept as it is but filed
under its arrival hour: one bad clock must not create thousands of partitions."""
MOST_PARTITIONS: Final = 100
"""Each hour of a batch is a file that a task holds open, about a megabyte of memory each. A batch
of more hours is filed under coarser times, so any spread costs the same memory and few files."""
PAYLOAD_BYTES: Final = "coalesce(raw_bytes, CAST(raw_payload AS BINARY))"
"""The value of a record again, of a row that holds it as text or, where it is no text, as bytes."""
HOUR_MS: Final = 3_600_000
_COARSER_MS: Final = (DAY_MS, 16 * DAY_MS, 256 * DAY_MS, 4_096 * DAY_MS)
_ANY_TIME_MS: Final = 0
"""All times in one partition: a batch that spans more than 1,000 years."""
_PARTITION_MS: Final = (
    "(CASE WHEN reject_reason IS NULL "
    f"AND ts_ms BETWEEN ingest_ms - {OLDEST_PARTITION_DAYS * DAY_MS}L AND ingest_ms "
    "THEN ts_ms ELSE ingest_ms END)"
)
HOURS_SPANNED: Final = f"approx_count_distinct({_PARTITION_MS} DIV {HOUR_MS})"
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


def partition_ts_sql(width_ms: int) -> str:
    """Spark SQL of `partition_ts` over the columns reject_reason, ts_ms and ingest_ms.

    For an hour the times stay as they are, since the tables are partitioned by hour.
    """
    partition_ms = _PARTITION_MS
    if width_ms == _ANY_TIME_MS:
        partition_ms = "0L"
    elif width_ms != HOUR_MS:
        partition_ms = f"greatest(0L, {_PARTITION_MS} - pmod({_PARTITION_MS}, {width_ms}L))"
    return f"timestamp_millis({partition_ms})"


def filed_rows(deliveries: DataFrame, columns: Sequence[str], width_ms: int) -> DataFrame:
    """Select `columns`, of them `event_timestamp` and `partition_ts` made of the deliveries' times.

    Args:
        deliveries: judged deliveries of any topic, with ts_ms, ingest_ms and reject_reason.
        columns: of a Bronze table.
        width_ms: see `partition_width_ms`.
    """
    expressions = {
        "event_timestamp": "CASE WHEN ts_ms IS NOT NULL THEN timestamp_millis(ts_ms) END",
        "partition_ts": partition_ts_sql(width_ms),
    }
    return deliveries.selectExpr(*(f"{expressions.get(c, c)} AS {c}" for c in columns))


def records_of(rows: DataFrame) -> DataFrame:
    """Rebuild Kafka records from the rows of a table of records: byte for byte what was read."""
    return rows.selectExpr(
        f"{PAYLOAD_BYTES} AS value",
        "kafka_topic",
        "kafka_partition",
        "kafka_offset",
        "kafka_key",
        "ingest_ts",
    )
