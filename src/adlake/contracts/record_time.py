"""What the lake makes of the time of a Kafka record. Milliseconds since 1970, UTC."""

from __future__ import annotations

from typing import Final

FIRST_INGEST_MS: Final = -62_135_596_800_000
"""0001-01-01T00:00:00Z."""
LAST_INGEST_MS: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""
GREGORIAN_MS: Final = -12_219_292_800_000
"""1582-10-15T00:00:00Z. Spark's Kafka source gives every earlier time in another calendar."""


def ingest_ms(timestamp_ms: int) -> int:
    """The ingest time of a record with this Kafka timestamp.

    Exact within the years 1 to 9999, which every reader of the lake can show; else the nearer end.
    No verdict changes by it: events lie within 2015 and 5138 (contracts.law), far from both ends.
    """
    return min(max(timestamp_ms, FIRST_INGEST_MS), LAST_INGEST_MS)
