"""Builds all budget tables anew from the records, as an operation.

They are a function of one snapshot of bronze.business_events, which their stamps name. Records are
judged again by the pipeline that admitted them; those of other types are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.budgets.source import newest_source
from adlake.budgets.spark_events import contents
from adlake.budgets.tables import MADE, frames_of
from adlake.contracts.tables import ACCOUNT_CONTENTS, BUSINESS_EVENTS, SERVING_FLIPS
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable, stamped
from adlake.io.postgres.operations import BUILD_BUDGETS, Operation
from adlake.io.spark.lineage import frozen_frames
from adlake.streaming.filing import records_of
from adlake.streaming.operations import Handler, Pause, RepeatableHandler
from adlake.streaming.pipeline import Pipeline, kept_deliveries


class BudgetsHandler(RepeatableHandler):
    """Builds the tables at once, whatever they hold.

    Args:
        pipeline: admits business events.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        return build_budgets(session, self._pipeline)


def build_budgets(
    session: SparkSession, pipeline: Pipeline, turn: AbstractContextManager[object] | None = None
) -> str:
    """Write all tables as of the newest snapshot of the records; returns what was done.

    Args:
        session: its lease fences the commits.
        pipeline: admits business events.
        turn: entered to commit; None: nobody else commits meanwhile.
    """
    source = newest_source(session)
    if source is None:
        return f"nothing to build yet: {BUSINESS_EVENTS} is empty"
    records = records_of(source.rows(session))
    with kept_deliveries(pipeline, records) as deliveries, frozen_frames() as frozen:
        known = frozen.freeze(contents(deliveries.where("reject_reason IS NULL")))
        made = {ACCOUNT_CONTENTS: known, **frames_of(known, frozen)}
        counts, flips = {}, None
        with turn or nullcontext():
            for name, frame in made.items():
                _replace(session, name, frame, source.stamp_of(flips))
                reach("budgets.between_tables")
                counts[name] = IcebergTable(session, name).row_count()
                if name == SERVING_FLIPS:
                    flips = IcebergTable(session, name).current_snapshot_id()
    told = ", ".join(f"{counts[name]:,} {words}" for name, words in MADE.items())
    return f"{told}, of {BUSINESS_EVENTS} snapshot {source.snapshot}"


def budget_handlers(pipeline: Pipeline) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_BUDGETS: BudgetsHandler(pipeline)}


def _replace(session: SparkSession, name: str, rows: DataFrame, stamp: Mapping[str, str]) -> None:
    table = IcebergTable(session, name)
    columns = session.table(table.full_name).columns
    with stamped(session, stamp):
        writer = rows.select(*columns).coalesce(1).writeTo(table.full_name)
        writer.options(**ONE_FILE_AT_A_TIME).overwrite(F.lit(True))
