"""Writes a table of sums over Gold: adds what a batch changed, or builds it again from Gold.

Its stamp names the stamped snapshot of Gold that it sums. What a batch changed is added only where
that is the snapshot the batch began with; after a crash between the two commits, a replay, a roll
back or another version of the sums, all is summed anew. So it is a function of that snapshot.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.gold_format import refuse_older_states
from adlake.attribution.rollup.changes import ROLLUPS, RollupChanges
from adlake.attribution.rollup.rollup import Rollup
from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1, ReadLaw
from adlake.contracts.tables import FOLDED_DAY, GOLD_STATE
from adlake.io.failpoints import reach
from adlake.io.iceberg.ddl import drop_former_columns
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable, stamp_options
from adlake.io.postgres.law_store import law_version_of
from adlake.streaming.pipeline import Written

log = logging.getLogger(__name__)


class RollupWriter:
    """A derived table of the attribution pipeline, behind Gold.

    Args:
        session: its lease fences the commits.
        rollup: which one.
        changes: what the writer of Gold says of its newest commit.
        read_law: the recorded law of a version; by default the first one, and no other.
    """

    def __init__(
        self,
        session: SparkSession,
        rollup: Rollup,
        changes: RollupChanges | None = None,
        read_law: ReadLaw = lambda _: LAW_V1,
    ) -> None:
        self._rollup = rollup
        self._changes = changes or RollupChanges()
        self._read_law = read_law
        self.table = IcebergTable(session, rollup.table)
        self._gold = IcebergTable(session, GOLD_STATE)

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`; the deliveries are in Gold, and are not looked at."""
        started = time.monotonic()
        gold = self._gold.newest_stamp()
        step = self._changes.step
        if gold is None:
            return Written(None, "Gold is empty")
        told = {**self._stamp(gold), **stamp}
        name = self._rollup.table
        is_next = step is not None and step.after == gold.snapshot_id and name in step.rows
        if step is not None and is_next and self._sums(step.before):
            reach("rollup.before_commit")
            writer = step.rows[name].coalesce(1).writeTo(self.table.full_name)
            writer.options(**stamp_options(told)).append()
            words = "followed"
        else:
            words = self._build(gold, told)
        self._changes.taken(name)
        seconds = time.monotonic() - started
        return Written(None, f"{words} ({seconds:.2f} s)", seconds={"append": seconds})

    def follow(self) -> str:
        """Build it again unless it sums Gold as it is; returns what was done, empty: nothing."""
        gold = self._gold.newest_stamp()
        if gold is None or self._sums(gold.snapshot_id):
            return ""
        return self._build(gold, self._stamp(gold))

    def build(self) -> str:
        """Build it again, whatever it holds; returns what was done."""
        gold = self._gold.newest_stamp()
        return "Gold is empty" if gold is None else self._build(gold, self._stamp(gold))

    def _sums(self, snapshot_id: int | None) -> bool:
        """Whether it has the sums of this snapshot of Gold; of None: it has none."""
        own = self.table.newest_stamp()
        if own is None or snapshot_id is None:
            return False
        told = own.properties
        return (told.get(stamps.SOURCE_SNAPSHOT), told.get(stamps.ROLLUP_FORMAT)) == (
            str(snapshot_id), str(self._rollup.format),
        )  # fmt: skip

    def _stamp(self, gold: Stamp) -> dict[str, str]:
        return {
            **gold.properties,
            stamps.SOURCE_SNAPSHOT: str(gold.snapshot_id),
            stamps.ROLLUP_FORMAT: str(self._rollup.format),
        }

    def _build(self, gold: Stamp, told: Mapping[str, str]) -> str:
        started = time.monotonic()
        refuse_older_states(gold)
        drop_former_columns(self.table)
        law = self._read_law(law_version_of(gold))
        rows = self._rollup.of_all(self._gold.at(gold.snapshot_id), law)
        moment = self._rollup.spec.folded_by
        in_order = rows.repartition(FOLDED_DAY).sortWithinPartitions(FOLDED_DAY, moment)
        options = {**ONE_FILE_AT_A_TIME, **stamp_options(told)}
        # Every row, of batches and folded ones; one commit.
        in_order.writeTo(self.table.full_name).options(**options).overwrite(F.lit(True))
        words = f"built of Gold snapshot {gold.snapshot_id}"
        log.info("%s: %s in %.2f s", self.table.name, words, time.monotonic() - started)
        return words


def rollup_writers(
    session: SparkSession,
    read_law: ReadLaw = lambda _: LAW_V1,
    changes: RollupChanges | None = None,
) -> tuple[RollupWriter, ...]:
    """One for each rollup."""
    return tuple(RollupWriter(session, one, changes, read_law) for one in ROLLUPS)
