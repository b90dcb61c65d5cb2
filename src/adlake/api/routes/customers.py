"""GET /customers, /customers/{user_id} and its history, /segments and their members.

Every answer is a metric file of sql/metrics, asked on Trino with bound parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query, status

from adlake.api.answers import Trouble
from adlake.api.customer_answers import (
    SEGMENTS,
    Customer,
    CustomerHistory,
    Customers,
    OneCustomer,
    SegmentName,
    Segments,
    SegmentSize,
    StageEntry,
    StageName,
    as_json,
)
from adlake.api.parts import Given, Parts, Rows, answered

router = APIRouter()
_AWAY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Trouble, "description": "Trino does not answer, or the lake has no tables yet"}
}
_UNKNOWN: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Trouble, "description": "no event of a customer of this id counts"}
}
_NO_SEGMENT: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Trouble, "description": "there is no such segment"}
}
User = Annotated[str, Path(max_length=256)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/customers", responses=_AWAY)
def customers(
    parts: Given, stage: StageName | None = None, segment: SegmentName | None = None,
    limit: Limit = 100,
) -> Customers:  # fmt: skip
    """Customers of a stage and a segment, or all, the most valuable first."""
    return _listed(parts, {"stage": stage, "segment": segment, "most": str(limit)})


@router.get("/customers/{user_id}", responses=_AWAY | _UNKNOWN)
def customer(parts: Given, user_id: User) -> OneCustomer:
    """One customer."""
    rows = _asked(parts, "customers", {"user_id": user_id, "most": "1"})
    if not rows:
        raise _unknown(user_id)
    return OneCustomer(**as_json(rows[0]))


@router.get("/customers/{user_id}/history", responses=_AWAY | _UNKNOWN)
def history(parts: Given, user_id: User) -> CustomerHistory:
    """The stages of one customer."""
    rows = _asked(parts, "customer_history", {"user_id": user_id})
    if not rows:
        raise _unknown(user_id)
    return CustomerHistory(user_id=user_id, stages=[StageEntry(**as_json(row)) for row in rows])


@router.get("/segments", responses=_AWAY)
def segments(parts: Given) -> Segments:
    """How many customers are in each segment."""
    rows = {row["segment"]: row for row in _asked(parts, "segment_sizes", {})}
    sizes = [
        SegmentSize(segment=name, customers=rows[name]["customers"] if name in rows else 0)
        for name in SEGMENTS
    ]
    days = [row["as_of_date"] for row in rows.values()]
    return Segments(as_of_date=days[0] if days else None, segments=sizes)


@router.get("/segments/{segment}/members", responses=_AWAY | _NO_SEGMENT)
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
