"""What the newest commit of Gold changed in its sums by hour, held until the rollup has it."""

from __future__ import annotations

from typing import NamedTuple

from pyspark.sql import DataFrame

from adlake.attribution.rollup.sums import hour_differences
from adlake.io.spark.lineage import FrozenFrames


class Step(NamedTuple):
    """From one stamped snapshot of Gold to the next (None: Gold had none), with the differences."""

    before: int | None
    after: int
    rows: DataFrame


class HourChanges:
    """Held in memory alone: after a crash, or any other doubt, the rollup is built again."""

    def __init__(self) -> None:
        self._frames = FrozenFrames()
        self._staged: DataFrame | None = None
        self.step: Step | None = None
        """The newest published one."""

    def stage(self, added: DataFrame, removed: DataFrame) -> None:
        """Compute what a batch changes, while its frames are there."""
        self.forget()
        self._staged = self._frames.freeze(hour_differences(added, removed))

    def published(self, before: int | None, after: int) -> None:
        """Gold has the staged batch."""
        if self._staged is not None:
            self.step = Step(before, after, self._staged)

    def forget(self) -> None:
        """Let the rows go."""
        self._frames.release()
        self._staged = self.step = None
