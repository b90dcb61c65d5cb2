"""Brings campaign updates into dims.dim_campaigns: one MERGE closes versions and begins others.

Only the campaigns that the updates name are looked at. Their versions are made again from the
updates that their rows hold and the new ones; what differs goes into the MERGE, one atomic commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import DIM_CAMPAIGNS
from adlake.dims.spark_versions import (
    TABLE_COLUMNS,
    UPDATE_COLUMNS,
    stored_updates,
    versions_of,
)
from adlake.io.failpoints import reach
from adlake.io.iceberg.table import IcebergTable, head_of, stamped
from adlake.io.spark.lineage import frozen_frames
from adlake.streaming.pipeline import Written

_KEY: Final = ("campaign_id", "campaign_key")
_VIEW: Final = "changed_campaign_versions"


class CampaignWriter:
    """Applies admitted updates; the same ones again change no row."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self.table = IcebergTable(session, DIM_CAMPAIGNS)

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`."""
        with frozen_frames() as frames:
            updates = frames.freeze(deliveries.select(*UPDATE_COLUMNS))
            known = frames.freeze(self._known_versions(updates))
            made = versions_of(stored_updates(known).unionByName(updates))
            changes = frames.freeze(_changes(known, made))
            count = changes.count()
            reach("campaigns.before_merge")
            if count:
                with stamped(self._session, stamp):
                    self._merge(changes)
            else:
                # Each batch leaves one stamped snapshot, also one that changes nothing.
                self.table.leave_stamp(stamp)
        return Written(head_of(self.table.java_table()), f"{count} campaign versions changed")

    def _known_versions(self, updates: DataFrame) -> DataFrame:
        named = F.broadcast(updates.select("campaign_id").distinct())
        return self._session.table(self.table.full_name).join(named, "campaign_id", "left_semi")

    def _merge(self, changes: DataFrame) -> None:
        changes.createOrReplaceTempView(_VIEW)
        assignments = ", ".join(f"d.{name} = s.{name}" for name in TABLE_COLUMNS)
        self._session.sql(
            f"MERGE INTO {self.table.full_name} AS d USING {_VIEW} AS s ON "  # noqa: S608 - own names
            + " AND ".join(f"d.{name} = s.{name}" for name in _KEY)
            + " WHEN MATCHED AND s.is_gone THEN DELETE"
            + f" WHEN MATCHED THEN UPDATE SET {assignments}"
            + f" WHEN NOT MATCHED THEN INSERT ({', '.join(TABLE_COLUMNS)})"
            + f" VALUES ({', '.join(f's.{name}' for name in TABLE_COLUMNS)})"
        )
        self._session.catalog.dropTempView(_VIEW)


def _changes(known: DataFrame, made: DataFrame) -> DataFrame:
    """Versions that begin, change or are gone (`is_gone`: all but their key is what it was)."""
    before = known.select(*_KEY, F.struct(*TABLE_COLUMNS).alias("before"))
    after = made.select(*_KEY, F.struct(*TABLE_COLUMNS).alias("after"))
    both = before.join(after, [*_KEY], "full_outer")
    differing = both.where(~F.col("before").eqNullSafe(F.col("after")))
    return differing.select(
        F.coalesce("after", "before").alias("row"), F.col("after").isNull().alias("is_gone")
    ).select("row.*", "is_gone")
