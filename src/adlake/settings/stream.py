"""Settings of the streaming application."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from adlake.contracts.compaction import FEWEST_LEFTOVER_DAYS
from adlake.contracts.failpoints import checked
from adlake.settings.outside import Concern


def _days_of_leftovers(days: int) -> int:
    if 0 < days < FEWEST_LEFTOVER_DAYS:
        raise ValueError(
            f"a file younger than {FEWEST_LEFTOVER_DAYS} days may belong to a commit that is still "
            "being made; 0 removes none"
        )
    return days


class StreamSettings(Concern):
    """The attribution streaming job."""

    trigger_seconds: float = Field(5.0, gt=0, description="micro-batch interval")
    max_offsets_per_trigger: int = Field(
        250_000, ge=1, description="rate limit: most records in one micro-batch"
    )
    spark_master: str = Field("local[2]", description="Spark master URL")
    driver_memory: str = Field("2g", description="heap of the Spark driver")
    executor_memory: str = Field(
        "1g", description="heap of each executor, where the master is a cluster"
    )
    shuffle_partitions: int = Field(2, ge=1, description="tasks per shuffle")
    compact_every_batches: int = Field(
        6, ge=0, description="merge small files every so many batches; 0: never"
    )
    expire_every_batches: int = Field(
        60, ge=0, description="forget old snapshots every so many batches; 0: never"
    )
    ledger_every_batches: int = Field(
        12,
        ge=0,
        le=60,
        description="copy batch counts to their table (every n batches; 0: never)",
    )
    models_every_hours: float = Field(
        0.0, ge=0, description="build the tables of the attribution models so often; 0: when asked"
    )
    alerts: bool = Field(
        True, description="judge each window of five minutes by the rules of KPI alerts"
    )
    budgets: bool = Field(
        True, description="keep spend, budgets and serving decisions up to the records"
    )
    budgets_after_seconds: float = Field(
        180.0, ge=0, description="from a start to the first look at budgets: events come first"
    )
    publish_every_seconds: float = Field(
        5.0, gt=0, description="how often it looks for records to publish of customers and serving"
    )
    publish_most_records: int = Field(
        5_000, ge=1, description="most records of a topic that are published at a time"
    )
    snapshot_minutes: float = Field(
        30.0, gt=0, description="snapshots younger than this stay readable"
    )
    leftover_days: Annotated[int, AfterValidator(_days_of_leftovers)] = Field(
        FEWEST_LEFTOVER_DAYS,
        ge=0,
        description="remove files that no snapshot names, as killed drivers leave them, at this "
        "age; 3 or more, 0: never",
    )
    lease_ttl_seconds: float = Field(
        20.0, gt=0, description="another driver may take over after this long without a renewal"
    )
    # Checked here: the job itself reads it only once it holds the lease and has a Spark.
    failpoints: Annotated[str, AfterValidator(checked)] = Field(
        "", description="planted faults for tests, e.g. gold.before_publish=kill9@batch3"
    )
