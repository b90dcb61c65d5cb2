"""The events of advertisers, each once, as Spark expressions; `budgets/events.py` is the reference.

A frame of events has EVENT_COLUMNS: the first delivery of the smallest content of each event. Times
are epoch milliseconds, money is micros.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.budgets.contract import EventType, Period
from adlake.payload.spark.canonical_json import canonical_json

KEY: Final = ("event_type", "owner", "counted_id")
"""What an event counts once per; the owner is a click's advertiser, ids of others need none."""
RANKED: Final = ("ts_ms", "micros", "content")
"""Of several contents of one event the smallest counts."""
PLACE: Final = ("ingest_ms", "kafka_partition", "kafka_offset")
FIELDS: Final = (
    "advertiser_id", "advertiser", "ad_id", "campaign_id", "impression_id", "click_id",
    "budget_micros", "period", "status", "time_zone", "flight_start_ms", "flight_end_ms",
)  # fmt: skip
EVENT_COLUMNS: Final = (*KEY, *RANKED, *PLACE, *FIELDS)

_IS_CLICK: Final = f"event_type = '{EventType.CLICK}'"
_CREDITED_CLICK: Final = f"IF(event_type = '{EventType.CREDIT}', click_id, NULL)"
"""What a credit is for; of a click its id is what it counts once per."""
_IS_BUDGET: Final = f"event_type = '{EventType.BUDGET}'"


def contents(deliveries: DataFrame) -> DataFrame:
    """Every content of each event among admitted deliveries, as it was delivered first."""
    columns = {
        "owner": F.expr(f"IF({_IS_CLICK}, advertiser_id, '')"),
        "counted_id": F.expr(
            f"CASE event_type WHEN '{EventType.CLICK}' THEN click_id "
            f"WHEN '{EventType.CREDIT}' THEN credit_id ELSE event_id END"
        ),
        "micros": F.expr(f"IF({_IS_BUDGET}, budget_micros, coalesce(micros, 0))"),
        "content": _content(),
        "click_id": F.expr(_CREDITED_CLICK),
        "period": F.coalesce("period", F.lit(str(Period.DAILY))),
    }
    told = deliveries.where(F.col("event_type").isin(*(str(one) for one in EventType)))
    rows = told.select(*(columns.get(n, F.col(n)).alias(n) for n in EVENT_COLUMNS))
    first = F.min(F.struct(*PLACE, *FIELDS)).alias("first")
    return rows.groupBy(*KEY, *RANKED).agg(first).select(*KEY, *RANKED, "first.*")


def distinct_events(contents_: DataFrame) -> DataFrame:
    """One row for each event: its smallest content."""
    winner = F.min(F.struct(*RANKED, *PLACE, *FIELDS)).alias("winner")
    return contents_.groupBy(*KEY).agg(winner).select(*KEY, "winner.*").select(*EVENT_COLUMNS)


def of_type(events: DataFrame, event_type: EventType) -> DataFrame:
    """The events of one type."""
    return events.where(F.col("event_type") == str(event_type))


def told_name() -> Column:
    """The name that an event tells; NULL for none or a blank."""
    return F.when(F.trim("advertiser") != "", F.col("advertiser"))


@cache
def _content() -> Column:
    """What deliveries of one event may differ in beside time and money, as canonical JSON."""
    is_click = F.expr(_IS_CLICK)
    budget = "CAST(CAST(budget_micros AS DECIMAL(38, 0)) * 0.000001BD AS DECIMAL(18, 6))"
    members = {
        "ad_id": F.col("ad_id"),
        "advertiser": F.col("advertiser"),
        "advertiser_id": F.when(~is_click, F.col("advertiser_id")),
        "budget_value": F.when(is_click, F.expr(f"CAST({budget} AS STRING)")),
        "campaign_id": F.col("campaign_id"),
        "click_id": F.expr(_CREDITED_CLICK),
        "flight_end": _time_text("flight_end_ms"),
        "flight_start": _time_text("flight_start_ms"),
        "impression_id": F.col("impression_id"),
        "period": F.col("period"),
        "reason": F.col("reason"),
        "status": F.col("status"),
        "time_zone": F.col("time_zone"),
    }
    return canonical_json(members)


def _time_text(name: str) -> Column:
    return F.date_format(F.timestamp_millis(name), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
