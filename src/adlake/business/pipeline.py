"""The pipeline of business events: admission, Bronze, the events of the funnel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, SparkSession

from adlake.business.contract import LOWER_CASE, UPPER_CASE
from adlake.business.funnel_writer import FunnelWriter
from adlake.business.spark import admit, bronze_rows
from adlake.contracts.registry import BUSINESS, VIEWS
from adlake.contracts.tables import BUSINESS_EVENTS
from adlake.contracts.topics import BUSINESS_TOPIC
from adlake.io.iceberg.views import provision_views
from adlake.streaming.pipeline import Writer


class BusinessPipeline:
    """Topic of business events -> bronze.business_events -> gold.funnel_events.

    Args:
        topic: its name at the broker.
        derived: the writers of what other rooms make of the same events, in the order in which
            they commit, after that of the funnel.
    """

    name = BUSINESS
    records_table = BUSINESS_EVENTS

    def __init__(
        self,
        topic: str = BUSINESS_TOPIC,
        derived: Sequence[Callable[[SparkSession], Writer]] = (),
    ) -> None:
        self.topic = topic
        self._derived = derived

    def admit(self, records: DataFrame) -> DataFrame:
        """By the contract of business events (business.rules is the reference form)."""
        return admit(records)

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """Rows of Bronze."""
        return bronze_rows(deliveries, width_ms)

    def writers(self, session: SparkSession) -> tuple[tuple[Writer, ...], ...]:
        """The events of the funnel, and what other rooms make."""
        return ((FunnelWriter(session),), *((make(session),) for make in self._derived))

    def renew(self, session: SparkSession) -> None:
        """The views of business events."""
        provision_business_views(session)


def provision_business_views(session: SparkSession) -> list[str]:
    """Make the views of business events; returns those that were written."""
    values = {"upper_case": UPPER_CASE, "lower_case": LOWER_CASE}
    return provision_views(session, VIEWS[BUSINESS], values)
