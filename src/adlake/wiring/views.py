"""Makes the views of all pipelines again, as an operation of the streaming application."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from adlake.attribution.pipeline import law_in_force, provision_audit_views
from adlake.business.pipeline import provision_business_views
from adlake.contracts.law import ReadLaw
from adlake.dims.pipeline import provision_campaign_views
from adlake.io.postgres.operations import MAKE_VIEWS, Operation
from adlake.streaming.operations import Handler, Pause, RepeatableHandler


class ViewHandler(RepeatableHandler):
    """Makes views that are missing, and those whose text is not the one of the code.

    Args:
        read_law: the recorded law of a version; the audit views judge by the one in force.
    """

    def __init__(self, read_law: ReadLaw) -> None:
        self._read_law = read_law

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        # In the order in which they read each other.
        made = [
            *provision_audit_views(session, law_in_force(session, self._read_law)),
            *provision_business_views(session),
            *provision_campaign_views(session),
        ]
        return f"made again: {', '.join(made)}" if made else "all views are as the code has them"


def view_handlers(read_law: ReadLaw) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {MAKE_VIEWS: ViewHandler(read_law)}
