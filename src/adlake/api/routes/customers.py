"""GET /customers, /customers/{user_id} and its history, /segments and their members.

One customer is told as the topic of customers had it last, where it is at hand, with what was
posted here since. Other answers are metric files of sql/metrics, asked on Trino with bound
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query, status

from adlake.api.answers import AWAY, Answers, Trouble
from adlake.api.customer_answers import (
    SEGMENTS,
    Customer,
    CustomerHistory,
    Customers,
    OneCustomer,
    PendingEvent,
    SegmentName,
    Segments,
    SegmentSize,
    Source,
    StageEntry,
    StageName,
    as_json,
)
from adlake.api.customer_feed import milliseconds
from adlake.api.parts import Given, Parts, Rows, answered, unavailable
from adlake.api.pending import PostedEvent
from adlake.contracts.errors import AdlakeError
from adlake.customers.contract import RULE_VERSION

router = APIRouter()
_UNKNOWN: Final[Answers] = {
    404: {"model": Trouble, "description": "no event of a customer of this id counts"}
}
_NO_SEGMENT: Final[Answers] = {404: {"model": Trouble, "description": "there is no such segment"}}
User = Annotated[str, Path(max_length=256)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/customers", responses=AWAY)
def customers(
    parts: Given, stage: StageName | None = None, segment: SegmentName | None = None,
    limit: Limit = 100,
) -> Customers:  # fmt: skip
    """Customers of a stage and a segment, or all, the most valuable first."""
    return _listed(parts, {"stage": stage, "segment": segment, "most": str(limit)})


@router.get("/customers/{user_id}", responses=AWAY | _UNKNOWN)
def customer(parts: Given, user_id: User) -> OneCustomer:
    """One customer, and the events posted here that the row does not show yet."""
    held, source = _held(parts, user_id)
    row_ms = None
    if held is not None and held.last_updated_ts is not None:
        row_ms = milliseconds(held.last_updated_ts)
    pending = [_pending(one) for one in parts.pending.of(user_id, row_ms, parts.now_ms())]
    if held is None and not pending:
        raise _unknown(user_id)
    row = _nobody(user_id) if held is None else held
    told = {"source": source, "is_in_lake": held is not None, "pending": pending}
    return OneCustomer.model_validate(row.model_dump() | told)


def _held(parts: Parts, user_id: str) -> tuple[Customer | None, Source]:
    """The row that is at hand, else the lake's; without the lake what is at hand has to do."""
    row, is_sure = parts.cache.get(user_id)
    if row is not None and is_sure:
        return row, "cache"
    if row is None and parts.cache.is_whole and parts.pending.has(user_id):
        # Who was posted a moment ago is told at once; the row comes by the topic.
        return None, "cache"
    try:
        rows = parts.ask_metric("customers", {"user_id": user_id, "most": "1"})
    except AdlakeError as error:
        if row is None:
            raise unavailable(str(error)) from None
        return row, "cache"
    if not rows:
        return None, "lake"
    parts.cache.learn(rows[0])
    return Customer(**as_json(rows[0])), "lake"


def _nobody(user_id: str) -> Customer:
    """A customer of whom nothing has come to the lake yet."""
    return Customer(
        user_id=user_id, name=None, email_sha256=None, geo_country=None, created_at=None,
        is_active=False, order_count=0, lifetime_value="0.000000", first_order_time=None,
        last_order_time=None, delivered_count=0, failed_count=0, activation_count=0,
        engagement_rate=0.0, lifecycle_stage="prospect", previous_stage=None,
        stage_changed_at=None, propensity_score="0.000000", propensity_band="low",
        segments=["prospects"], rule_version=RULE_VERSION, last_updated_ts=None,
    )  # fmt: skip


def _pending(one: PostedEvent) -> PendingEvent:
    at = datetime.fromtimestamp(one.at_ms / 1_000, UTC)
    return PendingEvent.model_validate(
        {"event_id": one.event_id, "event_type": one.event_type, "acknowledged_at": at,
         "event": one.event}
    )  # fmt: skip


@router.get("/customers/{user_id}/history", responses=AWAY | _UNKNOWN)
def history(parts: Given, user_id: User) -> CustomerHistory:
    """The stages of one customer."""
    rows = _asked(parts, "customer_history", {"user_id": user_id})
    if not rows:
        raise _unknown(user_id)
    return CustomerHistory(user_id=user_id, stages=[StageEntry(**as_json(row)) for row in rows])


@router.get("/segments", responses=AWAY)
def segments(parts: Given) -> Segments:
    """How many customers are in each segment."""
    rows = {row["segment"]: row for row in _asked(parts, "segment_sizes", {})}
    sizes = [
        SegmentSize(segment=name, customers=rows[name]["customers"] if name in rows else 0)
        for name in SEGMENTS
    ]
    days = [row["as_of_date"] for row in rows.values()]
    return Segments(as_of_date=days[0] if days else None, segments=sizes)


@router.get("/segments/{segment}/members", responses=AWAY | _NO_SEGMENT)
def members(parts: Given, segment: str, limit: Limit = 100) -> Customers:
    """Customers of a segment, the most valuable first."""
    if segment not in SEGMENTS:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no segment is called {segment!r}")
    return _listed(parts, {"segment": segment, "most": str(limit)})


def _listed(parts: Parts, given: Mapping[str, str | None]) -> Customers:
    rows = _asked(parts, "customers", given)
    return Customers(
        customers=rows[0]["customers"] if rows else 0,
        rows=[Customer(**as_json(row)) for row in rows],
    )


def _asked(parts: Parts, metric: str, given: Mapping[str, str | None]) -> Rows:
    """Rows of a metric; a parameter that is None keeps its default."""
    texts = {name: text for name, text in given.items() if text is not None}
    with answered():
        return parts.ask_metric(metric, texts)


def _unknown(user_id: str) -> HTTPException:
    return HTTPException(status.HTTP_404_NOT_FOUND, f"no customer is called {user_id!r}")
