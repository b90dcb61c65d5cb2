"""The pipeline of business events: admission, Bronze, the events of the funnel."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from adlake.business.contract import LOWER_CASE, UPPER_CASE
from adlake.business.funnel_writer import FunnelWriter
from adlake.business.spark import admit, bronze_rows
from adlake.contracts.registry import BUSINESS, VIEWS
from adlake.contracts.tables import BUSINESS_EVENTS
from adlake.contracts.topics import BUSINESS_TOPIC
from adlake.io.iceberg.views import provision_views


class BusinessPipeline:
    """Topic of business events -> bronze.business_events -> gold.funnel_events.

    Args:
        topic: its name at the broker.
    """

    name = BUSINESS
    records_table = BUSINESS_EVENTS

    def __init__(self, topic: str = BUSINESS_TOPIC) -> None:
        self.topic = topic

    def admit(self, records: DataFrame) -> DataFrame:
        """By the contract of business events (business.rules is the reference form)."""
        return admit(records)

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """Rows of Bronze."""
        return bronze_rows(deliveries, width_ms)

    def writers(self, session: SparkSession) -> tuple[FunnelWriter, ...]:
        """The events of the funnel."""
        return (FunnelWriter(session),)

    def renew(self, session: SparkSession) -> None:
        """The views of business events."""
        provision_business_views(session)


def provision_business_views(session: SparkSession) -> list[str]:
    """Make the views of business events; returns those that were written."""
    values = {"upper_case": UPPER_CASE, "lower_case": LOWER_CASE}
    return provision_views(session, VIEWS[BUSINESS], values)
