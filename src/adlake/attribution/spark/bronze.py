"""Bronze rows: every delivery as it came, with its verdict."""

from __future__ import annotations

from pyspark.sql import DataFrame

from adlake.contracts.tables import BRONZE_COLUMNS
from adlake.streaming.filing import HOUR_MS, filed_rows


def bronze_rows(deliveries: DataFrame, width_ms: int = HOUR_MS) -> DataFrame:
    """Select the columns of bronze.ad_events from admitted and rejected deliveries alike.

    Args:
        deliveries: rows of `attribution.spark.admit`.
        width_ms: see `streaming.filing.partition_width_ms`.
    """
    return filed_rows(deliveries, BRONZE_COLUMNS, width_ms)
