"""Events of Gold by windows of five minutes (gold.rollup_5m), as Spark SQL expressions.

Every event counts in the window of its own time: the impression of a row, each of its clicks, each
of its conversions. Whose they are says the row, so one impression never splits over campaigns,
channels or regions.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame

from adlake.attribution.rollup.rollup import Rollup
from adlake.attribution.spark.fold import decoded_state_sql
from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_WINDOWS, UNKNOWN
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

_WHOSE: Final = ("campaign_id", "channel", "region")
_RANKS: Final = {"impressions": 0, "clicks": 1, "conversions": 2}
_IMPRESSION_MS: Final = "unix_millis(impression_time)"
# The donor of a row: the first of its impressions by time and id.
_DONOR_ARRIVED_MS: Final = (
    "array_min(transform(filter(held, x -> x.r = 0), "
    "x -> named_struct('t', x.t, 'e', x.e, 'i', x.i))).i"
)
# Of conversions at one moment the first by id is the attributed one; the state is sorted by id.
_ATTRIBUTED_ID: Final = (
    "get(filter(held, x -> x.r = 2 AND x.t = unix_millis(conversion_time)), 0).e"
)


def _event(rank: str, ts_ms: str, arrived_ms: str, is_attributed: str) -> str:
    return (
        f"named_struct('r', {rank}, 't', {ts_ms}, 'i', {arrived_ms}, "
        f"'is_attributed', {is_attributed})"
    )


# Most rows are an impression alone: their columns say everything, no state is read for them.
_ALONE: Final = f"array({_event('0', _IMPRESSION_MS, 'unix_millis(last_updated_ts)', 'FALSE')})"
_SHOWN: Final = (
    f"filter(array({_event('0', _IMPRESSION_MS, _DONOR_ARRIVED_MS, 'FALSE')}), "
    "x -> x.t IS NOT NULL)"
)
_FOLLOWING: Final = (
    "transform(filter(held, x -> x.r > 0), x -> "
    + _event("x.r", "x.t", "x.i", "coalesce(x.r = 2 AND x.e = attributed_id, FALSE)")
    + ")"
)


def _placed(rows: DataFrame, _law: LawConstants) -> DataFrame:
    held = f"CASE WHEN engaged THEN {decoded_state_sql('events_state')} END AS held"
    events = f"CASE WHEN engaged THEN concat({_SHOWN}, {_FOLLOWING}) ELSE {_ALONE} END"
    begin_ms = f"event.t - pmod(event.t, {WINDOW_MS})"
    return (
        rows.selectExpr("*", held)
        .selectExpr("*", f"CASE WHEN engaged THEN {_ATTRIBUTED_ID} END AS attributed_id")
        .selectExpr("*", f"explode({events}) AS event")
        .selectExpr(
            "sign", *(f"coalesce({name}, '{UNKNOWN}') AS {name}" for name in _WHOSE), "cost",
            "revenue", "event.r", "event.i", "event.is_attributed", f"{begin_ms} AS begin_ms",
        )
        .selectExpr("*", "timestamp_millis(begin_ms) AS window_start")
    )  # fmt: skip


def _counted(rank: int, condition: str = "") -> str:
    return f"sum(IF(r = {rank}{condition}, sign, 0))"


_EARLY: Final = f" AND i <= begin_ms + {WINDOW_MS + EARLY_MS}"
_LATE: Final = f" AND i > begin_ms + {WINDOW_MS + FINAL_MS}"

WINDOWS: Final = Rollup(
    table=GOLD_WINDOWS,
    format=2,
    columns=(
        *_WHOSE, "impression_time", "conversion_time", "cost", "revenue", "last_updated_ts",
        "events_state", "engaged",
    ),
    placed=_placed,
    sums={
        **{name: _counted(rank) for name, rank in _RANKS.items()},
        **{f"early_{name}": _counted(rank, _EARLY) for name, rank in _RANKS.items()},
        **{f"late_{name}": _counted(rank, _LATE) for name, rank in _RANKS.items()},
        "attributed_conversions": "sum(IF(is_attributed, sign, 0))",
        "total_cost": "CAST(COALESCE(sum(IF(r = 0, cost * sign, NULL)), 0) AS DECIMAL(38, 6))",
        "revenue": (
            "CAST(COALESCE(sum(IF(is_attributed, revenue * sign, NULL)), 0) AS DECIMAL(38, 6))"
        ),
    },
)  # fmt: skip
