"""Bronze rows: every delivery as it came, with its verdict."""

from __future__ import annotations

from pyspark.sql import DataFrame

from adlake.contracts.tables import BRONZE_COLUMNS

OLDEST_PARTITION_DAYS = 14
"""Events happen at most about 9 days before they arrive. An older stamp is kept as it is but filed
under its arrival hour: one bad clock must not create thousands of partitions."""


def bronze_rows(deliveries: DataFrame) -> DataFrame:
    """Select the columns of bronze.ad_events from admitted and rejected deliveries alike."""
    event_time = "CASE WHEN ts_ms IS NOT NULL THEN timestamp_millis(ts_ms) END"
    is_usable = (
        "reject_reason IS NULL "
        f"AND ts_ms BETWEEN ingest_ms - {OLDEST_PARTITION_DAYS * 86_400_000}L AND ingest_ms"
    )
    expressions = {
        "event_timestamp": event_time,
        "partition_ts": f"CASE WHEN {is_usable} THEN timestamp_millis(ts_ms) ELSE ingest_ts END",
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
