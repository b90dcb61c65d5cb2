"""Publishing a replay and taking it back, as operations of the streaming application."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from adlake.attribution.replay.publication import carry_out, is_applied
from adlake.contracts.law import ReadLaw
from adlake.contracts.tables import GOLD_STATE
from adlake.io.iceberg.table import REPLAY_BRANCH, IcebergTable
from adlake.io.postgres.operations import PUBLISH_REPLAY, UNDO_REPLAY, Operation
from adlake.streaming.operations import Handler, Pause


class ReplayHandler:
    """Both kinds: they differ in what `carry_out` of attribution.replay.publication does."""

    def __init__(self, read_law: ReadLaw) -> None:
        self._read_law = read_law

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        return carry_out(session, operation, self._read_law, pause)

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """Whether Gold's main contains it."""
        return is_applied(IcebergTable(session, GOLD_STATE), operation.operation_id)

    def give_up(self, session: SparkSession) -> None:
        """What was prepared on the branch would keep its files alive."""
        IcebergTable(session, GOLD_STATE).remove_branch(REPLAY_BRANCH)


def replay_handlers(read_law: ReadLaw) -> Mapping[str, Handler]:
    """By kind of operation."""
    handler = ReplayHandler(read_law)
    return {PUBLISH_REPLAY: handler, UNDO_REPLAY: handler}
