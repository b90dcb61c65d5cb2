"""Builds the shadow of Gold from Bronze: read, admit, fold, project, all in one go per pass.

The set of deliveries is pinned: Gold's head, and the Bronze snapshot that its stamp names. So the
shadow and that Gold snapshot speak of exactly the same deliveries, and every difference between
them is one of law or of damage, never of time.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.gold_format import (
    FORMAT_PROPERTIES,
    refuse_newer_format,
    refuse_older_states,
    refuse_unplaced_rows,
)
from adlake.attribution.replay.shadow import ShadowFacts, ShadowTable, SlotRange
from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.fold import SLOTS_PER_BUCKET, all_states
from adlake.attribution.spark.gold import gold_rows
from adlake.attribution.spark.gold_hash import gold_hash
from adlake.attribution.spark.slot import slot_sql
from adlake.contracts import stamps
from adlake.contracts.errors import NO_GOLD, AdlakeError
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.slot import END_SLOT
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_REPLAY, GOLD_STATE
from adlake.io.failpoints import reach
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import IcebergTable
from adlake.io.sql.files import SqlText, bind, sql_text, with_relations
from adlake.streaming.filing import records_of

log = logging.getLogger(__name__)

ROWS_PER_TASK = 200_000
ROWS_PER_PASS = 20_000_000
"""Bounds the shuffle files on disk; each further pass reads Bronze once more."""
_ALL_SLOTS = (0, END_SLOT)


class NothingToReplayError(AdlakeError):
    """Gold has no stamped snapshot, or its Bronze snapshot is gone."""


@dataclass(frozen=True)
class Built:
    """A finished build: deliveries read, rows written, wall time."""

    facts: ShadowFacts
    deliveries: int
    rows: int
    seconds: float


def build_shadow(
    session: SparkSession,
    law: LawConstants,
    build: str,
    slots: SlotRange | None = None,
    passes: int | None = None,
) -> Built:
    """Build the shadow anew.

    Args:
        session: connected to the catalog; its lease fences the shadow's table.
        law: the law to apply.
        build: name of the build, never used before: a folder of files.
        slots: rebuild only impressions of these slots; None for all.
        passes: parts to build one after another; by default as many as Bronze's size asks for.

    Raises:
        NothingToReplayError: there is no stamped Gold, or its Bronze snapshot has expired.
        NewerFormatError, UnplacedRowsError, OlderStatesError: Gold is of another version
            (attribution.gold_format).
    """
    started = time.monotonic()
    gold, bronze = IcebergTable(session, GOLD_STATE), IcebergTable(session, BRONZE_EVENTS)
    stamp, gold_snapshot, deliveries = _pinned(gold, bronze)
    bronze_snapshot = int(stamp.properties[stamps.BRONZE_SNAPSHOT])
    passes = passes or -(-deliveries // ROWS_PER_PASS) or 1
    tasks = max(2, -(-deliveries // (passes * ROWS_PER_TASK)))
    shadow = ShadowTable(session)
    shadow.create_empty(build)
    for number in range(passes):
        rows = _bronze_rows(bronze, bronze_snapshot, law, slots)
        if passes > 1:
            bucket = f"{slot_sql('impression_id')} DIV {SLOTS_PER_BUCKET}"
            rows = rows.where(f"pmod({bucket}, {passes}) = {number}")
        states = all_states(admit(records_of(rows), law), tasks)
        shadow.append(gold_rows(states, law))
        log.info("pass %d of %d after %.1f s", number + 1, passes, time.monotonic() - started)
    shadow.finish(_shadow_stamp(stamp, gold_snapshot, law, slots))
    reach("replay.shadow_built")
    return Built(shadow.facts(), deliveries, shadow.table.row_count(), time.monotonic() - started)


def diff_query(facts: ShadowFacts) -> str:
    """SQL of the diff by campaign and day, for Spark and for Trino alike."""
    first_slot, end_slot = facts.slots or _ALL_SLOTS
    sides = {
        "live_sums": (GOLD_STATE, facts.gold_snapshot),
        "replay_sums": (GOLD_REPLAY, facts.snapshot_id),
    }
    relations = {
        name: bind(
            sql_text("replay/gold_sums"),
            {
                "gold_table": SqlText(f"{CATALOG}.{table}"),
                "gold_snapshot": snapshot,
                "first_slot": first_slot,
                "end_slot": end_slot,
            },
        )
        for name, (table, snapshot) in sides.items()
    }
    return with_relations(sql_text("replay/diff"), relations)


def differing_groups(session: SparkSession, facts: ShadowFacts) -> list[dict[str, Any]]:
    """Rows of the diff: campaign and day with rows, cost and revenue on both sides."""
    return [row.asDict() for row in session.sql(diff_query(facts)).collect()]


def both_hashes(session: SparkSession, facts: ShadowFacts) -> tuple[str, str]:
    """Hash of the pinned Gold and of the replay, over the replayed slots."""
    first_slot, end_slot = facts.slots or _ALL_SLOTS
    live, replayed = (
        gold_hash(
            IcebergTable(session, table)
            .at(snapshot)
            .where(f"slot >= {first_slot} AND slot < {end_slot}")
        )
        for table, snapshot in (
            (GOLD_STATE, facts.gold_snapshot),
            (GOLD_REPLAY, facts.snapshot_id),
        )
    )
    return live, replayed


def _pinned(gold: IcebergTable, bronze: IcebergTable) -> tuple[Stamp, int, int]:
    stamp, head = gold.newest_stamp(), gold.current_snapshot_id()
    if stamp is None or head is None:
        raise NothingToReplayError(NO_GOLD)
    refuse_newer_format(stamp)
    refuse_unplaced_rows(stamp)  # a range of slots would leave rows out, or have them twice
    refuse_older_states(stamp)  # each of its rows would differ from the replay
    snapshot = bronze.java_table().snapshot(int(stamp.properties[stamps.BRONZE_SNAPSHOT]))
    if snapshot is None:
        raise NothingToReplayError(
            "the Bronze snapshot of which Gold is made has expired: let the stream commit once "
            "more, then replay again"
        )
    return stamp, head, int(snapshot.summary().get("total-records") or 0)


def _bronze_rows(
    bronze: IcebergTable,
    snapshot_id: int,
    law: LawConstants,
    slots: SlotRange | None,
) -> DataFrame:
    rows = bronze.at(snapshot_id)
    if law.future_tolerance_ms == LAW_V1.future_tolerance_ms:
        # Bronze's verdicts are those of this law: a rejected record is rejected again.
        rows = rows.where("reject_reason IS NULL")
    if slots is not None:
        slot = slot_sql("impression_id")
        rows = rows.where(f"{slot} >= {slots[0]} AND {slot} < {slots[1]}")
    return rows


def _shadow_stamp(
    live: Stamp, gold_snapshot: int, law: LawConstants, slots: SlotRange | None
) -> dict[str, str]:
    kept = (
        stamps.TOPIC, stamps.TOPIC_ID, stamps.START_OFFSETS, stamps.NEXT_OFFSETS,
        stamps.BRONZE_SNAPSHOT,
    )  # fmt: skip
    return {key: live.properties[key] for key in kept if key in live.properties} | {
        **FORMAT_PROPERTIES,
        stamps.SINK: "replay",
        stamps.LAW_VERSION: str(law.law_version),
        stamps.REPLAY_SLOTS: "" if slots is None else f"{slots[0]}:{slots[1]}",
        stamps.REPLAY_GOLD_SNAPSHOT: str(gold_snapshot),
    }
