"""Builds billed clicks, budgets and serving decisions anew from the records, as an operation.

All tables are a function of one snapshot of bronze.business_events, which their stamps name.
Records are judged again by the pipeline that admitted them; those of other types are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.budgets.contract import EventType
from adlake.budgets.spark_events import contents, distinct_events
from adlake.budgets.spark_flips import serving_flips
from adlake.budgets.spark_history import (
    advertiser_rows,
    advertiser_versions,
    budget_rows,
    budget_spans,
)
from adlake.budgets.spark_hourly import hourly_rows
from adlake.budgets.spark_spend import billed_rows
from adlake.contracts import stamps
from adlake.contracts.tables import (
    BUSINESS_EVENTS,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable, stamped
from adlake.io.postgres.operations import BUILD_BUDGETS, Operation
from adlake.io.spark.lineage import frozen_frames
from adlake.streaming.filing import records_of
from adlake.streaming.operations import Handler, Pause, RepeatableHandler
from adlake.streaming.pipeline import Pipeline, kept_deliveries

WORDS: Final = {
    DIM_BUDGETS: "budgets in force", DIM_ADVERTISERS: "versions of advertisers",
    SERVING_FLIPS: "serving decisions", SPEND_LEDGER: "billed clicks",
    SPEND_HOURS: "hours with spend",
}  # fmt: skip


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


def build_budgets(session: SparkSession, pipeline: Pipeline) -> str:
    """Write all tables as of the newest snapshot of the records; returns what was done."""
    records = IcebergTable(session, BUSINESS_EVENTS)
    newest, head = records.newest_stamp(), records.current_snapshot_id()
    if newest is None or head is None:
        return f"nothing to build yet: {BUSINESS_EVENTS} is empty"
    stamp = newest.of_records | {stamps.SINK: "budgets", stamps.SOURCE_SNAPSHOT: str(head)}
    rows = _records(records.at(head))
    with kept_deliveries(pipeline, records_of(rows)) as deliveries, frozen_frames() as frozen:
        known = frozen.freeze(contents(deliveries.where("reject_reason IS NULL")))
        events = frozen.freeze(distinct_events(known))
        spans = frozen.freeze(budget_spans(events))
        versions = frozen.freeze(advertiser_versions(events))
        clicks = frozen.freeze(billed_rows(events, spans, versions))
        flips = frozen.freeze(serving_flips(known, frozen))
        made = {
            DIM_BUDGETS: budget_rows(spans),
            DIM_ADVERTISERS: advertiser_rows(versions),
            SERVING_FLIPS: flips,
            SPEND_LEDGER: clicks,
            SPEND_HOURS: hourly_rows(clicks, spans, flips),
        }
        counts = {}
        for name, frame in made.items():
            _replace(session, name, frame, stamp)
            reach("budgets.between_tables")
            counts[name] = IcebergTable(session, name).row_count()
    told = ", ".join(f"{counts[name]:,} {words}" for name, words in WORDS.items())
    return f"{told}, of {BUSINESS_EVENTS} snapshot {head}"


def budget_handlers(pipeline: Pipeline) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_BUDGETS: BudgetsHandler(pipeline)}


def _records(rows: DataFrame) -> DataFrame:
    """The admitted ones about advertisers, each once: a crash may have stored some twice."""
    types = [str(one) for one in EventType]
    admitted = rows.where(F.col("reject_reason").isNull() & F.col("event_type").isin(types))
    return admitted.dropDuplicates(["kafka_topic", "kafka_partition", "kafka_offset"])


def _replace(session: SparkSession, name: str, rows: DataFrame, stamp: Mapping[str, str]) -> None:
    table = IcebergTable(session, name)
    with stamped(session, stamp):
        writer = rows.coalesce(1).writeTo(table.full_name)
        writer.options(**ONE_FILE_AT_A_TIME).overwrite(F.lit(True))
