"""What the newest commit of Gold changed in its rollups, held until they have it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Final, NamedTuple

from pyspark.sql import DataFrame

from adlake.attribution.rollup.conversions import CONVERSIONS
from adlake.attribution.rollup.hours import HOURS
from adlake.attribution.rollup.rollup import Rollup
from adlake.attribution.rollup.windows import WINDOWS
from adlake.contracts.law import LawConstants
from adlake.io.spark.lineage import FrozenFrames

ROLLUPS: Final[tuple[Rollup, ...]] = (HOURS, CONVERSIONS, WINDOWS)


class Step(NamedTuple):
    """From one stamped snapshot of Gold to the next (None: Gold had none), with the differences."""

    before: int | None
    after: int
    rows: Mapping[str, DataFrame]
    """Table of sums -> its rows."""


class RollupChanges:
    """Held in memory alone: after a crash, or any other doubt, the rollups are built again."""

    def __init__(self) -> None:
        # The rollups take their rows at the same time.
        self._lock = Lock()
        self._frames = FrozenFrames()
        self._staged: dict[str, DataFrame] | None = None
        self.step: Step | None = None
        """The newest published one; None once each rollup has it."""

    def begin(self) -> FrozenFrames:
        """Forget the step before; returns what keeps the rows of the next one for as long."""
        self._forget()
        return self._frames

    def stage(self, added: DataFrame, removed: DataFrame, law: LawConstants) -> None:
        """Say what a batch changes; summed by the commit of each rollup, so the rows are kept."""
        self._staged = {one.table: one.differences(added, removed, law) for one in ROLLUPS}

    def published(self, before: int | None, after: int) -> None:
        """Gold has the staged batch."""
        if self._staged is not None:
            self.step = Step(before, after, self._staged)

    def taken(self, table: str) -> None:
        """A rollup has it; the rows are given back when the last one has."""
        with self._lock:
            if self._staged is not None:
                self._staged.pop(table, None)
                if not self._staged:
                    self._forget()

    def _forget(self) -> None:
        self._frames.release()
        self._staged = self.step = None
