"""Builds the alert log and its incidents: whole, from sums of windows, funnel, campaigns and rules.

Both are a function of the snapshots that their stamps name, and of the moment up to which the
topics had been read: a window is judged by what had arrived at its cutoffs, so it does not matter
when the build runs, nor how often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.alerts.spark_baselines import usual
from adlake.alerts.spark_cusum import with_sums
from adlake.alerts.spark_log import AlertTables, alert_tables, since_first_alert
from adlake.alerts.spark_verdicts import verdicts
from adlake.alerts.spark_windows import (
    every_window,
    measures,
    segmented,
    windows_of_ads,
    windows_of_funnel,
)
from adlake.contracts import stamps
from adlake.contracts.tables import (
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
)
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable, stamped
from adlake.io.spark.lineage import FrozenFrames, frozen_frames

SOURCES: Final = (GOLD_WINDOWS, FUNNEL_EVENTS, DIM_CAMPAIGNS, ALERT_RULES)


def build_alerts(
    session: SparkSession, until_ms: int, turn: AbstractContextManager[object] | None = None
) -> str:
    """Write both tables as of `until_ms`; returns what was done, in words.

    Args:
        session: its lease fences the commits.
        until_ms: up to which both topics have been read.
        turn: entered to commit; None: nobody else commits meanwhile.
    """
    tables = {name: IcebergTable(session, name) for name in SOURCES}
    pins = {name: table.current_snapshot_id() for name, table in tables.items()}
    newest = tables[GOLD_WINDOWS].newest_stamp()
    missing = [name for name, snapshot in pins.items() if snapshot is None]
    if newest is None or missing:
        return f"nothing to judge yet: {', '.join(missing) or GOLD_WINDOWS} is empty"
    frames = {name: table.at(pins[name]) for name, table in tables.items()}  # type: ignore[arg-type]
    stamp = newest.of_records | {
        stamps.SINK: "alerts",
        stamps.SOURCE_SNAPSHOT: str(pins[GOLD_WINDOWS]),
        stamps.MADE_OF: json.dumps(pins),
        stamps.READ_UNTIL_MS: str(until_ms),
    }
    with frozen_frames() as frozen:
        told = judged_windows(frames, until_ms, frozen)
        judged = frozen.freeze(since_first_alert(told))
        made = AlertTables(*(frozen.freeze(one) for one in alert_tables(judged)))
        alerts, incidents = made.alerts.count(), made.incidents.count()
        with turn or nullcontext():
            _replace(session, ALERTS_LOG, made.alerts, stamp)
            reach("alerts.between_tables")
            _replace(session, ALERT_INCIDENTS, made.incidents, stamp)
    return f"{alerts:,} alerts in {incidents:,} incidents"


def judged_windows(
    frames: Mapping[str, DataFrame], until_ms: int, frozen: FrozenFrames
) -> DataFrame:
    """Every verdict of every rule at `until_ms`, of the rows of SOURCES."""
    campaigns, rules = frames[DIM_CAMPAIGNS], frames[ALERT_RULES]
    ads = windows_of_ads(frames[GOLD_WINDOWS], campaigns)
    counted = ads.unionByName(windows_of_funnel(frames[FUNNEL_EVENTS]))
    windows = every_window(segmented(counted, rules), until_ms)
    # Read three times from here on: by the rules without a memory, and twice by rule B.
    known = frozen.freeze(usual(measures(windows)))
    return with_sums(verdicts(known, rules, campaigns, until_ms))


def _replace(session: SparkSession, name: str, rows: DataFrame, stamp: Mapping[str, str]) -> None:
    table = IcebergTable(session, name)
    columns = session.table(table.full_name).columns
    with stamped(session, stamp):
        writer = rows.select(*columns).coalesce(1).writeTo(table.full_name)
        writer.options(**ONE_FILE_AT_A_TIME).overwrite(F.lit(True))
