"""The pipeline of campaign updates: admission, Bronze, the versions of campaigns."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.registry import CAMPAIGNS, VIEWS
from adlake.contracts.tables import CAMPAIGN_UPDATES
from adlake.contracts.topics import CAMPAIGN_TOPIC
from adlake.dims.spark import admit, bronze_rows
from adlake.dims.writer import CampaignWriter
from adlake.io.iceberg.views import provision_views


class CampaignPipeline:
    """Topic of campaign updates -> bronze.campaign_updates -> dims.dim_campaigns.

    Args:
        topic: its name at the broker.
    """

    name = CAMPAIGNS
    records_table = CAMPAIGN_UPDATES

    def __init__(self, topic: str = CAMPAIGN_TOPIC) -> None:
        self.topic = topic

    def admit(self, records: DataFrame) -> DataFrame:
        """By the contract of campaign updates (dims.rules is the reference form)."""
        return admit(records)

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """Rows of Bronze."""
        return bronze_rows(deliveries, width_ms)

    def writers(self, session: SparkSession) -> tuple[tuple[CampaignWriter], ...]:
        """The versions."""
        return ((CampaignWriter(session),),)

    def renew(self, session: SparkSession) -> None:
        """The views of campaigns in force."""
        provision_campaign_views(session)


def provision_campaign_views(session: SparkSession) -> list[str]:
    """Make the views that tell campaigns in force; returns those that were written.

    They read views of the other pipelines, which come before this one.
    """
    return provision_views(session, VIEWS[CAMPAIGNS])
