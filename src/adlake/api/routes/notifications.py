"""POST /alerts/test-message: whether the ways to tell people and programs work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, status
from pydantic import BaseModel

from adlake.api.answers import Trouble
from adlake.api.parts import Given, refuse_without_key
from adlake.contracts.errors import AdlakeError

router = APIRouter()


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
