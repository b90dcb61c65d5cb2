"""Compares the event ids of new records: deliveries that repeat, and ids that were used again.

Runs between batches, now and then, over what was appended since it ran before. What it costs is
bounded: of many records a sample is compared, chosen by the id, so that all deliveries of an id
are in it or none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts import gauges
from adlake.contracts.registry import TableSpec
from adlake.io.iceberg.table import IcebergTable
from adlake.io.prometheus.meters import Meters

log = logging.getLogger(__name__)

MOST_COMPARED = 100_000
"""Records whose ids are compared at once, about; above it a sample is."""


@dataclass(frozen=True)
class IdCounts:
    """Of some admitted deliveries."""

    deliveries: int
    duplicates: int
    """Deliveries that repeat an event of another one."""
    reused: int
    """Ids that came under more than one owner."""


@dataclass(frozen=True)
class _Reached:
    """Up to where a table was looked at."""

    snapshot_id: int
    rows: int


class EventIdCheck:
    """Looks at what each table of records got since it looked before, in this run."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._reached: dict[str, _Reached | None] = {}

    def begin(self, session: SparkSession, spec: TableSpec) -> None:
        """What the table has now was there before the run."""
        if spec.event_id:
            self._reached[spec.name] = _now(IcebergTable(session, spec.name))
            for metric in (gauges.CHECKED_DELIVERIES, gauges.DUPLICATES, gauges.REUSED_IDS):
                self._meters.add(metric, 0, table=spec.name)

    def look(self, session: SparkSession, spec: TableSpec) -> None:
        """Compare the ids of the new records, of a table that this run began with.

        A failure is logged: the next look begins anew.
        """
        if spec.name not in self._reached:
            return
        table, before = IcebergTable(session, spec.name), self._reached[spec.name]
        self._reached[spec.name] = now = _now(table)
        if now is None or now == before:
            return
        try:
            rows = _new_rows(session, table, before, now)
            step = 1 + (now.rows - (before.rows if before else 0)) // MOST_COMPARED
            found = compared(rows, spec, step)
        except Exception as error:
            log.warning("the event ids of %s are not compared this time: %s", spec.name, error)
            return
        self._meters.add(gauges.CHECKED_DELIVERIES, found.deliveries, table=spec.name)
        self._meters.add(gauges.DUPLICATES, found.duplicates, table=spec.name)
        self._meters.add(gauges.REUSED_IDS, found.reused, table=spec.name)


def _now(table: IcebergTable) -> _Reached | None:
    snapshot_id = table.current_snapshot_id()
    return None if snapshot_id is None else _Reached(snapshot_id, table.row_count())


def _new_rows(
    session: SparkSession, table: IcebergTable, before: _Reached | None, now: _Reached
) -> DataFrame:
    if before is None:
        return session.table(table.full_name)
    return table.between(before.snapshot_id, now.snapshot_id)


def compared(rows: DataFrame, spec: TableSpec, step: int = 1) -> IdCounts:
    """Count repeats and ids used again among records.

    Args:
        rows: rows of a table of records.
        spec: its entry, with an event_id.
        step: compare the deliveries of one id in so many.
    """
    owner = f"xxhash64({spec.event_owner})" if spec.event_owner else "0L"
    ids = rows.where(f"reject_reason IS NULL AND {spec.event_id} IS NOT NULL").selectExpr(
        f"xxhash64({spec.event_id}) AS id", f"{owner} AS owner"
    )
    if step > 1:
        ids = ids.where(f"pmod(id, {step}) = 0")
    events = ids.groupBy("id", "owner").agg(F.count("*").alias("deliveries"))
    by_id = events.groupBy("id").agg(
        F.sum("deliveries").alias("deliveries"), F.count("*").alias("owners")
    )
    row = by_id.selectExpr(
        "coalesce(sum(deliveries), 0)",
        "coalesce(sum(deliveries - owners), 0)",
        "count_if(owners > 1)",
    ).first()
    return IdCounts(*(row or (0, 0, 0)))
