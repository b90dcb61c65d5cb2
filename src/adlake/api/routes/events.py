"""POST /events: judges events as the stream will, publishes the good ones, waits for the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response, status

from adlake.api.answers import Answers, EventsAnswer, ItemAnswer, Trouble
from adlake.api.bodies import body_of
from adlake.api.parts import Parts, parts_of, refuse_without_key
from adlake.api.publishing import count, published
from adlake.collector.items import MAX_ITEMS, NoItemsError, TooManyItemsError, items_of
from adlake.collector.judging import Accepted, Refused, judged
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import RejectReason

router = APIRouter()
_AT_A_TIME: Final = 50
"""Events that are judged before other requests have their turn."""
_EVENT: Final[dict[str, Any]] = {"type": "object", "description": "see GET /contracts/{event_type}"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        _EVENT,
                        {
                            "type": "array",
                            "items": _EVENT,
                            "minItems": 1,
                            "description": f"{MAX_ITEMS:,} at most, else 413",
                        },
                    ]
                }
            }
        },
    }
}
_ANSWERS: Final[Answers] = {
    202: {"model": EventsAnswer, "description": "the broker has all of them"},
    207: {"model": EventsAnswer, "description": "some were refused, the broker has the others"},
    401: {"model": Trouble, "description": "the key is missing or wrong"},
    413: {"model": Trouble, "description": "too many events or bytes"},
    422: {"model": EventsAnswer, "description": "all were refused"},
    503: {"model": Trouble, "description": "the broker did not answer in time: send them again"},
}


@router.post(
    "/events",
    status_code=202,
    response_model=EventsAnswer,
    responses=_ANSWERS,
    openapi_extra=_BODY,
    dependencies=[Depends(refuse_without_key)],
)
async def post_events(request: Request) -> Response:
    """Take one event or an array of them, of all types; refused ones are not published."""
    parts = await parts_of(request)
    body = await body_of(request, parts.budget)
    try:
        now_ms = parts.now_ms()  # of the verdicts and of the records
        verdicts = await _judged(body, parts, now_ms)
        count(verdicts, parts)
        accepted = [one for one in verdicts if isinstance(one, Accepted)]
        if accepted:
            await published(accepted, parts, now_ms)
    finally:
        parts.budget.give_back(len(body))
    return _answer(verdicts, len(accepted))


async def _judged(body: bytes, parts: Parts, now_ms: int) -> list[Accepted | Refused]:
    try:
        items = items_of(body)
    except TooManyItemsError as error:
        raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, str(error)) from None
    except NoItemsError as error:
        return [Refused(None, RejectReason.MALFORMED_JSON, f"{RejectDetail.NOT_JSON}: {error}")]
    verdicts = []
    for number, item in enumerate(items, start=1):
        verdicts.append(judged(item, now_ms, parts.topics))
        if number % _AT_A_TIME == 0:
            await asyncio.sleep(0)
    return verdicts


def _answer(verdicts: Sequence[Accepted | Refused], accepted: int) -> Response:
    refused = len(verdicts) - accepted
    items = [
        ItemAnswer(event_id=one.event_id, accepted=True)
        if isinstance(one, Accepted)
        else ItemAnswer(event_id=one.event_id, accepted=False, reason=one.reason, detail=one.detail)
        for one in verdicts
    ]
    code = 202 if not refused else 207 if accepted else 422
    answer = EventsAnswer(accepted=accepted, refused=refused, items=items)
    return Response(answer.model_dump_json(), code, media_type="application/json")
