"""Conversions of Gold with what became of each (gold.rollup_conversions), as Spark SQL expressions.

From the states of rows that have a conversion; the buckets are the law's dispositions (law.md 5),
with those attributed to an impression that never came set apart.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame

from adlake.attribution.rollup.rollup import Rollup
from adlake.attribution.spark.fold import decoded_state_sql
from adlake.attribution.spark.gold import window_sql
from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_CONVERSIONS

_CLICKS: Final = "filter(held, x -> x.r = 1)"
_CONVERSIONS: Final = "filter(held, x -> x.r = 2)"
_ATTRIBUTED_MS: Final = "unix_millis(conversion_time)"
# Of conversions at one moment the first by id is the attributed one; the state is sorted by id.
_ATTRIBUTED_ID: Final = (
    f"get(filter(held, x -> x.r = 2 AND x.t = {_ATTRIBUTED_MS}), 0).e AS attributed_id"
)
_IS_ATTRIBUTED: Final = "event.e <=> attributed_id"
_CLICKED_MS: Final = "array_max(transform(filter(clicks, x -> x.t <= event.t), x -> x.t))"


def _placed(rows: DataFrame, law: LawConstants) -> DataFrame:
    bucket = (
        f"CASE WHEN {_IS_ATTRIBUTED} AND impression_time IS NULL THEN 'ORPHAN' "
        f"WHEN {_IS_ATTRIBUTED} THEN 'ATTRIBUTED' "
        "WHEN size(clicks) = 0 THEN 'NO_CLICK' "
        "WHEN clicked_ms IS NULL THEN 'CONVERSION_BEFORE_CLICK' "
        f"WHEN event.t - clicked_ms > {window_sql(law, 'event.t')} THEN 'OUT_OF_WINDOW' "
        "ELSE 'REPEAT_CONVERSION' END"
    )
    delay_ms = (
        f"CASE WHEN {_IS_ATTRIBUTED} AND impression_time IS NOT NULL "
        "THEN greatest(0L, event.i - unix_millis(impression_time)) END"
    )
    return (
        rows.where("eligible IS NOT NULL")
        .selectExpr("*", f"{decoded_state_sql('events_state')} AS held")
        .selectExpr("*", f"{_CLICKS} AS clicks", _ATTRIBUTED_ID,
                    f"explode({_CONVERSIONS}) AS event")
        .selectExpr("*", f"{_CLICKED_MS} AS clicked_ms")
        .selectExpr(
            "sign", "impression_id", "campaign_id", "geo_country", "platform", "impression_time",
            "event.e AS event_id", "event.m AS micros",
            "timestamp_millis(event.t) AS conversion_at",
            f"{bucket} AS bucket", f"{delay_ms} AS delay_ms",
        )
    )  # fmt: skip


CONVERSIONS: Final = Rollup(
    table=GOLD_CONVERSIONS,
    format=1,
    columns=(
        "impression_id", "campaign_id", "geo_country", "platform", "impression_time",
        "conversion_time", "eligible", "events_state",
    ),
    placed=_placed,
    sums={
        "conversions": "sum(sign)",
        "value": (
            "CAST(sum(CAST(micros AS DECIMAL(32, 0)) * sign) * 0.000001BD AS DECIMAL(38, 6))"
        ),
    },
)  # fmt: skip
