"""What a build of the alert log goes on from: all that later windows need of those before a moment.

Frozen rows, in the memory of the process that made them. They grow with the campaigns and with the
alerts that there were, and not with the windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.alerts.spark_baselines import (
    HOURS_KEPT_MS,
    hour_sums,
    rates_before,
    usual,
    usual_of_hours,
)
from adlake.alerts.spark_cusum import sums_before, with_sums
from adlake.alerts.spark_log import (
    ALERT_SCHEMA,
    OPEN_SCHEMA,
    SPAN_SCHEMA,
    AlertTables,
    KnownAlerts,
    alert_tables,
    since_first_alert,
)
from adlake.alerts.spark_moments import EVER, Moments, at
from adlake.alerts.spark_verdicts import verdicts
from adlake.alerts.spark_windows import (
    CONTEXT_MS,
    FINAL_COUNTS,
    KEY,
    every_window,
    measures,
    segmented,
    spans,
    windows_of_ads,
    windows_of_funnel,
)
from adlake.contracts.tables import ALERT_RULES, DIM_CAMPAIGNS, FUNNEL_EVENTS, GOLD_WINDOWS
from adlake.io.spark.lineage import FrozenFrames

_KEYS: Final = ", ".join(f"{name} STRING" for name in KEY)


class Past(NamedTuple):
    """Of the windows before `from_ms`."""

    from_ms: int
    spans: DataFrame
    """KEY, first_ms, newest_ms: windows with events."""
    hours: DataFrame
    """KEY, hour_ms, FINAL_COUNTS: of the last weeks."""
    rates: DataFrame
    """KEY, metric, week_place, known_rate, known_cases: the usual rate of each hour of the week."""
    sums: DataFrame
    """campaign_id, segment, metric, s: of rule B."""
    alerts: KnownAlerts


class Judged(NamedTuple):
    """What the windows from `from_ms` on came to, and of what."""

    tables: AlertTables
    spans: DataFrame
    hours: DataFrame
    usual: DataFrame
    verdicts: DataFrame


def no_past(session: SparkSession) -> Past:
    """Nothing was judged yet: all windows are."""

    def nothing(schema: str) -> DataFrame:
        columns = (one.split() for one in schema.split(", "))
        return session.range(0).selectExpr(
            *(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns)
        ).where("FALSE")  # fmt: skip

    counts = ", ".join(f"{name} BIGINT" for name in FINAL_COUNTS)
    place = "metric STRING, week_place BIGINT"
    return Past(
        EVER,
        nothing(f"{_KEYS}, first_ms BIGINT, newest_ms BIGINT"),
        nothing(f"{_KEYS}, hour_ms BIGINT, {counts}"),
        nothing(f"{_KEYS}, {place}, known_rate DOUBLE, known_cases BIGINT"),
        nothing("campaign_id STRING, segment STRING, metric STRING, s DOUBLE"),
        KnownAlerts(None, None, nothing(ALERT_SCHEMA), nothing(SPAN_SCHEMA), nothing(OPEN_SCHEMA)),
    )  # fmt: skip


def judge(
    frames: Mapping[str, DataFrame], moments: Moments, past: Past, frozen: FrozenFrames
) -> Judged | None:
    """Judge every window from `past.from_ms` on at `moments.until_ms`.

    Args:
        frames: rows of the tables that the alerts are made of, by name.
        moments: of them `from_ms` is that of the past.
        past: of the same tables; what it says of them holds.
        frozen: holds what is read several times.

    Returns:
        None: a campaign is there again that had ended, and windows between belong to it now.
    """
    campaigns, rules = frames[DIM_CAMPAIGNS], frames[ALERT_RULES]
    row = moments.frame(rules.sparkSession)
    counted = frozen.keep(segmented(_counted(frames, moments.from_ms), rules))
    seen = frozen.freeze(spans(counted, row, past.spans))
    if moments.from_ms > EVER and seen.where("came_back").count():
        return None
    # Frozen at once: two parts of one job would compute it side by side.
    windows = frozen.freeze(every_window(counted, seen, row))
    hours = frozen.keep(hour_sums(windows, row, past.hours))
    rates = frozen.keep(usual_of_hours(hours, row, past.rates))
    # Read three times from here on: by the rules without a memory, and twice by rule B.
    known = frozen.freeze(usual(measures(windows), rates, row))
    told = verdicts(known, rules, campaigns, row)
    if moments.from_ms > EVER:
        told = frozen.freeze(told)  # few; of every window they would take more than they save
    summed = with_sums(told, past.sums)
    matter = frozen.freeze(since_first_alert(summed, row, past.alerts.open))
    return Judged(alert_tables(matter, row, past.alerts, frozen), seen, hours, rates, matter)


def past_of(judged: Judged, moments: Moments, past: Past, frozen: FrozenFrames) -> Past:
    """What the next build goes on from, of the windows before `moments.next_ms`."""
    row = moments.frame(judged.spans.sparkSession)
    spans_then = judged.spans.where("known_ms IS NOT NULL").selectExpr(
        *KEY, "first_ms", "known_ms AS newest_ms"
    )  # fmt: skip
    hours = at(judged.hours, row).where(
        f"hour_ms < next_ms AND hour_ms >= next_ms - {HOURS_KEPT_MS}L"
    )

    def few(frame: DataFrame | None) -> DataFrame | None:
        """In one part: else each build would add some."""
        return None if frame is None else frozen.freeze(frame.coalesce(1))

    return Past(
        moments.next_ms,
        frozen.freeze(spans_then),
        frozen.freeze(hours.select(*KEY, "hour_ms", *FINAL_COUNTS).repartition(*KEY)),
        frozen.freeze(rates_before(judged.usual, row, past.rates)),
        frozen.freeze(sums_before(judged.verdicts, row, past.sums)),
        KnownAlerts(*map(few, judged.tables.known(row))),
    )


def _counted(frames: Mapping[str, DataFrame], from_ms: int) -> DataFrame:
    """Counts of windows that matter from a moment on."""
    sums, events = frames[GOLD_WINDOWS], frames[FUNNEL_EVENTS]
    if from_ms > EVER:
        # Literals: by them files are left out. They are others once an hour.
        since = F.timestamp_millis(F.lit(from_ms - CONTEXT_MS))
        sums, events = (
            sums.where(F.col("window_start") >= since),
            events.where(F.col("event_time") >= since),
        )
    ads = windows_of_ads(sums, frames[DIM_CAMPAIGNS])
    return ads.unionByName(windows_of_funnel(events))
