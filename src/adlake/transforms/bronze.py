"""Bronze rows: every delivery as it came, with its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from adlake.contracts.tables import BRONZE_COLUMNS
from adlake.streaming.filing import HOUR_MS, partition_ts_sql


def bronze_rows(deliveries: DataFrame, width_ms: int = HOUR_MS) -> DataFrame:
    """Select the columns of bronze.ad_events from admitted and rejected deliveries alike.

    Args:
        deliveries: rows of `transforms.admit`.
        width_ms: see `streaming.filing.partition_width_ms`.
    """
    return filed_rows(deliveries, BRONZE_COLUMNS, width_ms)


def filed_rows(deliveries: DataFrame, columns: Sequence[str], width_ms: int) -> DataFrame:
    """Select `columns`, of them `event_timestamp` and `partition_ts` made of the deliveries' times.

    Args:
        deliveries: judged deliveries of any topic, with ts_ms, ingest_ms and reject_reason.
        columns: of a Bronze table.
        width_ms: see `streaming.filing.partition_width_ms`.
    """
    expressions = {
        "event_timestamp": "CASE WHEN ts_ms IS NOT NULL THEN timestamp_millis(ts_ms) END",
        "partition_ts": partition_ts_sql(width_ms),
    }
    return deliveries.selectExpr(*(f"{expressions.get(c, c)} AS {c}" for c in columns))
