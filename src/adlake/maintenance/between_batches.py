"""Maintenance between batches, so that batch time stays flat.

Each batch leaves small data files and delete files among the hot rows of derived tables: small
files of the same partition are merged. Those of records are merged a slice a time. Each commit
lists all snapshots anew: old ones are forgotten, after what their batches counted was copied. What
is due for which table says the registry. What killed drivers left is removed when it is days old.
Runs in the streaming driver, never beside a MERGE on the same files.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession

from adlake.contracts import gauges
from adlake.contracts.compaction import Due
from adlake.contracts.registry import Filling, TableSpec, specs_of
from adlake.io import failpoints
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.leftovers import remove_leftovers
from adlake.io.iceberg.rewriting import rewrite_files
from adlake.io.iceberg.table import IcebergTable
from adlake.io.prometheus.meters import Meters
from adlake.maintenance.batch_counts import forget_lost_records, record_batches
from adlake.maintenance.event_ids import EventIdCheck
from adlake.maintenance.folding import fold
from adlake.maintenance.hour_files import merge_slice
from adlake.maintenance.leftovers import LeftoverSweep
from adlake.maintenance.snapshot_ages import SnapshotAges
from adlake.maintenance.table_facts import tell_sizes
from adlake.streaming.broker_log import BrokerLog
from adlake.streaming.pipeline import Pipeline

log = logging.getLogger(__name__)

MOST_FILES_COMPACTED = 200
"""Of one pass: a backfill over years leaves files in thousands of days, and batches wait for it."""
DAY_SECONDS = 86_400
SNAPSHOTS_KEPT = 100
"""Readers that pinned one of the newest snapshots may finish, however fast batches come."""


@dataclass(frozen=True)
class MaintenancePlan:
    """How often, in batches (0: never), and how long snapshots live."""

    compact_every: int
    expire_every: int
    snapshot_minutes: float
    record_every: int = 0
    leftover_days: int = 0
    """Files that no snapshot names go at this age; 0: never."""


class Maintenance:
    """Does what is due after a batch; while a replay is at work nothing expires.

    A replay reads the snapshots it began with to its end.
    """

    def __init__(
        self,
        plan: MaintenancePlan,
        is_replaying: Callable[[], bool] = lambda: False,
        meters: Meters | None = None,
    ) -> None:
        self._plan = plan
        self._is_replaying = is_replaying
        self._meters = meters or Meters()
        self._event_ids = EventIdCheck(self._meters)
        self._ages: SnapshotAges | None = None
        self._sweep = LeftoverSweep()

    def begin(self, session: SparkSession, pipelines: Sequence[Pipeline]) -> None:
        """Before the first batch of a run."""
        newest_ms = 0
        for pipeline in pipelines:
            records = IcebergTable(session, pipeline.records_table)
            newest_ms = max(newest_ms, records.last_commit_ms())
            forget_lost_records(session, records, pipeline.topic)
        for spec in specs_of(filling=Filling.APPEND):
            self._event_ids.begin(session, spec)
            for metric in (gauges.COUNTED_BATCHES, gauges.COMPLETENESS_GAPS):
                self._meters.add(metric, 0, table=spec.name)
        self._ages = SnapshotAges(newest_ms)

    def run_maintenance(
        self,
        session: SparkSession,
        pipeline: str,
        batches_done: int,
        broker_log: BrokerLog | None = None,
        *,
        is_behind: bool = False,
    ) -> None:
        """Do what is due for the tables of a pipeline after this many of its batches in the run.

        Args:
            session: the driver's.
            pipeline: whose tables.
            batches_done: in this run.
            broker_log: says which offsets of its topic hold no record.
            is_behind: the batch took longer than it may, so that the next one waits already.
        """
        plan, now_ms = self._plan, int(time.time() * 1000)
        if self._ages is not None:
            self._ages.saw(now_ms)
        specs = specs_of(pipeline=pipeline)
        if plan.compact_every and batches_done % plan.compact_every == 0:
            _compact_hot_rows(session, _compacted(specs, Due.BATCHES))
            _merge_slices(session, _compacted(specs, Due.SLICES), is_behind=is_behind)
        is_expiry = _is_due(plan.expire_every, batches_done)
        # Before stamps are forgotten: a failure here puts the expiry off too.
        if plan.record_every and (is_expiry or _is_due(plan.record_every, batches_done)):
            self._record(session, specs, broker_log)
        if is_expiry and self._is_replaying():
            log.info("a replay is at work: snapshots expire after it")
        elif is_expiry:
            self._expire(session, specs, now_ms)
            for spec in _compacted(specs, Due.EXPIRY) if plan.record_every else ():
                compact(session, spec)
            # Not early in a run: what a killed driver left has time.
            if plan.leftover_days and batches_done >= plan.expire_every:
                self._remove_leftovers(session, specs, now_ms)
        # Last: who only watches keeps nothing else waiting.
        if plan.record_every and _is_due(plan.record_every, batches_done):
            self._tell(session, specs)

    def _tell(self, session: SparkSession, specs: list[TableSpec]) -> None:
        for spec in specs:
            self._event_ids.look(session, spec)
            if spec.expires:
                tell_sizes(session, spec.name, self._meters)

    def _expire(self, session: SparkSession, specs: list[TableSpec], now_ms: int) -> None:
        failpoints.reach("maintenance.before_expiry")
        started, seconds = time.monotonic(), self._plan.snapshot_minutes * 60
        limit_ms = self._limit_ms(now_ms, seconds)
        gone = {
            spec.name: expire_snapshots(session, spec.name, limit_ms, SNAPSHOTS_KEPT)
            for spec in specs
            if spec.expires
        }
        log.info("expired snapshots %s in %.2f s", gone, time.monotonic() - started)
        failpoints.reach("maintenance.after_expiry")

    def _limit_ms(self, now_ms: int, seconds: float) -> int:
        """What was made before this is so old, also where the clock was set."""
        limit_ms = now_ms - int(seconds * 1000)
        return limit_ms if self._ages is None else min(limit_ms, self._ages.limit_ms(seconds))

    def _remove_leftovers(self, session: SparkSession, specs: list[TableSpec], now_ms: int) -> None:
        name = self._sweep.next_table(specs)
        if name is None:
            return
        failpoints.reach("maintenance.before_leftovers")
        started = time.monotonic()
        limit_ms = self._limit_ms(now_ms, self._plan.leftover_days * DAY_SECONDS)
        gone = remove_leftovers(session, name, limit_ms, now_ms)
        log.info("%s: removed %d leftover files in %.2f s", name, gone, time.monotonic() - started)
        failpoints.reach("maintenance.after_leftovers")

    def record_final_counts(self, session: SparkSession, logs: Mapping[str, BrokerLog]) -> None:
        """At a clean stop the batch counts end where the records do; `logs`: by pipeline."""
        if not self._plan.record_every:
            return
        try:
            for pipeline, broker_log in logs.items():
                self._record(session, specs_of(pipeline=pipeline), broker_log)
        except Exception as error:  # the next run records them
            log.warning("the last batches are not counted yet, the next run does it: %s", error)

    def _record(
        self, session: SparkSession, specs: list[TableSpec], broker_log: BrokerLog | None
    ) -> None:
        for spec in specs:
            if spec.filling is Filling.APPEND:
                table = IcebergTable(session, spec.name)
                record_batches(session, table, broker_log, self._meters)


def _is_due(every: int, batches_done: int) -> bool:
    """Also early in each run: a job that restarts often would never get there."""
    return every > 0 and batches_done % every == 1 % every


def _compacted(specs: list[TableSpec], due: Due) -> list[TableSpec]:
    return [spec for spec in specs if spec.compaction is not None and spec.compaction.due is due]


def _compact_hot_rows(session: SparkSession, specs: list[TableSpec]) -> None:
    for spec in specs:
        failpoints.reach("maintenance.before_compaction")
        merge_small_files(session, spec)
        failpoints.reach("maintenance.after_compaction")


def _merge_slices(session: SparkSession, specs: list[TableSpec], *, is_behind: bool) -> None:
    for spec in specs:
        failpoints.reach("maintenance.before_slice")
        merge_slice(session, spec, is_behind=is_behind)
        failpoints.reach("maintenance.after_slice")


def merge_small_files(session: SparkSession, spec: TableSpec) -> int:
    """Fold a table of sums, compact any other one; returns how many files there were."""
    return (fold if spec.sums else compact)(session, spec)


def compact(session: SparkSession, spec: TableSpec, most_files: int = MOST_FILES_COMPACTED) -> int:
    """Merge a table's small files by one commit; beyond `most_files` the rest waits its turn.

    Returns:
        How many there were.
    """
    assert spec.compaction is not None  # noqa: S101 - callers choose tables that have one
    started, plan = time.monotonic(), spec.compaction
    options = {**plan.options, "max-files-to-rewrite": str(most_files)}
    done = rewrite_files(session, spec.name, options, plan.sort_order)
    if spec.filling is Filling.MERGE:
        IcebergTable(session, spec.name).reset_staging()  # else it keeps the old files alive
    log.info(
        "%s: compacted %d files into %d in %.2f s", spec.name,
        done.files, done.into, time.monotonic() - started,
    )  # fmt: skip
    return done.files
