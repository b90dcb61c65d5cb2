"""POST /alerts/test-message, GET /alerts/notifications: whether people and programs are told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query, status
from pydantic import BaseModel, Field

from adlake.api.answers import Trouble
from adlake.api.parts import Given, answered, refuse_without_key
from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import Sending

router = APIRouter()
MOST: Final = 500


class TrialAnswer(BaseModel):
    """What became of the message on one channel."""

    channel: str
    state: str
    """SENT or FAILED."""
    response_code: int | None
    """As the receiver answered."""
    reason: str
    """Of a failure."""


@router.post(
    "/alerts/test-message",
    response_model=list[TrialAnswer],
    responses={
        401: {"model": Trouble, "description": "the key is missing or wrong"},
        422: {"description": "there is no such channel, or it is off"},
    },
    dependencies=[Depends(refuse_without_key)],
)
def post_test_message(
    parts: Given,
    channel: Annotated[
        str, Query(description="kafka, slack, webhook or email; empty: all that are on")
    ] = "",
) -> list[TrialAnswer]:
    """Send a message that says it is a test, once, and tell what became of it."""
    try:
        outcomes = parts.send_trial(channel)
    except (AdlakeError, ValueError) as error:  # of settings: a file of a secret is gone, say
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, str(error)) from None
    return [
        TrialAnswer(channel=name, state=one.sending, response_code=one.code, reason=one.reason)
        for name, one in outcomes.items()
    ]


class NotificationsAsked(BaseModel):
    """Parameters of `/alerts/notifications`."""

    state: Sending = Field(default=Sending.FAILED, description="how it ended last")
    is_final: bool = Field(default=True, description="false: failures that are tried again")
    limit: int = Field(default=100, ge=1, le=MOST)


class Notification(BaseModel):
    """What became of one transition of an incident on one channel."""

    incident_id: str
    transition: str
    """opened, resolved or withdrawn."""
    channel: str
    transition_at: datetime
    """By the clock of the events."""
    state: Sending
    is_final: bool
    """Nothing is sent any more."""
    attempts: int
    """Requests."""
    rounds: int
    """Of requests."""
    response_code: int | None
    """As the receiver answered last."""
    reason: str
    """Of a failure; it names no address."""
    sent_at: datetime | None
    changed_at: datetime
    """Of the newest round."""


@router.get(
    "/alerts/notifications",
    responses={
        503: {"model": Trouble, "description": "the control database does not answer, or is older"}
    },
)
def notifications(
    parts: Given, asked: Annotated[NotificationsAsked, Query()]
) -> list[Notification]:
    """What became of notifications, the newest outcome first; those given up, unless asked."""
    with answered():
        rows = parts.ask_notifications(asked.state, asked.limit, is_final=asked.is_final)
    return [Notification(**asdict(row)) for row in rows]
