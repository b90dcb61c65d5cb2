"""Moves Gold's rows to the slots of the present slot law: once, before the first batch.

A look-up searches a row only under the slot that its id gives, so rows of an older law must be
moved before anything is merged. The holder of the lease moves them days at a time. Each step adds
the rows under their new slot and deletes them under the old one on the staging branch, and becomes
visible by one commit: a reader sees each row once, at any time, and never a changed value. A step
that a crash takes away is done again; one that is published leaves nothing to do.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from pyspark.sql import SparkSession

from adlake.attribution.gold_format import is_placed_by_older_law, refuse_newer_format
from adlake.attribution.spark.slot import slot_sql
from adlake.contracts import stamps
from adlake.contracts.slot import SLOT_LAW, SLOTS_PER_DAY
from adlake.contracts.tables import GOLD_COLUMNS, GOLD_STATE
from adlake.io.failpoints import reach
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import (
    MAIN_BRANCH,
    ONE_FILE_AT_A_TIME,
    STAGING_BRANCH,
    IcebergTable,
    stamped,
)
from adlake.streaming.ready_file import WaitingNote

log = logging.getLogger(__name__)

ROWS_PER_STEP = 4_000_000
"""Bounds the sort of one step on disk, and what a crash takes away."""
ROWS_PER_TASK = 500_000
LONG_SECONDS = 30
"""A shorter move is part of the start; of a longer one, people are told how far it is."""
OnStep = Callable[[int, int], None]
_OF_STATES = (stamps.STATE_FORMAT, stamps.STATES_UNTIL)
_NEW_SLOT = slot_sql("impression_id")


class DayToFill(NamedTuple):
    """Rows that belong to one day of slots, and the range of slots where they lie now."""

    day: int
    rows: int
    first_slot: int
    last_slot: int


def refuse_unreadable_gold(session: SparkSession) -> None:
    """The first look at Gold, before anything is written.

    Raises:
        NewerFormatError: a later version wrote its rows in a form that this one does not know.
    """
    gold = IcebergTable(session, GOLD_STATE)
    if gold.exists():
        refuse_newer_format(gold.newest_stamp())


def prepare_gold(session: SparkSession, note: WaitingNote) -> None:
    """Its rows lie where look-ups will search them; `note` says how far a long move is."""
    try:
        move_rows_to_their_slots(session, on_step=partial(tell_if_long, note, time.monotonic()))
    finally:
        note.forget()


def tell_if_long(
    note: WaitingNote, began: float, moved: int, rows: int,
    work: str = f"brings the rows of Gold to slot law {SLOT_LAW}",
) -> None:  # fmt: skip
    """For who waits for the start, and for `adlake status`."""
    seconds = time.monotonic() - began
    if seconds >= LONG_SECONDS:
        note.tell(
            f"it {work}, once: {moved:,} of {rows:,} done after {seconds:,.0f} s. "
            "It goes on by itself, nothing is lost if it is stopped"
        )


def move_rows_to_their_slots(
    session: SparkSession, branch: str = MAIN_BRANCH, on_step: OnStep = lambda moved, rows: None
) -> int:
    """Bring a branch of Gold to the present slot law; doing it again changes nothing.

    Args:
        session: its lease fences the commits.
        branch: main is changed by way of the staging branch; another one by itself.
        on_step: called after each step with the rows moved so far, and with all.

    Returns:
        How many rows were moved.
    """
    gold = IcebergTable(session, GOLD_STATE)
    stamp = gold.newest_stamp(branch)
    is_new = stamp is None and gold.row_count() == 0
    if is_new or not is_placed_by_older_law(stamp):
        return 0
    started = time.monotonic()
    properties = _identity(stamp)
    days = _days_to_fill(session, gold.branch_name(branch))
    moved, rows = 0, sum(day.rows for day in days)
    for step in _steps(days):
        _move(session, gold, branch, step, properties)
        moved += sum(day.rows for day in step)
        log.info("moved %d of %d rows of Gold to their slots", moved, rows)
        on_step(moved, rows)
    if stamp is not None:
        gold.leave_stamp({**properties, stamps.SLOT_LAW: str(SLOT_LAW)}, branch)
    log.warning(
        "Gold follows slot law %d: %d rows moved in %.1f s",
        SLOT_LAW, rows, time.monotonic() - started,
    )  # fmt: skip
    return rows


def _identity(stamp: Stamp | None) -> dict[str, str]:
    """The same deliveries in the same states; the law is recorded when the last step is done."""
    if stamp is None:
        return {}
    kept = {key: stamp.properties[key] for key in _OF_STATES if key in stamp.properties}
    identity = {stamps.SINK: "gold", stamps.QUERY_ID: f"slot-law-{SLOT_LAW}"}
    return stamp.of_records | kept | identity


def _days_to_fill(session: SparkSession, rows_of: str) -> list[DayToFill]:
    """Counts by day, no rows: one scan of ids and slots over the whole table."""
    counted = session.sql(
        f"SELECT {_NEW_SLOT} DIV {SLOTS_PER_DAY} AS day, count(*), min(slot), max(slot) "  # noqa: S608
        f"FROM {rows_of} WHERE slot <> {_NEW_SLOT} GROUP BY 1 ORDER BY 1"
    )
    return [DayToFill(*row) for row in counted.collect()]


def _steps(days: Iterable[DayToFill]) -> Iterator[list[DayToFill]]:
    """Days one after another, together at most so many rows; a fuller day is a step of its own."""
    step: list[DayToFill] = []
    for day in days:
        if step and sum(one.rows for one in step) + day.rows > ROWS_PER_STEP:
            yield step
            step = []
        step.append(day)
    if step:
        yield step


def _move(
    session: SparkSession,
    gold: IcebergTable,
    branch: str,
    step: list[DayToFill],
    properties: dict[str, str],
) -> None:
    if branch == MAIN_BRANCH:
        gold.reset_staging()
    target = gold.branch_name(STAGING_BRANCH if branch == MAIN_BRANCH else branch)
    first_day, last_day = step[0].day, step[-1].day
    lies = (
        f"slot BETWEEN {min(day.first_slot for day in step)} "
        f"AND {max(day.last_slot for day in step)} AND slot <> {_NEW_SLOT} "
        f"AND {_NEW_SLOT} DIV {SLOTS_PER_DAY} BETWEEN {first_day} AND {last_day}"
    )
    tasks = 1 + sum(day.rows for day in step) // ROWS_PER_TASK
    columns = (f"{_NEW_SLOT} AS slot" if name == "slot" else name for name in GOLD_COLUMNS)
    order = ("engaged", "slot", "impression_id")
    rows = session.table(target).where(lies).selectExpr(*columns)
    with stamped(session, properties):
        (
            rows.repartitionByRange(tasks, *order).sortWithinPartitions(*order)
            .writeTo(target).options(**ONE_FILE_AT_A_TIME).append()
        )  # fmt: skip
        # What was added lies where its id says, so only the rows of before are deleted.
        session.sql(f"DELETE FROM {target} WHERE {lies}")  # noqa: S608
    reach("slots.before_publish")
    if branch == MAIN_BRANCH:
        gold.publish_staging()
