"""Shapes of what the budget routes answer: money as text of six decimals, pacing as a fraction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

PeriodName = Literal["DAILY", "MONTHLY", "LIFETIME"]
CauseName = Literal[
    "FIRST_SEEN", "STATUS", "FLIGHT", "BUDGET", "PERIOD_START", "SPEND", "CREDIT", "RESERVE",
]  # fmt: skip
Grain = Literal["hour", "day", "month"]
_RATES: Final = frozenset({"spent_share", "pacing"})


class Serving(BaseModel):
    """Whether the ads of an advertiser may be served, and what of its budget is left."""

    advertiser_id: str
    advertiser: str = Field(description="its newest name, else the id")
    status: Literal["ACTIVE", "PAUSED"]
    time_zone: str
    can_serve: bool
    since: datetime = Field(description="when the flag was last turned")
    cause: CauseName
    budget_value: str | None = Field(description="in force; null: none is known")
    period: PeriodName
    period_start: datetime | None = Field(description="null of a lifetime")
    period_end: datetime | None = Field(description="null of a lifetime")
    gross_spend: str = Field(description="of the period, like all spend here")
    net_spend: str
    valid_spend: str
    clicks: int
    reserve: str = Field(description="kept back now, by the clicks of the last whole minutes")
    remaining: str | None = Field(description="budget less valid spend, not below 0")
    spent_share: float | None = Field(description="valid spend / budget; null without a budget")
    pacing: float | None = Field(
        description="spent share / elapsed share of the period; for information, decides nothing"
    )


class Advertisers(BaseModel):
    """Some advertisers, those with the largest valid spend of their period first."""

    advertisers: int = Field(description="all of them, also those beyond the limit")
    rows: list[Serving]


class NotServed(BaseModel):
    """Nothing is known of the advertiser, so its ads may not be served."""

    detail: str
    can_serve: Literal[False] = False


class SpendBucket(BaseModel):
    """What was spent in one hour, day or month."""

    bucket_start: datetime
    bucket_end: datetime
    local_day: date | None = Field(description="first day, in the advertiser's zone; null: an hour")
    gross_spend: str
    credit_amount: str
    valid_spend: str
    overdelivery_amount: str
    net_spend: str
    clicks: int
    budget_value: str | None = Field(description="in force at its last moment, or now")
    period: PeriodName | None
    average_budget: str | None = Field(description="weighted by the time for which each held")
    can_serve: bool | None = Field(description="at its last moment, or now; null: not decided yet")


class Spend(BaseModel):
    """Hours, days or months in which an advertiser was billed a click, the newest first."""

    advertiser_id: str
    grain: Grain
    buckets: int = Field(description="all of the span, also those beyond the limit")
    rows: list[SpendBucket]


class BudgetSpan(BaseModel):
    """A budget and how long it held."""

    budget_value: str
    period: PeriodName
    start_ts: datetime
    end_ts: datetime | None = Field(description="null: no later budget is known")
    is_current: bool


class Budgets(BaseModel):
    """Budgets of an advertiser, the newest first."""

    advertiser_id: str
    budgets: int = Field(description="all of them, also those beyond the limit")
    rows: list[BudgetSpan]


class Flip(BaseModel):
    """The ads of an advertiser began or ceased to be served."""

    flip_id: str
    advertiser_id: str
    advertiser: str = Field(description="as it was known then")
    effective_at: datetime
    can_serve: bool
    previous_can_serve: bool | None = Field(description="null: the first decision")
    cause: CauseName
    budget_value: str | None
    period: PeriodName
    period_start: datetime | None
    valid_spend: str = Field(description="of the period by what was known then, like net spend")
    net_spend: str
    reserve: str


class Flips(BaseModel):
    """Flips of a span of time, the newest first."""

    flips: int = Field(description="all that are meant, also those beyond the limit")
    rows: list[Flip]


class DataAsOf(BaseModel):
    """When tables were last brought up to what had been delivered; null: never."""

    budgets: datetime | None
    customers: datetime | None


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row: money as text, rates as numbers."""
    return {name: _shown(name, value) for name, value in row.items()}


def _shown(name: str, value: object) -> object:
    if not isinstance(value, Decimal):
        return value
    return float(value) if name in _RATES else f"{value:.6f}"
