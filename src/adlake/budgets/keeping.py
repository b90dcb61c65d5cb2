"""Brings the budget tables up to the records by what is new in them.

New deliveries are merged into gold.account_contents; then the rows of every advertiser whose
contents changed are made again, whole, and what differs is written. What is new is told by the
stamps: after a crash between two tables the older ones say where to begin, and rows that are there
already do not differ.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.budgets.build import build_budgets
from adlake.budgets.source import Source, contained_in_all, is_same_place, newest_source
from adlake.budgets.spark_events import EVENT_COLUMNS, FIELDS, KEY, PLACE, RANKED, contents
from adlake.budgets.tables import MADE, frames_of
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import ACCOUNT_CONTENTS, SERVING_FLIPS
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.spark.lineage import FrozenFrames, frozen_frames
from adlake.streaming.filing import records_of
from adlake.streaming.merging import changed_counts, differing, merge, rows_of
from adlake.streaming.pipeline import Pipeline, kept_deliveries
from adlake.streaming.repair import not_contained

KEPT: Final = (ACCOUNT_CONTENTS, *MADE)
"""All tables, in the order in which they are written."""
_CONTENT_KEY: Final = (*KEY, *RANKED)
_WHOSE: Final = ("advertiser_id",)


@dataclass(frozen=True)
class Kept:
    """What one step did."""

    words: str
    advertisers: int = 0
    """Whose rows were made again."""
    is_whole: bool = False
    """All tables were built anew."""


@dataclass(frozen=True)
class _Step:
    """One step of one session; `turn` is entered to commit."""

    session: SparkSession
    source: Source
    turn: AbstractContextManager[object]
    frozen: FrozenFrames
    changed: dict[str, int] = field(default_factory=dict)
    """Rows by table."""

    def stored(self, name: str) -> DataFrame:
        return self.session.table(IcebergTable(self.session, name).full_name)

    def write(
        self, name: str, before: DataFrame, after: DataFrame, flips: int | None = None
    ) -> DataFrame:
        """Bring these rows of a table to what they shall be; returns the rows that differ."""
        table, key = IcebergTable(self.session, name), spec_of(name).key
        schema = self.stored(name).schema
        typed = after.select(*(F.col(one.name).cast(one.dataType) for one in schema))
        rows = self.frozen.freeze(differing(before, typed, key, schema.names))
        changed, known = changed_counts(rows)
        stamp = self.source.stamp_of(flips)
        with self.turn:
            if changed:
                with stamped(self.session, stamp):
                    merge(self.session, table.full_name, rows, key, schema.names, anew=not known)
            else:
                table.leave_stamp(stamp)
        self.changed[name] = changed
        reach("budgets.between_tables")
        return rows


def keep_budgets(
    session: SparkSession, pipeline: Pipeline, turn: AbstractContextManager[object] | None = None
) -> Kept | None:
    """Bring all tables up to the newest records; None: they are.

    Args:
        session: its lease fences the commits.
        pipeline: admits business events.
        turn: entered to commit; None: nobody else commits meanwhile.
    """
    source = newest_source(session)
    if source is None:
        return None
    found = [IcebergTable(session, name).newest_stamp() for name in KEPT]
    oldest = contained_in_all(found, source.stamp)
    if oldest is None:
        return Kept(build_budgets(session, pipeline, turn), is_whole=True)
    if is_same_place(oldest, source.stamp):
        return None
    # Contents that are ahead of other tables were merged by a step that died.
    contents_stamp = found[0]
    is_again = contents_stamp is None or not is_same_place(contents_stamp, oldest)
    records = records_of(not_contained(source.rows(session), oldest))
    with kept_deliveries(pipeline, records) as deliveries, frozen_frames() as frozen:
        step = _Step(session, source, turn or nullcontext(), frozen)
        new = frozen.freeze(contents(deliveries.where("reject_reason IS NULL")))
        advertisers = _merge(step, new, is_again=is_again)
        count = advertisers.count()
        _make_again(step, advertisers, count)
    told = ", ".join(f"{step.changed[name]:,} {words}" for name, words in MADE.items())
    return Kept(f"{count:,} advertisers: {told} changed", count)


def _merge(step: _Step, new: DataFrame, *, is_again: bool) -> DataFrame:
    """Merge contents; returns the advertisers whose contents changed, or that have the same events.

    Where a step is done `is_again`, every advertiser that its events name counts as changed.
    """
    keys = new.select(*KEY).distinct()
    stored = step.stored(ACCOUNT_CONTENTS).select(*EVENT_COLUMNS)
    before = step.frozen.freeze(rows_of(stored, keys, KEY, new.count()))
    first = F.min(F.struct(*PLACE, *FIELDS)).alias("first")
    both = before.unionByName(new).groupBy(*_CONTENT_KEY).agg(first)
    after = step.frozen.freeze(both.select(*_CONTENT_KEY, "first.*").select(*EVENT_COLUMNS))
    rows = step.write(ACCOUNT_CONTENTS, before, after)
    events = keys if is_again else rows.select(*KEY).distinct()
    named = after.join(events, [*KEY], "left_semi")
    return step.frozen.freeze(named.select(*_WHOSE).distinct())


def _make_again(step: _Step, advertisers: DataFrame, count: int) -> None:
    known = step.frozen.freeze(_known_of(step, advertisers, count))
    flips = None
    for name, frame in frames_of(known, step.frozen).items():
        before, after = (
            rows_of(one, advertisers, _WHOSE, count) for one in (step.stored(name), frame)
        )
        step.write(name, before, after, flips)
        if name == SERVING_FLIPS:
            flips = IcebergTable(step.session, name).current_snapshot_id()


def _known_of(step: _Step, advertisers: DataFrame, count: int) -> DataFrame:
    """All contents of the advertisers' events, also those that others have of the same events."""
    stored = step.stored(ACCOUNT_CONTENTS).select(*EVENT_COLUMNS)
    own = step.frozen.freeze(rows_of(stored, advertisers, _WHOSE, count))
    # Ids of clicks are their advertiser's own.
    shared = own.where("owner = ''").select(*KEY).distinct()
    others = rows_of(stored.where("owner = ''"), shared, KEY, count)
    foreign = others.join(F.broadcast(advertisers), [*_WHOSE], "left_anti")
    return own.unionByName(foreign)
