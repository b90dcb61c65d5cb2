"""Cut the lineage of a small frame, and give its memory back.

A persisted frame that reads a table is recomputed after that table is written, so "rows already
known" would silently become "all rows". A local checkpoint is a fixed set of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame


class FrozenFrames:
    """Frames frozen in one batch, released together."""

    def __init__(self) -> None:
        self._frozen: list[DataFrame] = []

    def freeze(self, frame: DataFrame) -> DataFrame:
        """Compute the frame now and return it without its lineage."""
        frozen = frame.localCheckpoint(eager=True)
        self._frozen.append(frozen)
        return frozen

    def keep(self, frame: DataFrame) -> DataFrame:
        """The frame as rows that the first of its readers computes, for all others too.

        As rows, since Spark's own cache turns them into columns and back: three times the cost.
        """
        kept = frame.localCheckpoint(eager=False)
        self._frozen.append(kept)
        return kept

    def release(self) -> None:
        """Drop the rows; the frames must not be used afterwards."""
        for frame in self._frozen:
            plan: Any = frame._jdf.queryExecution().logical()
            rdd = plan.rdd()
            # Not rdd.unpersist, which warns each time that the rows cannot be computed again: that
            # is what they were frozen for.
            rdd.sparkContext().unpersistRDD(rdd.id(), False)
        self._frozen.clear()


@contextmanager
def frozen_frames() -> Iterator[FrozenFrames]:
    """Frames frozen inside the block are released at its end."""
    frames = FrozenFrames()
    try:
        yield frames
    finally:
        frames.release()
