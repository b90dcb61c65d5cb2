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
            rdd = _rows_of(frame)
            # Not rdd.unpersist, which warns each time that the rows cannot be computed again: that
            # is what they were frozen for.
            rdd.sparkContext().unpersistRDD(rdd.id(), False)
        self._frozen.clear()


def of_default_size(kept: DataFrame) -> DataFrame:
    """A kept frame, of which the planner believes that it has `spark.sql.defaultSizeInBytes`.

    Else it believes what the plan that made the rows was thought to give, which is about anything.
    A limit would say it too, but is numbered in the generated code, which then is always new.
    """
    jvm_session: Any = kept.sparkSession._jsparkSession
    frame = jvm_session.internalCreateDataFrame(_rows_of(kept), kept._jdf.schema(), False)
    return DataFrame(frame, kept.sparkSession)


def _rows_of(kept: DataFrame) -> Any:  # noqa: ANN401 - Java object
    """The RDD of a frozen or kept frame."""
    plan: Any = kept._jdf.queryExecution().logical()
    return plan.rdd()


@contextmanager
def frozen_frames() -> Iterator[FrozenFrames]:
    """Frames frozen inside the block are released at its end."""
    frames = FrozenFrames()
    try:
        yield frames
    finally:
        frames.release()
