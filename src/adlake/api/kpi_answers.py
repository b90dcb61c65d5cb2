"""Shapes of what the KPI routes answer: counts, money as text of six decimals, rates as fractions.

A rate or a cost of nothing is null, never 0. A rate may be above 1, since every event counts at its
own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

Bucket = Literal["total", "hour", "day"]
Step = Literal["impressions", "clicks", "signups", "activations"]
STEPS: Final[tuple[Step, ...]] = ("impressions", "clicks", "signups", "activations")
_MONEY: Final = frozenset({"total_cost", "revenue", "cpc", "cpa"})


class Kpis(BaseModel):
    """The funnel over some windows."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    attributed_conversions: int = 0
    signups: int = 0
    activations: int = 0
    shares: int = 0
    completions: int = 0
    late_events: int = Field(
        default=0, description="arrived more than an hour after their window's end"
    )
    total_cost: str = "0.000000"
    revenue: str = "0.000000"
    ctr: float | None = None
    cvr: float | None = None
    click_to_signup: float | None = None
    signup_to_activation: float | None = None
    share_rate: float | None = None
    completion_rate: float | None = None
    roas: float | None = None
    cpc: str | None = None
    cpa: str | None = None


class BucketKpis(Kpis):
    """Those of one hour or day, or of the whole span."""

    begins: datetime | None = Field(default=None, description="null: the whole span")


class LaunchHour(BaseModel):
    """What two campaigns had come to at the same time after their launches."""

    hours_since_launch: int
    campaign: Kpis | None
    compared: Kpis | None


class CampaignKpis(BaseModel):
    """One campaign over a span of time."""

    campaign_id: str
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    grain: Bucket
    channel: str | None
    buckets: list[BucketKpis] = Field(description="those in which something happened")
    compare_to: str | None
    launches: list[LaunchHour] | None = Field(
        description="both campaigns by hours since their launch; null: not asked for"
    )


class Compared(Kpis):
    """One of the campaigns or channels."""

    name: str


class Comparison(BaseModel):
    """Campaigns or channels side by side, those with most impressions first."""

    by: Literal["campaign", "channel"]
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    rows: list[Compared]


class FunnelStep(BaseModel):
    """One step, and how many of the step before it there are for each."""

    name: Step
    count: int
    rate_from_previous: float | None


class Funnel(BaseModel):
    """The newest minutes of the funnel."""

    from_: datetime = Field(serialization_alias="from")
    to: datetime
    minutes: int
    steps: list[FunnelStep]
    conversions: int
    total_cost: str
    freshness_s: float | None = Field(description="seconds since the newest commit to Gold")


def as_json(record: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a metric: its money as text, its rates as numbers."""
    return {name: _shown(name, value) for name, value in record.items()}


def _shown(name: str, value: object) -> object:
    if not isinstance(value, Decimal):
        return value
    return f"{value:.6f}" if name in _MONEY else float(value)


def steps_of(total: Kpis) -> list[FunnelStep]:
    """The four steps; the first one has none before it."""
    steps: list[FunnelStep] = []
    for name in STEPS:
        count, before = getattr(total, name), steps[-1].count if steps else 0
        rate = count / before if before else None
        steps.append(FunnelStep(name=name, count=count, rate_from_previous=rate))
    return steps
