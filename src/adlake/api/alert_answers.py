"""Shapes of what the alert routes answer: as the lake keeps them, rates as fractions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

MetricName = Literal[
    "ctr", "cvr", "click_to_signup", "signup_to_activation", "share_rate", "completion_rate",
    "impressions", "clicks", "conversions",
]  # fmt: skip
"""What rules look at: the rates and volumes of alerts.contract."""


class Incident(BaseModel):
    """Alerts that belong together, from the first until the metric was well again."""

    incident_id: str
    campaign_id: str
    segment: str = Field(description="all, or a value such as channel=push")
    metric: str
    rule: str
    alert_type: str
    state: Literal["open", "resolved", "withdrawn"]
    opened_at: datetime
    closed_at: datetime | None = Field(description="null while it is open")
    first_window_start: datetime
    last_window_start: datetime
    fired_windows: int
    worst_value: float | None
    last_value: float | None = Field(description="of its newest alert, like the next three")
    threshold: float | None
    sample_k: int
    sample_n: int
    channels: str = Field(description="who is told; empty: everybody who is configured")
    rule_version: int


class PastIncident(Incident):
    """An incident with what ended it."""

    closing_window_start: datetime | None
    closing_value: float | None
    closing_threshold: float | None
    closing_k: int | None
    closing_n: int | None


class Alert(BaseModel):
    """A window in which a rule fired, with the numbers of that evaluation."""

    alert_id: str
    campaign_id: str
    segment: str
    metric: str
    rule: str
    alert_type: str
    window_start: datetime
    window_end: datetime
    alert_time: datetime = Field(description="what had arrived until then was looked at")
    value: float | None = Field(description="a rate (sample_k of sample_n) or a count")
    threshold: float | None
    sample_k: int
    sample_n: int
    bound: float | None
    baseline_kind: str
    evaluation: Literal["early", "final"]
    status: Literal["fired", "withdrawn"]
    incident_id: str
    rule_version: int


class AlertRule(BaseModel):
    """A version of a rule."""

    rule_id: str
    rule: str
    metric: str
    campaign_id: str | None = Field(description="null: every campaign without a rule of its own")
    segment: str
    threshold: float | None
    z: float | None
    resolve_factor: float | None
    multiplicity: str | None
    channels: str | None
    enabled: bool
    rule_version: int
    valid_from: datetime
    valid_to: datetime
    is_in_force: bool
