"""What the KPI-alert rules see, as Spark SQL expressions: counts of every window of five minutes.

Times are epoch milliseconds. A frame of windows has campaign_id, segment, kind (`all`, `channel` or
`region`), begin_ms, and an `early_` and a `final_` count of each of NAMES: what had arrived a
minute and an hour after the window's end.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.alerts.contract import (
    AD_COUNTS,
    FUNNEL_COUNTS,
    JUDGED_DAYS,
    RATES,
    VOLUMES,
    Evaluation,
)
from adlake.alerts.spark_moments import at
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import UNKNOWN
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

NAMES: Final = (*AD_COUNTS, *FUNNEL_COUNTS.values())
EARLY, FINAL = Evaluation
COUNTS: Final = tuple(f"{part}_{name}" for part in Evaluation for name in NAMES)
_SPLIT: Final = ("campaign_id", "channel", "region", "begin_ms")
KEY: Final = ("campaign_id", "segment", "kind")
FINAL_COUNTS: Final = tuple(f"{FINAL}_{name}" for name in NAMES)
MEASURED: Final = dict(RATES) | {name: (name, name) for name in VOLUMES}
"""Metric -> k and n."""
CONTEXT_MS: Final = 8 * DAY_MS
"""So much before the first window that is judged its rules look back, window by window: a week that
ends an hour before, of the two windows before it too."""


def windows_of_ads(sums: DataFrame, campaigns: DataFrame) -> DataFrame:
    """Counts of ad events by campaign, channel, region and window.

    Args:
        sums: rows of gold.rollup_5m; several of one grain add up.
        campaigns: versions of dims.dim_campaigns; the one in force when a window began says its
            channel where the events do not.
    """
    counts = {
        **{f"{EARLY}_{name}": f"early_{name}" for name in AD_COUNTS},
        **{f"{FINAL}_{name}": f"{name} - late_{name}" for name in AD_COUNTS},
    }
    known = sums.where(F.col("campaign_id") != UNKNOWN).selectExpr(
        "campaign_id", f"nullif(channel, '{UNKNOWN}') AS told", "region", "window_start",
        *(f"{expression} AS {name}" for name, expression in counts.items()),
    )  # fmt: skip
    versions = campaigns.selectExpr("campaign_id AS of_campaign", "channel", "start_ts", "end_ts")
    in_force = "of_campaign = campaign_id AND window_start >= start_ts AND window_start < end_ts"
    return known.join(F.broadcast(versions), F.expr(in_force), "left").selectExpr(
        "campaign_id", f"coalesce(told, channel, '{UNKNOWN}') AS channel", "region",
        "unix_millis(window_start) AS begin_ms", *counts,
        *(f"0L AS {part}_{name}" for part in Evaluation for name in FUNNEL_COUNTS.values()),
    )  # fmt: skip


def windows_of_funnel(events: DataFrame) -> DataFrame:
    """The same of the rows of gold.funnel_events."""
    late_ms = f"unix_millis(first_ingest_ts) - (begin_ms + {WINDOW_MS})"
    placed = events.selectExpr(
        "campaign_id", "channel", "region", "event_type", "first_ingest_ts",
        f"unix_millis(event_time) - pmod(unix_millis(event_time), {WINDOW_MS}) AS begin_ms",
    ).selectExpr("*", f"{late_ms} AS late_ms")  # fmt: skip
    arrived = {EARLY: EARLY_MS, FINAL: FINAL_MS}
    counts = {
        f"{part}_{name}": F.count_if(
            F.expr(f"event_type = '{event_type}' AND late_ms <= {after_ms}")
        )
        for part, after_ms in arrived.items()
        for event_type, name in FUNNEL_COUNTS.items()
    }
    sums = placed.groupBy(*_SPLIT).agg(*(count.alias(name) for name, count in counts.items()))
    zeros = (f"0L AS {part}_{name}" for part in Evaluation for name in AD_COUNTS)
    return sums.selectExpr("*", *zeros)


def segmented(windows: DataFrame, rules: DataFrame) -> DataFrame:
    """Counts by campaign, segment and window, of the segments that an enabled rule looks at."""
    segments = ", ".join((
        "named_struct('kind', 'all', 'segment', 'all')",
        "named_struct('kind', 'channel', 'segment', concat('channel=', channel))",
        "named_struct('kind', 'region', 'segment', concat('region=', region))",
    ))  # fmt: skip
    kinds = rules.where("enabled").selectExpr("segment AS kind").distinct()
    return (
        windows.where(F.col("campaign_id") != UNKNOWN)
        .selectExpr("campaign_id", "begin_ms", f"inline(array({segments}))", *COUNTS)
        .join(F.broadcast(kinds), "kind", "left_semi")
        .groupBy(*KEY, "begin_ms")
        .agg(*(F.sum(name).alias(name) for name in COUNTS))
    )


def spans(windows: DataFrame, moments: DataFrame, known: DataFrame) -> DataFrame:
    """Of each series the first and the newest window in which anything was seen in time.

    Args:
        windows: rows of `segmented`.
        moments: see `spark_moments`.
        known: the same of windows before `begin_ms`: KEY, first_ms, newest_ms.

    Returns:
        KEY, first_ms, newest_ms, known_ms: the newest before `next_ms`, came_back: its past had
        ended, so windows before `begin_ms` are to be judged that were not.
    """
    is_any = " + ".join(f"{FINAL}_{name}" for name in NAMES)
    new = at(windows, moments).where(f"begin_ms >= from_ms AND {is_any} > 0").selectExpr(
        *KEY, "begin_ms AS first_ms", "begin_ms AS newest_ms", "CAST(NULL AS BIGINT) AS past_ms",
        "IF(begin_ms < next_ms, begin_ms, NULL) AS known_ms",
    )  # fmt: skip
    old = known.selectExpr("*", "newest_ms AS past_ms", "newest_ms AS known_ms")
    summed = new.unionByName(old).groupBy(*KEY).agg(
        F.min("first_ms").alias("first_ms"),
        *(F.max(name).alias(name) for name in ("newest_ms", "past_ms", "known_ms")),
    )  # fmt: skip
    had_ended = f"past_ms + {JUDGED_DAYS * DAY_MS + WINDOW_MS}L < from_ms AND newest_ms > past_ms"
    return at(summed, moments).selectExpr(
        *KEY, "first_ms", "newest_ms", "known_ms", f"coalesce({had_ended}, FALSE) AS came_back"
    )


def every_window(windows: DataFrame, seen: DataFrame, moments: DataFrame) -> DataFrame:
    """One row for each window that is judged at `until_ms`, also for those without events.

    Args:
        windows: rows of `segmented`.
        seen: rows of `spans`.
        moments: windows before `begin_ms` are there as far as what is usual later needs them.
    """
    ended_ms = f"(until_ms - {EARLY_MS + WINDOW_MS}L)"
    last_ms = (
        f"least(newest_ms + {JUDGED_DAYS * DAY_MS}L, {ended_ms} - pmod({ended_ms}, {WINDOW_MS}L))"
    )
    first_ms = f"greatest(first_ms, from_ms - {CONTEXT_MS}L)"
    every = (
        at(seen, moments).selectExpr(*KEY, "first_ms", f"{first_ms} AS a", f"{last_ms} AS z")
        .where("a <= z")
        .selectExpr(*KEY, "first_ms", f"explode(sequence(a, z, {WINDOW_MS}L)) AS begin_ms")
    )  # fmt: skip
    counted = every.join(windows, [*KEY, "begin_ms"], "left")
    return counted.selectExpr(
        *KEY, "first_ms", "begin_ms", *(f"coalesce({name}, 0L) AS {name}" for name in COUNTS)
    )


def measures(windows: DataFrame) -> DataFrame:
    """One row per window and metric: its early and final k and n; of a count both are the count."""
    rows = ", ".join(
        f"named_struct('metric', '{metric}', 'early_k', {EARLY}_{k}, 'early_n', {EARLY}_{n}, "
        f"'k', {FINAL}_{k}, 'n', {FINAL}_{n})"
        for metric, (k, n) in MEASURED.items()
    )
    return windows.selectExpr(*KEY, "first_ms", "begin_ms", f"inline(array({rows}))")
