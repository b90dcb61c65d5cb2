"""Events of the funnel as Spark expressions; `business/funnel.py` is the reference form.

A frame of events has FUNNEL_COLUMNS. The smallest row of an event by RANKED is the one that counts,
so what is stored and what arrives merge by a minimum, in any order and any number of times.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.business.contract import (
    CONTENT_FIELDS,
    FUNNEL_COLUMNS,
    FUNNEL_TYPES,
    ID_FIELDS,
    BusinessType,
)
from adlake.payload.spark.canonical_json import canonical_json

KEY: Final = ("event_type", "event_id")
RANKED: Final = ("event_time", "content", "first_ingest_ts")
"""What rows of one event are compared by; the other columns follow from the content."""
_OTHERS: Final = tuple(one for one in FUNNEL_COLUMNS if one not in {*KEY, *RANKED})
_FIELDS: Final = CONTENT_FIELDS[BusinessType.SIGNUP]
"""The other types have them too, less the impression."""


def funnel_events(deliveries: DataFrame) -> DataFrame:
    """One row for each event of the funnel among admitted deliveries."""
    expressions = {
        "event_time": F.timestamp_millis("ts_ms"),
        "content": _content(),
        "first_ingest_ts": F.col("ingest_ts"),
    }
    steps = deliveries.where(F.col("event_type").isin(*(str(one) for one in FUNNEL_TYPES)))
    rows = steps.select(*(expressions.get(n, F.col(n)).alias(n) for n in FUNNEL_COLUMNS))
    winners = rows.groupBy(*KEY).agg(F.min(F.struct(*RANKED, *_OTHERS)).alias("winner"))
    return winners.select(*KEY, "winner.*").select(*FUNNEL_COLUMNS)


def changes(events: DataFrame, stored: DataFrame) -> DataFrame:
    """The events that the table lacks, or has with a content or arrival that gives way.

    Args:
        events: a row for each event.
        stored: KEY and RANKED of the rows of the same events that the table has.

    Returns:
        Rows of the table, with `is_known` where it has one of the event.
    """
    known = stored.select(*KEY, F.struct(*RANKED).alias("known"))
    both = events.join(known, [*KEY], "left")
    is_new = F.col("known").isNull()
    changed = both.where(is_new | (F.struct(*RANKED) < F.col("known")))
    return changed.select(*FUNNEL_COLUMNS, (~is_new).alias("is_known"))


@cache
def _content() -> Column:
    """What contents of one event are compared by after their time."""
    return canonical_json({name: F.col(name) for name in _FIELDS}, ids=ID_FIELDS)
