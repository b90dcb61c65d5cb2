"""Writes gold.ad_performance_state: pruned look-up, append of new rows, MERGE of changed ones.

The interface is narrow (`GoldWriter.apply`), so that the table's layout can change without the
law, the jobs or the readers noticing. One batch is prepared on the branch `staging` and published
by one fast-forward of `main`: a reader sees the whole batch or none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.crowds import Crowd, joined_crowds, largest_crowds
from adlake.attribution.gold_format import FORMAT_PROPERTIES
from adlake.attribution.rollup.changes import RollupChanges
from adlake.attribution.spark.fold import batch_states
from adlake.attribution.spark.gold import changed_rows, gold_rows, rows_before
from adlake.attribution.spark.slot import slots_sql
from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.slot import SLOTS_PER_DAY
from adlake.contracts.tables import GOLD_COLUMNS, GOLD_STATE
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, STAGING_BRANCH, IcebergTable, stamped
from adlake.io.phases import Phases
from adlake.io.postgres.table_heads import TableHead
from adlake.io.spark.lineage import FrozenFrames, frozen_frames, of_default_size
from adlake.io.spark.settings import changed_settings

_BROADCAST_LIMIT = "spark.sql.autoBroadcastJoinThreshold"
_DEFAULT_SIZE = "spark.sql.defaultSizeInBytes"
_MOST_BROADCAST_BYTES = 256 << 20
_CHANGED_ROW_BYTES = 350
"""What Spark itself takes a row with Gold's columns for."""
_SMALL_BATCH_ROWS = 100_000
"""Below this, one file per partition beats two half-empty ones."""
_MOST_OPEN_DAYS = 50
"""A batch of more days is sorted, so that a task has one file open and not one for each day."""


@dataclass(frozen=True)
class GoldChange:
    """What one batch did to Gold: impressions it spoke of, known ones it changed.

    `untimed` is how many of the first have no time in their id, `seconds` the wall time of each
    phase.
    """

    snapshot_id: int
    impressions: int
    untimed: int
    changed_rows: int
    seconds: Mapping[str, float]
    head: TableHead
    crowds: tuple[Crowd, ...]


@dataclass(frozen=True)
class StagedChange:
    """What one batch will do to Gold once it is published.

    Impressions it speaks of (`untimed`: no time in the id), known rows it changes, the most crowded
    impressions among both.
    """

    impressions: int
    untimed: int
    changed_rows: int
    crowds: tuple[Crowd, ...]


class _Found(NamedTuple):
    """Of some rows: how many, without a time in the id, distinct slots, most crowded ones."""

    row_count: int
    untimed: int
    slots: list[int]
    crowds: list[tuple[int, str]]


_NOTHING = _Found(0, 0, [], [])


class GoldWriter:
    """Applies admitted deliveries to Gold, exactly once by construction.

    Merging an old batch again finds every state unchanged and writes no row. `rollups`
    is told what each batch changes in the sums over Gold.
    """

    def __init__(
        self,
        session: SparkSession,
        law: LawConstants = LAW_V1,
        branch: str = STAGING_BRANCH,
        rollups: RollupChanges | None = None,
    ) -> None:
        self._session = session
        self._law = law
        self.table = IcebergTable(session, GOLD_STATE)
        self._staging = self.table.branch_name(branch)
        self._rollups = rollups

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> GoldChange:
        """Merge admitted deliveries into Gold and publish them with `stamp`.

        Args:
            deliveries: rows of `attribution.spark.admit` with reject_reason NULL.
            stamp: properties of the commit (contracts.stamps); the law version is added here.

        Returns:
            The published snapshot and what it changed.
        """
        phases = Phases()
        self.table.reset_staging()
        before = self.table.newest_stamp() if self._rollups else None
        staged = self.stage(deliveries, stamp, phases)
        reach("gold.before_publish")
        with phases.timed("publish"):
            snapshot_id, head = self.table.publish_staging()
        if self._rollups:
            self._rollups.published(before.snapshot_id if before else None, snapshot_id)
        return GoldChange(
            snapshot_id, staged.impressions, staged.untimed, staged.changed_rows, phases.seconds,
            head, staged.crowds,
        )  # fmt: skip

    def stage(
        self, deliveries: DataFrame, stamp: Mapping[str, str], phases: Phases
    ) -> StagedChange:
        """Merge admitted deliveries into the branch as it stands; publish nothing."""
        with frozen_frames() as frames:
            held = self._rollups.begin() if self._rollups else frames
            with phases.timed("fold"):
                batch = frames.keep(batch_states(deliveries))
                spoken_of = _found(batch)
            reach("gold.after_fold")
            with phases.timed("look-up"):
                known = self._known_rows(batch, spoken_of.slots, frames)
            with phases.timed("project"):
                changed = held.keep(changed_rows(batch, known, self._law))
                targets = _found_by_side(changed)
            changed_count = sum(target.row_count for target in targets.values())
            new = batch.join(F.broadcast(known), "impression_id", "left_anti")
            new_rows = gold_rows(new, self._law)
            if self._rollups:
                new_rows = held.keep(new_rows)
                added = new_rows.unionByName(changed, allowMissingColumns=True)
                before = rows_before(changed, self._law)
                self._rollups.stage(added, before, self._law)
            version = {stamps.LAW_VERSION: str(self._law.law_version), **FORMAT_PROPERTIES}
            with stamped(self._session, {**stamp, **version}):
                # The append comes also when empty: each batch leaves one stamped snapshot.
                with phases.timed("append"):
                    self._append(new_rows, spoken_of.row_count, spoken_of.slots)
                reach("gold.after_append")
                if changed_count:
                    with phases.timed("merge"):
                        slots = {side: target.slots for side, target in targets.items()}
                        self._merge(changed, changed_count, slots)
        crowds = joined_crowds(spoken_of.crowds, *(target.crowds for target in targets.values()))
        return StagedChange(spoken_of.row_count, spoken_of.untimed, changed_count, crowds)

    def _known_rows(
        self, batch: DataFrame, batch_slots: list[int], frames: FrozenFrames
    ) -> DataFrame:
        """Gold rows of the batch's impressions: impression_id, events_state, engaged.

        Engaged rows are few, so they are searched for every key first; only the keys not found
        there are searched among rows of an impression only, in their own slots.
        """
        engaged = frames.keep(self._look_up(batch, batch_slots, is_engaged=True))
        remaining = batch.join(F.broadcast(engaged), "impression_id", "left_anti")
        slots = _found(remaining).slots
        impression_only = frames.keep(self._look_up(remaining, slots, is_engaged=False))
        return engaged.unionAll(impression_only)

    def _look_up(self, keys: DataFrame, slots: list[int], *, is_engaged: bool) -> DataFrame:
        side = "engaged" if is_engaged else "NOT engaged"
        return (
            self._session.table(self._staging)
            .where(f"{side} AND {slots_sql('slot', slots)}")
            .select("impression_id", "events_state", "engaged")
            .join(F.broadcast(keys.select("impression_id")), "impression_id", "left_semi")
        )

    def _append(self, rows: DataFrame, row_count: int, slots: list[int]) -> None:
        compact = rows.coalesce(1) if row_count < _SMALL_BATCH_ROWS else rows
        compact = compact.selectExpr(*GOLD_COLUMNS)
        if len({slot // SLOTS_PER_DAY for slot in slots}) <= _MOST_OPEN_DAYS:
            compact.writeTo(self._staging).append()
        else:
            in_order = compact.sortWithinPartitions("engaged", "slot", "impression_id")
            in_order.writeTo(self._staging).options(**ONE_FILE_AT_A_TIME).append()

    def _merge(self, changed: DataFrame, row_count: int, slots: Mapping[bool, list[int]]) -> None:
        """Matched-only MERGE: an inner join whose few changed rows are the broadcast side.

        MERGE drops broadcast hints, and a sort-merge join would sort every row of the scanned
        slots. So the size decides, which the planner is told.
        """
        view = "changed_gold_rows"
        of_default_size(changed).createOrReplaceTempView(view)
        told = {
            _DEFAULT_SIZE: f"{row_count * _CHANGED_ROW_BYTES}",
            _BROADCAST_LIMIT: f"{_MOST_BROADCAST_BYTES}",
        }
        assignments = ", ".join(f"g.{name} = s.{name}" for name in GOLD_COLUMNS)
        with changed_settings(self._session, told):
            self._session.sql(
                f"MERGE INTO {self._staging} g USING {view} s "
                "ON g.impression_id = s.impression_id "
                f"AND ((g.engaged AND {slots_sql('g.slot', slots[True])}) "
                f"OR (NOT g.engaged AND {slots_sql('g.slot', slots[False])})) "
                f"WHEN MATCHED THEN UPDATE SET {assignments}"
            )
        self._session.catalog.dropTempView(view)


def _found(rows: DataFrame) -> _Found:
    """One pass: what prunes the next steps, and the few ids that a warning may name; no data."""
    row = rows.agg(*_facts("size(state)")).first()
    return _Found(*row) if row is not None else _NOTHING


def _found_by_side(changed: DataFrame) -> dict[bool, _Found]:
    """The same for the rows of each side of Gold, in one pass: engaged or not -> its facts."""
    rows = changed.groupBy("was_engaged").agg(*_facts("events")).collect()
    return dict.fromkeys((True, False), _NOTHING) | {side: _Found(*one) for side, *one in rows}


def _facts(events_sql: str) -> tuple[Column, ...]:
    return (
        F.count("*").alias("row_count"),
        F.expr(f"count_if(slot < {SLOTS_PER_DAY})").alias("untimed"),
        F.collect_set("slot").alias("slots"),
        largest_crowds(events_sql).alias("crowds"),
    )
