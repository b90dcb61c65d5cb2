"""Builds the alert log and its incidents from sums of windows, funnel, campaigns and rules.

Both are a function of the snapshots that their stamps name, and of the moment up to which the
topics had been read: a window is judged by what had arrived at its cutoffs, so it does not matter
when the build runs, nor how often. Who builds again and again hands a `Memory` over: then only
windows are judged that are new, and the few before them that may change yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.alerts.memory import Memory, Sources, Step, whole
from adlake.contracts import stamps
from adlake.contracts.tables import (
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
)
from adlake.contracts.windows import EARLY_MS, WINDOW_MS
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable, stamped
from adlake.io.spark.lineage import frozen_frames

SOURCES: Final = (GOLD_WINDOWS, FUNNEL_EVENTS, DIM_CAMPAIGNS, ALERT_RULES)


class Built(NamedTuple):
    """What a build did."""

    words: str
    is_whole: bool = True
    """Every window was judged."""


def build_alerts(
    session: SparkSession,
    until_ms: int,
    turn: AbstractContextManager[object] | None = None,
    memory: Memory | None = None,
) -> Built:
    """Write both tables as of `until_ms`.

    Args:
        session: its lease fences the commits.
        until_ms: up to which both topics have been read.
        turn: entered to commit; None: nobody else commits meanwhile.
        memory: of the build before, which knows this one afterwards; None: all windows are judged.
    """
    tables = {name: IcebergTable(session, name) for name in SOURCES}
    pins = {name: table.current_snapshot_id() for name, table in tables.items()}
    newest = tables[GOLD_WINDOWS].newest_stamp()
    missing = [name for name, snapshot in pins.items() if snapshot is None]
    if newest is None or missing:
        return Built(f"nothing to judge yet: {', '.join(missing) or GOLD_WINDOWS} is empty")
    held = {name: snapshot for name, snapshot in pins.items() if snapshot is not None}
    stamp = newest.of_records | {
        stamps.SINK: "alerts",
        stamps.SOURCE_SNAPSHOT: str(pins[GOLD_WINDOWS]),
        stamps.MADE_OF: json.dumps(pins),
        stamps.READ_UNTIL_MS: str(until_ms),
    }
    sources = Sources(tables, held)
    with frozen_frames() as frozen:
        step = (whole if memory is None else memory.step)(sources, until_ms, frozen)
        tables_now = step.judged.tables
        alerts, incidents = (
            frozen.freeze(one) for one in (tables_now.alerts, tables_now.incidents)
        )
        counted = f"{alerts.count():,} alerts in {incidents.count():,} incidents"
        with turn or nullcontext():
            _replace(session, ALERTS_LOG, alerts, stamp)
            reach("alerts.between_tables")
            _replace(session, ALERT_INCIDENTS, incidents, stamp)
        if memory is not None:
            memory.take(step)
    return Built(f"{counted}, {_windows(step)} judged", step.is_whole)


def _windows(step: Step) -> str:
    if step.is_whole:
        return "every window"
    until_ms, from_ms, _ = step.moments
    return f"{(until_ms - EARLY_MS - from_ms) // WINDOW_MS} windows"


def _replace(session: SparkSession, name: str, rows: DataFrame, stamp: Mapping[str, str]) -> None:
    table = IcebergTable(session, name)
    columns = session.table(table.full_name).columns
    with stamped(session, stamp):
        writer = rows.select(*columns).coalesce(1).writeTo(table.full_name)
        writer.options(**ONE_FILE_AT_A_TIME).overwrite(F.lit(True))
