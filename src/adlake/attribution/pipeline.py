"""The pipeline of ad events: admission, Bronze, Gold under the law in force, its rollups."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.crowd_alarm import CrowdAlarm
from adlake.attribution.gold_format import (
    refuse_newer_format,
    refuse_older_states,
    refuse_unplaced_rows,
)
from adlake.attribution.rollup.changes import RollupChanges
from adlake.attribution.rollup.writer import RollupWriter, rollup_writers
from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.bronze import bronze_rows
from adlake.attribution.writer import GoldChange, GoldWriter
from adlake.contracts import gauges
from adlake.contracts.gauges import Metric
from adlake.contracts.law import LAW_V1, LawConstants, ReadLaw
from adlake.contracts.registry import ATTRIBUTION, VIEWS
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.contracts.topics import AD_TOPIC
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.phases import shown
from adlake.io.postgres.law_store import law_version_of
from adlake.io.sql.law import law_parameters
from adlake.streaming.pipeline import Written


class GoldSink:
    """Gold as a derived table: the writer, with the alarm for crowded impressions."""

    def __init__(self, writer: GoldWriter, alarm: CrowdAlarm) -> None:
        self._writer = writer
        self._alarm = alarm

    @property
    def table(self) -> IcebergTable:
        """gold.ad_performance_state."""
        return self._writer.table

    def apply(self, deliveries: DataFrame, stamp: Mapping[str, str]) -> Written:
        """See `streaming.pipeline.Writer`."""
        change = self._writer.apply(deliveries, stamp)
        self._alarm.look(change.crowds)
        return Written(
            change.head,
            f"{change.impressions} impressions, {change.changed_rows} known ones changed "
            f"({shown(change.seconds)})",
            counted_in(change),
            change.seconds,
        )


def counted_in(change: GoldChange) -> dict[Metric, float]:
    """The metrics of one batch of Gold."""
    return {
        gauges.IMPRESSIONS: change.impressions,
        gauges.UNTIMED_IMPRESSIONS: change.untimed,
        gauges.CHANGED_ROWS: change.changed_rows,
        gauges.CROWDED_EVENTS: max((crowd.events for crowd in change.crowds), default=0),
    }


class AttributionPipeline:
    """Topic of ad events -> bronze.ad_events -> gold.ad_performance_state -> its rollups.

    Args:
        topic: its name at the broker.
        read_law: by default the first version of the law, and no other.
    """

    name = ATTRIBUTION
    records_table = BRONZE_EVENTS

    def __init__(self, topic: str = AD_TOPIC, read_law: ReadLaw = lambda _: LAW_V1) -> None:
        self.topic = topic
        self._read_law = read_law
        self._alarm = CrowdAlarm()

    def admit(self, records: DataFrame) -> DataFrame:
        """By the law's admission (attribution.spark.admit)."""
        return admit(records)

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """Rows of Bronze."""
        return bronze_rows(deliveries, width_ms)

    def writers(self, session: SparkSession) -> tuple[tuple[GoldSink | RollupWriter, ...], ...]:
        """Gold, under the law in force now; then its rollups.

        Raises:
            NewerFormatError, UnplacedRowsError, OlderStatesError: its rows are of another version
                (see attribution.gold_format).
        """
        stamp = IcebergTable(session, GOLD_STATE).newest_stamp()
        refuse_newer_format(stamp)
        refuse_unplaced_rows(stamp)
        refuse_older_states(stamp)
        changes = RollupChanges()
        writer = GoldWriter(session, self._read_law(law_version_of(stamp)), rollups=changes)
        rollups = rollup_writers(session, self._read_law, changes)
        return (GoldSink(writer, self._alarm),), rollups

    def renew(self, session: SparkSession) -> None:
        """The audit views judge by the law in force, the rollups are those of Gold."""
        provision_audit_views(session, law_in_force(session, self._read_law))
        for rollup in rollup_writers(session, self._read_law):
            rollup.follow()


def law_in_force(session: SparkSession, read_law: ReadLaw) -> LawConstants:
    """The law that Gold's rows are made with, by its newest stamp."""
    return read_law(law_version_of(IcebergTable(session, GOLD_STATE).newest_stamp()))


def provision_audit_views(session: SparkSession, law: LawConstants = LAW_V1) -> list[str]:
    """Make the audit views judge by a law; returns those that were written."""
    return provision_views(session, VIEWS[ATTRIBUTION], law_parameters(law))
