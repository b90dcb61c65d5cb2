"""Building the tables of the attribution models, as an operation of the streaming application.

Everything is read at one snapshot of Gold. Users are taken in slices, between which batches may
run; rows are staged on a branch, and two moves of `main` make them visible, the credits last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts import stamps
from adlake.contracts.errors import NO_GOLD, AdlakeError
from adlake.contracts.law import LawConstants, ReadLaw
from adlake.contracts.tables import ATTRIBUTION_CREDITS, GOLD_STATE, REMOVAL_EFFECTS
from adlake.io.failpoints import reach
from adlake.io.iceberg.stamp import Stamp
from adlake.io.iceberg.table import STAGING_BRANCH, IcebergTable, stamped
from adlake.io.postgres.law_store import law_version_of
from adlake.io.postgres.operations import BUILD_MODELS, Operation
from adlake.models.contract import HALF_LIFE_MS, Model
from adlake.models.markov import State, removal_of_moves
from adlake.models.spark import (
    credit_rows,
    effect_rows,
    moves_of_paths,
    slice_of_visitors,
    steps_of_conversions,
    steps_of_nothing,
)
from adlake.streaming.operations import Handler, Pause

ROWS_PER_SLICE = 2_000_000
"""Rows of Gold whose paths are made at once: bounds memory, and the pause of the stream."""
HALF_LIFE_ARGUMENT = "half_life_ms"


class NothingToCreditError(AdlakeError):
    """Gold has no stamped snapshot."""


@dataclass(frozen=True)
class GoldPin:
    """The snapshot of Gold that a build reads, with its newest stamp and its law."""

    snapshot_id: int
    stamp: Stamp
    law: LawConstants
    rows: int


class ModelsHandler:
    """Builds both tables anew.

    Args:
        read_law: the lookback of paths is that of the law in force.
        rows_per_slice: see ROWS_PER_SLICE.
    """

    def __init__(self, read_law: ReadLaw, rows_per_slice: int = ROWS_PER_SLICE) -> None:
        self._read_law = read_law
        self._rows_per_slice = rows_per_slice

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        if self.is_applied(session, operation):
            return "done by a driver that was stopped right after it"
        pin = self._pinned(session)
        half_life_ms = operation.arguments.get(HALF_LIFE_ARGUMENT, HALF_LIFE_MS)
        stamp = _stamp(pin, operation, half_life_ms)
        effects, credits_ = _tables(session)
        for table in (effects, credits_):
            table.create_first_snapshot()
            table.reset_staging()
        slices = max(1, -(-pin.rows // self._rows_per_slice))
        moves: Counter[tuple[State, State]] = Counter()
        for number in range(slices):
            moves += _moves_of_slice(session, pin, slices, number)
            pause()
        effect_frame = effect_rows(session, removal_of_moves(moves)).coalesce(1)
        _replace(effects, effect_frame, stamp, is_first=True)
        for number in range(slices):
            steps = steps_of_conversions(_slice(session, pin, slices, number), pin.law)
            rows = credit_rows(steps, effect_frame, half_life_ms).coalesce(1)
            _replace(credits_, rows, stamp, is_first=number == 0)
            if number + 1 < slices:
                pause()
        reach("models.before_publish")
        _, head_of_effects = effects.publish_staging()
        reach("models.between_tables")
        _, head = credits_.publish_staging()
        return (
            f"{len(Model)} models credit {head.rows:,} touches of conversions, and "
            f"{head_of_effects.rows:,} campaigns have a removal effect, all of Gold snapshot "
            f"{pin.snapshot_id} ({pin.law.in_words})"
        )

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """Whether main of the table that is published last contains it."""
        wanted = str(operation.operation_id)
        _, credits_ = _tables(session)
        return any(one.properties.get(stamps.OPERATION) == wanted for one in credits_.stamps())

    def give_up(self, session: SparkSession) -> None:
        """What was staged would keep its files alive."""
        for table in _tables(session):
            table.remove_branch(STAGING_BRANCH)

    def _pinned(self, session: SparkSession) -> GoldPin:
        gold = IcebergTable(session, GOLD_STATE)
        stamp, head = gold.newest_stamp(), gold.current_snapshot_id()
        if stamp is None or head is None:
            raise NothingToCreditError(NO_GOLD)
        return GoldPin(head, stamp, self._read_law(law_version_of(stamp)), gold.row_count())


def model_handlers(read_law: ReadLaw) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_MODELS: ModelsHandler(read_law)}


def _tables(session: SparkSession) -> tuple[IcebergTable, IcebergTable]:
    return IcebergTable(session, REMOVAL_EFFECTS), IcebergTable(session, ATTRIBUTION_CREDITS)


def _stamp(pin: GoldPin, operation: Operation, half_life_ms: int) -> dict[str, str]:
    return pin.stamp.of_records | {
        stamps.SINK: "models",
        stamps.SOURCE_SNAPSHOT: str(pin.snapshot_id),
        stamps.HALF_LIFE_MS: str(half_life_ms),
        stamps.OPERATION: str(operation.operation_id),
    }


def _slice(session: SparkSession, pin: GoldPin, slices: int, number: int) -> DataFrame:
    gold = IcebergTable(session, GOLD_STATE).at(pin.snapshot_id)
    return slice_of_visitors(gold, slices, number)


def _moves_of_slice(
    session: SparkSession, pin: GoldPin, slices: int, number: int
) -> Counter[tuple[State, State]]:
    gold = _slice(session, pin, slices, number)
    converting = steps_of_conversions(gold, pin.law)
    return moves_of_paths(converting, steps_of_nothing(gold, converting, pin.law))


def _replace(
    table: IcebergTable, rows: DataFrame, stamp: Mapping[str, str], *, is_first: bool
) -> None:
    """Stage rows: the first ones take the place of all that are there."""
    writer = rows.writeTo(table.branch_name(STAGING_BRANCH))
    with stamped(table.session, stamp):
        if is_first:
            writer.overwrite(F.lit(True))
        else:
            writer.append()
