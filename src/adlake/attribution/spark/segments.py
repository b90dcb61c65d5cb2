"""Channel and region of each impression from its admitted deliveries.

See `attribution/law/segments.py`.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.attribution.spark.segment_text import segment_text

_CONTENT = (
    "ts_ms", "type_rank", "micros", "campaign_id", "creative_id", "user_id", "geo_country",
    "platform",
)  # fmt: skip
_DONOR_ORDER = ("type_rank", "ts_ms", "event_id")


def impression_segments(deliveries: DataFrame) -> DataFrame:
    """Segments of impressions, a function of the set of their deliveries.

    Args:
        deliveries: admitted rows of `attribution.spark.admit`.

    Returns:
        impression_id, channel, region; one row per impression_id, NULL where unknown.
    """
    contents = deliveries.groupBy("impression_id", "event_id", *_CONTENT).agg(
        F.min("channel").alias("channel"), F.min("region").alias("region")
    )
    # Struct order is that of the law: left to right, NULL first, strings by their UTF-8 bytes. One
    # content of an event is one row here, so the segments behind it decide nothing.
    winners = (
        contents.groupBy("impression_id", "event_id")
        .agg(F.min(F.struct(*_CONTENT, "channel", "region")).alias("winner"))
        .select("impression_id", "event_id", "winner.*")
    )
    donors = winners.groupBy("impression_id").agg(
        F.min(F.struct(*_DONOR_ORDER, "geo_country", "channel", "region")).alias("donor")
    )
    return donors.select(
        "impression_id",
        F.col("donor.channel").alias("channel"),
        F.coalesce("donor.region", segment_text(F.col("donor.geo_country"))).alias("region"),
    )
