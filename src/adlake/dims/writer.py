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
from adlake.streaming.merging import differing, merge
from adlake.streaming.pipeline import Written

_KEY: Final = ("campaign_id", "campaign_key")


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
            changes = frames.freeze(differing(known, made, _KEY, TABLE_COLUMNS))
            count = changes.count()
            reach("campaigns.before_merge")
            if count:
                with stamped(self._session, stamp):
                    merge(
                        self._session, self.table.full_name, changes, _KEY, TABLE_COLUMNS,
                        anew=False,
                    )  # fmt: skip
            else:
                # Each batch leaves one stamped snapshot, also one that changes nothing.
                self.table.leave_stamp(stamp)
        return Written(head_of(self.table.java_table()), f"{count} campaign versions changed")

    def _known_versions(self, updates: DataFrame) -> DataFrame:
        named = F.broadcast(updates.select("campaign_id").distinct())
        return self._session.table(self.table.full_name).join(named, "campaign_id", "left_semi")
