"""Brings the states of Gold's rows to the present format: once, before the first batch.

Version 1 of `events_state` does not say which channel and region an event has; its deliveries in
Bronze do. The holder of the lease folds those that Gold contains by its stamp together with the
stored states, days of slots at a time: nothing that Gold knows gets lost, and what it does not know
is added. Each step is made on the staging branch and becomes visible by one commit, whose stamp
says how far it is. A step that a crash takes away is done again, one that is published is not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.gold_format import (
    FORMAT_PROPERTIES,
    are_states_older,
    refuse_unplaced_rows,
)
from adlake.attribution.slot_move import OnStep, tell_if_long
from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.fold import all_states
from adlake.attribution.spark.gold import gold_rows
from adlake.attribution.spark.slot import slot_sql
from adlake.contracts import stamps
from adlake.contracts.law import LawConstants, ReadLaw
from adlake.contracts.slot import END_SLOT, SLOTS_PER_DAY
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_COLUMNS, GOLD_STATE, STATE_FORMAT
from adlake.io.failpoints import reach
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import (
    MAIN_BRANCH,
    ONE_FILE_AT_A_TIME,
    STAGING_BRANCH,
    IcebergTable,
    stamped,
)
from adlake.io.postgres.law_store import law_version_of
from adlake.streaming.filing import records_of
from adlake.streaming.ready_file import WaitingNote
from adlake.streaming.repair import contained

log = logging.getLogger(__name__)

ROWS_PER_STEP = 10_000_000
"""Bounds the shuffle files on disk, and what a crash takes away; each step reads Bronze once."""
ROWS_PER_TASK = 200_000


class Step(NamedTuple):
    """Slots whose rows are made again (the end exclusive), and how many rows there are."""

    first_slot: int
    end_slot: int
    rows: int


class _Source(NamedTuple):
    """Of which deliveries rows are made, and under which law."""

    stamp: Stamp
    law: LawConstants


def prepare_states(session: SparkSession, note: WaitingNote, read_law: ReadLaw) -> None:
    """Its rows say what merges and sums read of them; `note` says how far a long upgrade is."""
    work = f"brings the states of Gold to format {STATE_FORMAT}"
    told = partial(tell_if_long, note, time.monotonic(), work=work)
    try:
        bring_states_up(session, read_law, on_step=told)
    finally:
        note.forget()


def bring_states_up(
    session: SparkSession,
    read_law: ReadLaw,
    branch: str = MAIN_BRANCH,
    on_step: OnStep = lambda done, rows: None,
) -> int:
    """Bring a branch of Gold to the present format of states; doing it again changes nothing.

    Args:
        session: its lease fences the commits.
        read_law: the recorded law of a version.
        branch: main is changed by way of the staging branch; another one by itself.
        on_step: called after each step with the rows made so far, and with all.

    Returns:
        How many rows were made again.

    Raises:
        UnplacedRowsError: its rows lie under slots of an older law, which are moved first.
    """
    gold = IcebergTable(session, GOLD_STATE)
    stamp = gold.newest_stamp(branch)
    if stamp is None or not are_states_older(stamp):
        return 0
    refuse_unplaced_rows(stamp)
    started = time.monotonic()
    source = _Source(stamp, read_law(law_version_of(stamp)))
    identity = {stamps.SINK: "gold", stamps.QUERY_ID: f"state-format-{STATE_FORMAT}"}
    properties = {**stamp.of_records, **identity, **FORMAT_PROPERTIES}
    first_slot = int(stamp.properties.get(stamps.STATES_UNTIL, "0"))
    steps = _steps(_rows_by_day(session, gold.branch_name(branch), first_slot), first_slot)
    done, rows = 0, sum(step.rows for step in steps)
    for step in steps:
        until = {stamps.STATES_UNTIL: str(step.end_slot)}
        _make_again(gold, branch, step, source, properties | until)
        done += step.rows
        log.info("brought the states of %d of %d rows of Gold up", done, rows)
        on_step(done, rows)
    gold.leave_stamp(properties, branch)
    log.warning(
        "Gold has states of format %d: %d rows in %.1f s",
        STATE_FORMAT, rows, time.monotonic() - started,
    )  # fmt: skip
    return rows


def _rows_by_day(session: SparkSession, rows_of: str, first_slot: int) -> list[tuple[int, int]]:
    """Counts by day of slots, no rows."""
    counted = session.sql(
        f"SELECT slot DIV {SLOTS_PER_DAY} AS day, count(*) FROM {rows_of} "  # noqa: S608
        f"WHERE slot >= {first_slot} GROUP BY 1 ORDER BY 1"
    )
    return [(int(day), int(count)) for day, count in counted.collect()]


def _steps(days: Iterable[tuple[int, int]], first_slot: int) -> list[Step]:
    """Whole days, together at most so many rows; a fuller day is a step of its own.

    They leave no slot out from the first one on, also where Gold has no row.
    """
    steps: list[Step] = []
    begin, rows = first_slot, 0
    for day, count in days:
        if rows and rows + count > ROWS_PER_STEP:
            steps.append(Step(begin, day * SLOTS_PER_DAY, rows))
            begin, rows = day * SLOTS_PER_DAY, 0
        rows += count
    return [*steps, Step(begin, END_SLOT, rows)] if begin < END_SLOT else steps


def _make_again(
    gold: IcebergTable, branch: str, step: Step, source: _Source, properties: dict[str, str]
) -> None:
    if branch == MAIN_BRANCH:
        gold.reset_staging()
    target = gold.branch_name(STAGING_BRANCH if branch == MAIN_BRANCH else branch)
    lies = f"slot >= {step.first_slot} AND slot < {step.end_slot}"
    known = gold.session.table(target).where(lies)
    tasks = 1 + step.rows // ROWS_PER_TASK
    states = all_states(_deliveries(gold.session, step, source), tasks, known)
    rows = gold_rows(states, source.law).select(*GOLD_COLUMNS)
    in_order = rows.sortWithinPartitions("engaged", "slot", "impression_id")
    with stamped(gold.session, properties):
        in_order.writeTo(target).options(**ONE_FILE_AT_A_TIME).overwrite(F.expr(lies))
    reach("states.before_publish")
    if branch == MAIN_BRANCH:
        gold.publish_staging()


def _deliveries(session: SparkSession, step: Step, source: _Source) -> DataFrame:
    """Those of the step's impressions that Gold contains, judged again from their payloads.

    Bronze's own columns of channel and region are NULL in rows of before it had them.
    """
    bronze = session.table(IcebergTable(session, BRONZE_EVENTS).full_name)
    slot = slot_sql("impression_id")
    rows = contained(bronze, source.stamp)
    rows = rows.where(f"{slot} >= {step.first_slot} AND {slot} < {step.end_slot}")
    return admit(records_of(rows), source.law)
