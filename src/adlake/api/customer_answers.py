"""Shapes of what the customer routes answer: money as text of six decimals, rates as fractions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, Field

StageName = Literal["evangelist", "high-value", "engaged", "customer", "prospect"]
SegmentName = Literal[
    "active_customers", "big_spenders", "lapsed", "likely_buyers", "prospects", "responsive",
    "unresponsive",
]  # fmt: skip
SEGMENTS: Final[tuple[SegmentName, ...]] = get_args(SegmentName)
Source = Literal["cache", "lake"]
"""`cache`: what the topic of customers told this process; `lake`: asked now."""


class Customer(BaseModel):
    """One customer; without a row in the lake `stage_changed_at` and `last_updated_ts` are null."""

    user_id: str
    name: str | None
    email_sha256: str | None = Field(description="of the address in small letters")
    geo_country: str | None
    created_at: datetime | None
    is_active: bool
    order_count: int
    lifetime_value: str
    first_order_time: datetime | None
    last_order_time: datetime | None
    delivered_count: int
    failed_count: int
    activation_count: int
    engagement_rate: float
    lifecycle_stage: StageName
    previous_stage: StageName | None
    stage_changed_at: datetime | None
    propensity_score: str = Field(description="a score by rules, no trained model")
    propensity_band: Literal["low", "medium", "high"]
    segments: list[SegmentName]
    rule_version: int
    last_updated_ts: datetime | None


class Customers(BaseModel):
    """Some customers, the most valuable first."""

    source: Source = "lake"
    customers: int = Field(description="all that are meant, also those beyond the limit")
    rows: list[Customer]


class PendingEvent(BaseModel):
    """An event that was posted here, that the broker has, and the customer's row has not yet."""

    event_id: str
    event_type: Literal["CUSTOMER_PROFILE", "ORDER", "MESSAGE_STATUS"]
    acknowledged_at: datetime = Field(description="the record's time at the broker")
    event: dict[str, Any] = Field(description="as it was published, money as text")


class OneCustomer(Customer):
    """One customer, where the answer comes from, and what is on its way into the row."""

    source: Source = "lake"
    is_in_lake: bool = Field(
        default=True, description="false: there is no row yet, what is told of it is that of nobody"
    )
    pending: list[PendingEvent] = Field(default_factory=list, description="oldest first")


class StageEntry(BaseModel):
    """A stage with the counts when it was entered."""

    entered_at: datetime
    stage: StageName
    left_at: datetime | None = Field(description="null: the present one")
    order_count: int
    lifetime_value: str
    engagement_rate: float


class CustomerHistory(BaseModel):
    """The stages of one customer, the first one first."""

    source: Source = "lake"
    user_id: str
    stages: list[StageEntry]


class SegmentSize(BaseModel):
    """How many customers are in a segment."""

    segment: SegmentName
    customers: int


class Segments(BaseModel):
    """All segments by name, those without a member too."""

    source: Source = "lake"
    as_of_date: date | None = Field(description="of lapsed; null: none was named yet")
    segments: list[SegmentSize]


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row, money and score as text."""
    return {
        name: f"{value:.6f}" if isinstance(value, Decimal) else value for name, value in row.items()
    }
