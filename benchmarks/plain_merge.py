"""The usual design, to compare with: one MERGE of each batch into one table by impression_id.

Not the law: it adds what comes, so that a record sent again counts again, and keeps the last click.
It is what most guides show, on a table partitioned by day with deletes merged on read, in a session
with Spark's own defaults.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.bronze import bronze_rows
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_STATE
from adlake.io.spark.settings import changed_settings
from adlake.streaming.filing import HOUR_MS

TABLE = f"{CATALOG}.plain.ad_performance_state"
RECORDS = f"{CATALOG}.plain.ad_events"
_COPIED = (
    "impression_id", "campaign_id", "creative_id", "user_id", "geo_country", "platform",
    "is_clicked", "is_converted", "impression_time", "click_time", "conversion_time", "cost",
    "revenue",
)  # fmt: skip
_MERGED = {
    "is_clicked": "g.is_clicked OR s.is_clicked",
    "is_converted": "g.is_converted OR s.is_converted",
    "impression_time": "coalesce(g.impression_time, s.impression_time)",
    "click_time": "greatest(g.click_time, s.click_time)",
    "conversion_time": "greatest(g.conversion_time, s.conversion_time)",
    "cost": "coalesce(g.cost, s.cost)",
    "revenue": "g.revenue + s.revenue",
}
_DEFAULTS = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "10MB",
    "spark.sql.optimizer.inSetConversionThreshold": "10",
    "spark.sql.optimizer.inSetSwitchThreshold": "400",
}


class PlainMerge:
    """A copy of Gold's rows, and the batches merged into it."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def make(self) -> None:
        """Two new tables: the rows of Gold, by day, and no records."""
        self._session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.plain")
        rows = self._session.table(f"{CATALOG}.{GOLD_STATE}").select(*_COPIED)
        made = rows.writeTo(TABLE).using("iceberg").partitionedBy(F.days("impression_time"))
        for name in ("merge", "update", "delete"):
            made = made.tableProperty(f"write.{name}.mode", "merge-on-read")
        made.create()
        none = self._session.table(f"{CATALOG}.{BRONZE_EVENTS}").limit(0)
        none.writeTo(RECORDS).using("iceberg").partitionedBy(F.hours("partition_ts")).create()

    def process(self, records: DataFrame) -> None:
        """Append the records, then merge what they say."""
        with changed_settings(self._session, _DEFAULTS):
            judged = admit(records).localCheckpoint(eager=False)
            bronze_rows(judged, HOUR_MS).coalesce(2).writeTo(RECORDS).append()
            said(judged).createOrReplaceTempView("said")
            changes = ", ".join(f"g.{name} = {value}" for name, value in _MERGED.items())
            self._session.sql(
                f"MERGE INTO {TABLE} g USING said s ON g.impression_id = s.impression_id "
                f"WHEN MATCHED THEN UPDATE SET {changes} WHEN NOT MATCHED THEN INSERT *"
            )


def said(judged: DataFrame) -> DataFrame:
    """What a batch says of each impression."""
    named = [f"min({name}) AS {name}" for name in _COPIED[1:6]]
    money = (
        "CAST(coalesce(sum(IF(type_rank = {}, micros, NULL)), {}) * 0.000001BD AS DECIMAL(18, 6))"
    )
    moment = "timestamp_millis(max(IF(type_rank = {}, ts_ms, NULL)))"
    sums = [
        "bool_or(type_rank = 1) AS is_clicked", "bool_or(type_rank = 2) AS is_converted",
        f"{moment.format(0)} AS impression_time", f"{moment.format(1)} AS click_time",
        f"{moment.format(2)} AS conversion_time", f"{money.format(0, 'NULL')} AS cost",
        f"{money.format(2, '0')} AS revenue",
    ]  # fmt: skip
    admitted = judged.where("reject_reason IS NULL").groupBy("impression_id")
    return admitted.agg(*map(F.expr, [*named, *sums]))
