"""Shapes of what the API answers."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel

Answers = dict[int | str, dict[str, Any]]
"""Of a route by code, as FastAPI documents them."""


class Trouble(BaseModel):
    """Why there is no other answer."""

    detail: str


AWAY: Final[Answers] = {
    503: {"model": Trouble, "description": "Trino does not answer, or the lake has no tables yet"}
}
"""Of every route that reads the lake."""
NO_CAMPAIGN: Final[Answers] = {
    404: {"model": Trouble, "description": "nobody described the campaign, no event names it"}
}


class ItemAnswer(BaseModel):
    """What became of one event, in the order of the request."""

    event_id: str | None
    """As far as it can be read."""
    accepted: bool
    reason: str | None = None
    """As the lake's `reject_reason`."""
    detail: str | None = None
    """What exactly failed, as the lake's `reject_detail`."""


class EventsAnswer(BaseModel):
    """What became of the events of one request."""

    accepted: int
    refused: int
    items: list[ItemAnswer]


class Health(BaseModel):
    """Each part that the API needs: `ok`, or what is wrong with it."""

    status: Literal["ok", "failing"]
    kafka: str
    trino: str
    freshness_s: float | None
    """Seconds since the newest commit to Gold; none without one."""
    pending_events: int
    """Events of customers that were posted here and that no row has been seen to have."""
    overdue_events: int
    """Those that the lake did not show within ten minutes, since this process began."""
