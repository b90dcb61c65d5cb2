"""The moments that a build of the alert log depends on, as columns.

As literals they would be part of the code that Spark generates, and each build would compile its
own, run it cold, and leave it behind.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.windows import FINAL_MS

EVER: Final = -(2**60)
"""Before every window."""


class Moments(NamedTuple):
    """Epoch ms."""

    until_ms: int
    """Up to which both topics have been read."""
    from_ms: int = EVER
    """Windows that begin before it were judged for good, and incidents that ended up to
    `settled_ms(from_ms)` are over."""
    next_ms: int = EVER
    """The same for the build after this one; not before `from_ms`."""

    def frame(self, session: SparkSession) -> DataFrame:
        """One row."""
        values = ", ".join(f"{int(one)}L" for one in self)
        names = ", ".join(self._fields)
        return session.sql(f"SELECT * FROM VALUES ({values}) AS moments({names})")  # noqa: S608


def at(frame: DataFrame, moments: DataFrame) -> DataFrame:
    """Rows with the moments beside them."""
    return frame.crossJoin(F.broadcast(moments))


def settled(begin_ms: str) -> str:
    """When the last verdict on the windows before a moment has come."""
    return f"({begin_ms} + {FINAL_MS}L)"
