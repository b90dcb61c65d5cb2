"""Builds the rollups again on demand, as an operation of the streaming application."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from adlake.attribution.rollup.writer import rollup_writers
from adlake.contracts.law import ReadLaw
from adlake.io.postgres.operations import BUILD_ROLLUPS, Operation
from adlake.streaming.operations import Handler, Pause, RepeatableHandler


class RollupHandler(RepeatableHandler):
    """One commit a table, so there is nothing to let go of.

    Args:
        read_law: the recorded law of a version.
    """

    def __init__(self, read_law: ReadLaw) -> None:
        self._read_law = read_law

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        writers = rollup_writers(session, self._read_law)
        return ", ".join(f"{writer.table.name} {writer.build()}" for writer in writers)


def rollup_handlers(read_law: ReadLaw) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_ROLLUPS: RollupHandler(read_law)}
