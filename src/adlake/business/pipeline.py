"""The pipeline of business events: admission and Bronze; tables derived from it come later."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from adlake.business.spark import admit, bronze_rows
from adlake.contracts.registry import BUSINESS
from adlake.contracts.tables import BUSINESS_EVENTS
from adlake.contracts.topics import BUSINESS_TOPIC
from adlake.streaming.pipeline import Writer


class BusinessPipeline:
    """Topic of business events -> bronze.business_events.

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

    def writers(self, session: SparkSession) -> tuple[Writer, ...]:
        """None yet."""
        return ()

    def renew(self, session: SparkSession) -> None:
        """Nothing hangs on its rules."""
