"""Versions of campaigns as Spark expressions; `dims/versions.py` is the reference form.

A frame of updates has UPDATE_COLUMNS; one of versions the columns of dims.dim_campaigns, whose
`updates_state` holds what they were made of, as JSON text.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.dims.contract import ATTRIBUTES, FIRST_STATUS, KEY_DIGITS

CONTENT: Final = ("ts_ms", *ATTRIBUTES)
"""What decides which of two contents of one event counts: the smaller one, NULL before all else."""
UPDATE_COLUMNS: Final = ("campaign_id", "event_id", *CONTENT)
_STATE_SCHEMA: Final = (
    "array<struct<event_id:string,ts_ms:bigint,"
    + ",".join(f"{name}:{'bigint' if name == 'budget_micros' else 'string'}" for name in ATTRIBUTES)
    + ">>"
)
TABLE_COLUMNS: Final = (
    "campaign_key", "campaign_id", "name", "advertiser_id", "channel", "objective", "budget_type",
    "budget_amount", "status", "start_ts", "end_ts", "is_current", "updates_state",
)  # fmt: skip
KEY: Final = (
    "CAST(conv(substr(md5(concat(campaign_id, '|', start_ms)), 1, "
    f"{KEY_DIGITS}), 16, 10) AS BIGINT)"
)
END_OF_TIME: Final = "TIMESTAMP '9999-12-31 00:00:00'"


def stored_updates(versions: DataFrame) -> DataFrame:
    """The updates that rows of the table were made of; a row from a file has none."""
    state = F.from_json("updates_state", _STATE_SCHEMA)
    return versions.select("campaign_id", F.inline(state))


def versions_of(updates: DataFrame) -> DataFrame:
    """All versions of all campaigns that are named; repeats and order do not matter."""
    in_order = Window.partitionBy("campaign_id").orderBy("ts_ms", "event_id")
    of_moment = Window.partitionBy("campaign_id", "ts_ms").orderBy("event_id")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    whole_moment = of_moment.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    said = {name: F.last(name, ignorenulls=True).over(so_far) for name in ATTRIBUTES}
    said["status"] = F.coalesce(said["status"], F.lit(FIRST_STATUS))
    after = F.struct(*(column.alias(name) for name, column in said.items()))
    # Updates of one moment take effect together.
    held = _winners(updates).withColumn("after", after)
    held = held.withColumn("held", F.last("after").over(whole_moment))
    before = F.lag("held").over(in_order)
    begins = (F.row_number().over(of_moment) == 1) & ~before.eqNullSafe(F.col("held"))
    numbered = held.withColumn("begins", begins.cast("int"))
    numbered = numbered.withColumn("version", F.sum("begins").over(so_far))
    return _rows(numbered)


def _winners(updates: DataFrame) -> DataFrame:
    """One content for each event."""
    smallest = F.min(F.struct(*CONTENT)).alias("content")
    events = updates.groupBy("campaign_id", "event_id").agg(smallest)
    return events.select("campaign_id", "event_id", "content.*")


def _rows(numbered: DataFrame) -> DataFrame:
    """Rows of the table for updates with `held` and the number of their `version`."""
    took_effect = F.to_json(F.sort_array(F.collect_list(F.struct("event_id", *CONTENT))))
    versions = numbered.groupBy("campaign_id", "version").agg(
        F.min("ts_ms").alias("start_ms"), F.first("held").alias("held"),
        took_effect.alias("updates_state"),
    )  # fmt: skip
    next_start = F.lead("start_ms").over(Window.partitionBy("campaign_id").orderBy("version"))
    expressions = {
        "campaign_key": KEY,
        "budget_amount": f"CAST(CAST(budget_micros AS DECIMAL(20, 0)) / {MICROS_PER_UNIT} "
        "AS DECIMAL(18, 6))",
        "start_ts": "timestamp_millis(start_ms)",
        "end_ts": f"coalesce(timestamp_millis(end_ms), {END_OF_TIME})",
        "is_current": "end_ms IS NULL",
    }
    return (
        versions.withColumn("end_ms", next_start)
        .select("campaign_id", "start_ms", "end_ms", "updates_state", "held.*")
        .selectExpr(*(f"{expressions.get(name, name)} AS {name}" for name in TABLE_COLUMNS))
    )
