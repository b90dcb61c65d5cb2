"""One hash of all rows of Gold, whatever order, files, batches or engine threads they came from."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.contracts.tables import GOLD_LAW_COLUMNS, GOLD_SEGMENT_COLUMNS

HASHED_COLUMNS = (*GOLD_LAW_COLUMNS, *GOLD_SEGMENT_COLUMNS, "events_state")
_TIMES = ("impression_time", "click_time", "conversion_time", "last_updated_ts")
_GROUP_DIGITS = 3
"""Rows are hashed in 16^3 groups, so that no task holds more than a small part of them."""


def gold_hash(gold: DataFrame) -> str:
    """SHA-256 over the exact text of every law column, segment and `events_state` of every row.

    The text of a row is its columns, each with its length, so no two rows share one. Row hashes
    are put in order within groups by their first digits, then the groups in order: an aggregate of
    two levels, and a row that comes twice changes it.

    Args:
        gold: any frame with Gold's columns.

    Returns:
        64 hex digits; that of the empty text for no rows.
    """
    row_hash = F.sha2(F.concat(*map(_exact_text, HASHED_COLUMNS)), 256)
    groups = (
        gold.select(row_hash.alias("row_hash"))
        .groupBy(F.substring("row_hash", 1, _GROUP_DIGITS).alias("group"))
        .agg(_hash_of_ordered("row_hash").alias("group_hash"))
    )
    row = groups.agg(_hash_of_ordered("group_hash", "group").alias("gold_hash")).first()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    return str(row.gold_hash)


def _hash_of_ordered(name: str, order: str | None = None) -> Column:
    ordered = F.sort_array(F.collect_list(F.concat(order, name) if order else F.col(name)))
    return F.sha2(F.array_join(ordered, ","), 256)


def _exact_text(name: str) -> Column:
    value = F.unix_micros(name) if name in _TIMES else F.col(name)
    text = value.cast("string")
    return F.coalesce(F.concat(F.octet_length(text).cast("string"), F.lit(":"), text), F.lit("-;"))
