"""GET /alerts/active, /alerts, /alerts/incidents, /alerts/rules: what the KPI rules found.

Every answer is a metric file of sql/metrics, asked on Trino with bound parameters.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, status
from pydantic import BaseModel, Field

from adlake.api.alert_answers import Alert, AlertRule, Incident, MetricName, PastIncident
from adlake.api.answers import AWAY, NO_CAMPAIGN
from adlake.api.parts import Given, Parts, Rows, answered
from adlake.api.spans import IsoTime, bounds

router = APIRouter()
MOST: Final = 500


class RulesAsked(BaseModel):
    """Parameters of `/alerts/rules`."""

    campaign_id: str | None = Field(default=None, description="one campaign alone")
    metric: MetricName | None = Field(default=None, description="one metric alone")
    limit: int = Field(default=100, ge=1, le=MOST)

    def parameters(self) -> dict[str, str | None]:
        """Of the metric file."""
        return {
            "campaign_id": self.campaign_id, "metric": self.metric, "most": str(self.limit),
        }  # fmt: skip


class AlertsAsked(RulesAsked):
    """Parameters of `/alerts` and `/alerts/incidents`."""

    begin: IsoTime | None = Field(default=None, alias="from", description="ISO 8601 with an offset")
    to: IsoTime | None = Field(default=None, description="ISO 8601 with an offset")

    def parameters(self) -> dict[str, str | None]:
        """Of the metric file; the span is [from, to).

        Raises:
            HTTPException: 422; it is no span.
        """
        return super().parameters() | bounds(self.begin, self.to)


@router.get("/alerts/active", responses=AWAY)
def active_incidents(parts: Given) -> list[Incident]:
    """Open incidents, the newest first."""
    rows = _rows_of(parts, "alerts_active", {"most": str(MOST)})
    return [Incident(**row) for row in rows]


@router.get("/alerts/incidents", responses=AWAY | NO_CAMPAIGN)
def incidents(parts: Given, asked: Annotated[AlertsAsked, Query()]) -> list[PastIncident]:
    """Incidents that opened in a span of time, the newest first, open or over."""
    return [PastIncident(**row) for row in _filtered(parts, "alert_incidents", asked)]


@router.get("/alerts/rules", responses=AWAY | NO_CAMPAIGN)
def alert_rules(parts: Given, asked: Annotated[RulesAsked, Query()]) -> list[AlertRule]:
    """Rules in all their versions; for a campaign, its own and those of every campaign."""
    return [AlertRule(**row) for row in _filtered(parts, "alert_rules", asked)]


@router.get("/alerts", responses=AWAY | NO_CAMPAIGN)
def alerts(parts: Given, asked: Annotated[AlertsAsked, Query()]) -> list[Alert]:
    """Windows of a span of time in which a rule fired, the newest first, withdrawn or not."""
    return [Alert(**row) for row in _filtered(parts, "alerts_log", asked)]


def _filtered(parts: Parts, metric: str, asked: RulesAsked) -> Rows:
    given = asked.parameters()
    if asked.campaign_id is not None:
        with answered():
            is_known = parts.knows_campaign(asked.campaign_id)
        if not is_known:
            raise HTTPException(
                status.HTTP_404_NOT_FOUND, f"no campaign is called {asked.campaign_id!r}"
            )
    return _rows_of(parts, metric, {name: text for name, text in given.items() if text is not None})


def _rows_of(parts: Parts, metric: str, given: dict[str, str]) -> Rows:
    with answered():
        return parts.ask_metric(metric, given)
