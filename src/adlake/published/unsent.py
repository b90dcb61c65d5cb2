"""What of a table is to be sent: records that differ from the newest one that was."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.published.contract import Publication
from adlake.published.payloads import records_of


def unsent(publication: Publication, rows: DataFrame, sent: DataFrame, most: int) -> DataFrame:
    """Some of the records to send: record_id, record_key, payload, payload_sha256, is_known.

    A payload is NULL where the row is gone and the publication tells so. The columns that say in
    which order they are sent stay.

    Args:
        publication: of the table.
        rows: of it, those that may be sent.
        sent: rows of the log, of its topic.
        most: at most so many, the first ones in their order.
    """
    before = sent.select(
        "record_id",
        F.col("record_key").alias("sent_key"),
        F.col("payload_sha256").alias("sent_sha256"),
    )
    now = records_of(publication, rows)
    both = now.join(before, "record_id", "full_outer" if publication.tells_gone else "left")
    other = both.where(~F.col("payload_sha256").eqNullSafe(F.col("sent_sha256"))).select(
        "record_id",
        F.coalesce("record_key", "sent_key").alias("record_key"),
        "payload",
        "payload_sha256",
        F.col("sent_key").isNotNull().alias("is_known"),
        *publication.order,
    )
    in_order = other.orderBy(*publication.order) if publication.order else other
    return in_order.limit(most)
