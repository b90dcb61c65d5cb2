"""The budget tables as frames: what follows from the contents of some advertisers' events."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pyspark.sql import DataFrame

from adlake.budgets.spark_events import distinct_events
from adlake.budgets.spark_flips import serving_flips
from adlake.budgets.spark_history import (
    advertiser_rows,
    advertiser_versions,
    budget_rows,
    budget_spans,
)
from adlake.budgets.spark_hourly import hourly_rows
from adlake.budgets.spark_spend import billed_rows
from adlake.contracts.tables import (
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.io.spark.lineage import FrozenFrames

MADE: Final[Mapping[str, str]] = MappingProxyType({
    DIM_BUDGETS: "budgets in force", DIM_ADVERTISERS: "versions of advertisers",
    SERVING_FLIPS: "serving decisions", SPEND_LEDGER: "billed clicks",
    SPEND_HOURS: "hours with spend",
})  # fmt: skip
"""In the order in which they are written, with what their rows are; each row is of an advertiser,
and follows from the contents of that advertiser's events alone."""


def frames_of(known: DataFrame, frozen: FrozenFrames) -> dict[str, DataFrame]:
    """Rows of each table of MADE.

    Args:
        known: every content of the advertisers' events (`spark_events.contents`), with those that
            other advertisers have of the same events.
        frozen: keeps what is read more than once.
    """
    events = frozen.freeze(distinct_events(known))
    spans = frozen.freeze(budget_spans(events))
    versions = frozen.freeze(advertiser_versions(events))
    clicks = frozen.freeze(billed_rows(events, spans, versions))
    flips = frozen.freeze(serving_flips(known, frozen))
    return {
        DIM_BUDGETS: budget_rows(spans),
        DIM_ADVERTISERS: advertiser_rows(versions),
        SERVING_FLIPS: flips,
        SPEND_LEDGER: clicks,
        SPEND_HOURS: hourly_rows(clicks, spans, flips),
    }
