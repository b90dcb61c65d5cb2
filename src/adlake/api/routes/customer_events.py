"""POST /customers, /customers/{user_id}/orders and /engagements: makes one event and publishes it.

An event that is not told is drawn: an order of 10.00 to 500.00, a message over one of four channels
of which three quarters arrive. It is judged as any other and answered once the broker has it.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from adlake.api.answers import Answers, Trouble
from adlake.api.parts import Given, Parts, refuse_without_key
from adlake.api.pending import PostedEvent
from adlake.api.publishing import count, published
from adlake.api.spans import bad_parameter
from adlake.business.contract import TYPES, BusinessType
from adlake.collector.judging import Accepted, judged
from adlake.contracts.errors import AdlakeError
from adlake.customers.contract import CustomerType

router = APIRouter(dependencies=[Depends(refuse_without_key)])
CENTS: Final = (1_000, 50_000)
"""Of an order that is drawn: from, to."""
DELIVERED_OF_100: Final = 75
"""Of messages whose status is drawn."""
KNOWN_SECONDS: Final = 1.5
"""For the lake to say whether it has an event; whoever posted it waits."""
_CHANNELS: Final = TYPES[BusinessType.MESSAGE_STATUS].value_sets["channel"]
_ANSWERS: Final[Answers] = {
    400: {"model": Trouble, "description": "the body is no text"},
    401: {"model": Trouble, "description": "the key is missing or wrong"},
    503: {"model": Trouble, "description": "the broker did not answer in time: send it again"},
}
User = Annotated[str, Path(max_length=256)]
EventId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", max_length=256,
        description="becomes the event_id, so that a repeat counts once; else one is made",
    ),
]  # fmt: skip


def _exact(number: object) -> Decimal:
    """A JSON number by its digits; ValueError for anything else."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError("is not a number")
    return Decimal(str(number))


Amount = Annotated[
    Decimal, Field(ge=0, lt=10**12), BeforeValidator(_exact),
    WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 10**12}),
]  # fmt: skip
"""Money, never a float."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCustomer(_Body):
    """What is told of a customer; a user_id is made where none is given."""

    user_id: str | None = Field(default=None, max_length=256)
    name: str | None = None
    email: str | None = None
    geo_country: str | None = None


class NewOrder(_Body):
    """An order; what is left out is drawn."""

    order_id: str | None = Field(default=None, max_length=256)
    amount: Amount | None = None


class NewEngagement(_Body):
    """A status of a message; what is left out is drawn, a new message where none is named."""

    activation_id: str | None = Field(default=None, max_length=256)
    channel: Literal["email", "sms", "push", "in_app"] | None = None
    status: Literal["DELIVERED", "FAILED"] | None = None
    campaign_id: str | None = Field(default=None, max_length=256)


class Taken(BaseModel):
    """The event as it was published; the lake has it within its freshness."""

    event_id: str
    user_id: str
    event: dict[str, Any] = Field(description="money as text")


@router.post("/customers", status_code=202, responses=_ANSWERS)
async def add_customer(parts: Given, told: NewCustomer, event_id: EventId = None) -> Taken:
    """A profile: makes a customer, or says anew who one is."""
    name = event_id or _made()
    fields = told.model_dump(exclude_none=True) | {"user_id": told.user_id or f"usr-{name}"}
    given = event_id is not None
    return await _taken(parts, CustomerType.CUSTOMER_PROFILE, name, fields, is_given=given)


@router.post("/customers/{user_id}/orders", status_code=202, responses=_ANSWERS)
async def add_order(
    parts: Given, user_id: User, told: NewOrder | None = None, event_id: EventId = None
) -> Taken:
    """An order. One that is drawn is named by its event, so that a repeat is the same order."""
    name = event_id or _made()
    drawn = {"order_id": name, "amount": Decimal(parts.dice.randint(*CENTS)).scaleb(-2)}
    fields = drawn | _said(told) | {"user_id": user_id}
    return await _taken(parts, CustomerType.ORDER, name, fields, is_given=event_id is not None)


@router.post("/customers/{user_id}/engagements", status_code=202, responses=_ANSWERS)
async def engage(
    parts: Given, user_id: User, told: NewEngagement | None = None, event_id: EventId = None
) -> Taken:
    """A status of a message to the customer."""
    name = event_id or _made()
    is_delivered = parts.dice.randrange(100) < DELIVERED_OF_100
    drawn = {
        "activation_id": name, "channel": parts.dice.choice(_CHANNELS),
        "status": "DELIVERED" if is_delivered else "FAILED",
    }  # fmt: skip
    fields = drawn | _said(told) | {"user_id": user_id}
    given = event_id is not None
    return await _taken(parts, CustomerType.MESSAGE_STATUS, name, fields, is_given=given)


def _made() -> str:
    return str(uuid.uuid4())


def _said(told: BaseModel | None) -> dict[str, Any]:
    return told.model_dump(exclude_none=True) if told else {}


def _json(event: Mapping[str, Any]) -> str:
    """Its text; money with the digits that it has."""
    members = (
        f"{json.dumps(name)}:" + (f"{value:f}" if isinstance(value, Decimal) else json.dumps(value))
        for name, value in event.items()
    )
    return "{" + ",".join(members) + "}"


async def _taken(
    parts: Parts,
    event_type: CustomerType,
    event_id: str,
    fields: dict[str, Any],
    *,
    is_given: bool,
) -> Taken:
    now_ms = parts.now_ms()
    header = {"event_id": event_id, "event_type": str(event_type), "event_timestamp": now_ms}
    event = header | fields
    verdict = judged(_json(event), now_ms, parts.topics)
    count([verdict], parts)
    if not isinstance(verdict, Accepted):
        raise bad_parameter("event", f"{verdict.reason}: {verdict.detail}", "body")
    # An id that is made here is new.
    is_known = asyncio.ensure_future(_is_known(parts, event_id) if is_given else _no())
    try:
        at_ms = await published([verdict], parts, now_ms)
    except BaseException:
        is_known.cancel()
        raise
    if not await is_known:
        user_id, size = fields["user_id"], len(verdict.value)
        told = PostedEvent(event_id, str(event_type), user_id, at_ms, event, size)
        parts.pending.add(told)
    return Taken(event_id=event_id, user_id=fields["user_id"], event=event)


async def _is_known(parts: Parts, event_id: str) -> bool:
    """Whether the lake has the event already.

    Also where nobody says so in time: to tell it later is better than to count it twice.
    """
    try:
        asked = asyncio.to_thread(parts.knows_event, event_id)
        return await asyncio.wait_for(asked, KNOWN_SECONDS)
    except (AdlakeError, TimeoutError):
        return True


async def _no() -> bool:
    return False
