"""Housekeeping between batches, so that batch time stays flat.

Each batch leaves small data files and delete files in the hot slots of Gold: small files of the
same partition are merged into one sorted by slot. Each commit lists all snapshots anew: old ones
are forgotten, after what their batches counted was copied into the ledger. Runs in the streaming
driver, never beside a MERGE on the same files.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, COMPLETENESS_LEDGER, GOLD_STATE
from adlake.io import failpoints
from adlake.io.iceberg import IcebergTable
from adlake.io.maintenance import expire_snapshots
from adlake.jobs.completeness import record_batches
from adlake.jobs.empty_offsets import PresentLog
from adlake.jobs.snapshot_ages import SnapshotAges

log = logging.getLogger(__name__)

_HOT_OPTIONS = {
    "target-file-size-bytes": str(64 * 1024 * 1024),
    "min-file-size-bytes": str(24 * 1024 * 1024),
    "min-input-files": "4",
    "max-concurrent-file-group-rewrites": "2",
    "remove-dangling-deletes": "false",
}
MOST_FILES_COMPACTED = 200
"""Of one pass: a backfill over years leaves files in thousands of days, and batches wait for it."""
_LEDGER_FILES = 40
"""The ledger grows by one small file a time: so many are merged into one."""
SNAPSHOTS_KEPT = 100
"""Readers that pinned one of the newest snapshots may finish, however fast batches come."""


@dataclass(frozen=True)
class HousekeepingPlan:
    """How often, in batches (0: never), and how long snapshots live."""

    compact_every: int
    expire_every: int
    snapshot_minutes: float
    record_every: int = 0


def keep_house(
    session: SparkSession,
    plan: HousekeepingPlan,
    batches_done: int,
    is_replaying: Callable[[], bool] = lambda: False,
    ages: SnapshotAges | None = None,
    *,
    broker_log: PresentLog | None = None,
) -> None:
    """Do what is due after this many batches of the run.

    While a replay is at work nothing expires: it reads the snapshots it began with to its end.
    `ages` says what is old where the clock was set, `broker_log` what holds no record.
    """
    now_ms = int(time.time() * 1000)
    if ages is not None:
        ages.saw(now_ms)
    if plan.compact_every and batches_done % plan.compact_every == 0:
        failpoints.reach("house.before_compaction")
        compact_hot_slots(session)
        failpoints.reach("house.after_compaction")
    is_expiry = _is_due(plan.expire_every, batches_done)
    # Before stamps are forgotten: a failure here puts the expiry off too.
    if plan.record_every and (is_expiry or _is_due(plan.record_every, batches_done)):
        record_batches(session, broker_log)
    if is_expiry and is_replaying():
        log.info("a replay is at work: snapshots expire after it")
    elif is_expiry:
        failpoints.reach("house.before_expiry")
        started, seconds = time.monotonic(), plan.snapshot_minutes * 60
        limit_ms = now_ms - int(seconds * 1000)
        if ages is not None:
            limit_ms = min(limit_ms, ages.limit_ms(seconds))
        gone = {
            name: expire_snapshots(session, name, limit_ms, SNAPSHOTS_KEPT)
            for name in (BRONZE_EVENTS, GOLD_STATE, COMPLETENESS_LEDGER)
        }
        log.info("expired snapshots %s in %.2f s", gone, time.monotonic() - started)
        failpoints.reach("house.after_expiry")
        if plan.record_every:
            compact_ledger(session)


def close_books(
    session: SparkSession, plan: HousekeepingPlan, broker_log: PresentLog | None = None
) -> None:
    """At a clean stop: the ledger ends where Bronze does."""
    if not plan.record_every:
        return
    try:
        record_batches(session, broker_log)
    except Exception as error:  # the next run records them
        log.warning("the ledger lacks the last batches, the next run adds them: %s", error)


def _is_due(every: int, batches_done: int) -> bool:
    """Also early in each run: a job that restarts often would never get there."""
    return every > 0 and batches_done % every == 1 % every


def compact_hot_slots(session: SparkSession, most_files: int = MOST_FILES_COMPACTED) -> None:
    """Merge Gold's small files, one commit; of more than `most_files` the rest waits its turn.

    With its catalog in the name: without, Iceberg looks for a catalog `gold` first, and logs a
    trace that there is none.
    """
    started = time.monotonic()
    chosen = _HOT_OPTIONS | {"max-files-to-rewrite": str(most_files)}
    options = ", ".join(f"'{key}', '{value}'" for key, value in chosen.items())
    row = session.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{CATALOG}.{GOLD_STATE}', "
        f"strategy => 'sort', sort_order => 'slot ASC NULLS LAST, impression_id ASC NULLS LAST', "
        f"options => map({options}))"
    ).collect()[0]
    IcebergTable(session, GOLD_STATE).reset_staging()  # else it keeps the old files alive
    log.info(
        "compacted %d files into %d in %.2f s",
        row.rewritten_data_files_count, row.added_data_files_count, time.monotonic() - started,
    )  # fmt: skip


def compact_ledger(session: SparkSession) -> None:
    """Merge the ledger's small files once there are enough of them."""
    session.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{CATALOG}.{COMPLETENESS_LEDGER}', "
        f"options => map('min-input-files', '{_LEDGER_FILES}'))"
    )
