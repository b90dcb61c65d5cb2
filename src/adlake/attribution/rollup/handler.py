"""Builds the sums by hour again on demand, as an operation of the streaming application."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from adlake.attribution.rollup.writer import RollupWriter
from adlake.contracts.tables import GOLD_HOURS
from adlake.io.postgres.operations import BUILD_ROLLUPS, Operation
from adlake.streaming.operations import Handler, Pause


class RollupHandler:
    """One commit, so there is nothing to let go of."""

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        return f"{GOLD_HOURS} {RollupWriter(session).build()}"

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """To do it again costs time alone."""
        return False

    def give_up(self, session: SparkSession) -> None:
        """Nothing was prepared."""


def rollup_handlers() -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_ROLLUPS: RollupHandler()}
