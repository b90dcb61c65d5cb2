"""GET /advertisers, one's spend, serving and budgets, /serving/flips, /data-as-of.

Every answer is a metric file of sql/metrics, asked on Trino with bound parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query, Response, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from adlake.api.answers import AWAY, Answers, Trouble
from adlake.api.budget_answers import (
    Advertisers,
    Budgets,
    BudgetSpan,
    CauseName,
    DataAsOf,
    Flip,
    Flips,
    Grain,
    NotServed,
    Serving,
    Spend,
    SpendBucket,
    as_json,
)
from adlake.api.parts import Given, Parts, Rows, answered
from adlake.api.spans import IsoTime, bounds

router = APIRouter()
_UNKNOWN: Final[Answers] = {
    404: {"model": Trouble, "description": "no decision was taken about such an advertiser"}
}
_UNSERVED: Final[Answers] = {
    404: {"model": NotServed, "description": "no decision was taken about such an advertiser"}
}
Advertiser = Annotated[str, Path(max_length=256)]
Limit = Annotated[int, Query(ge=1, le=500)]


class Span(BaseModel):
    """A span of time, and how many rows of it."""

    begin: IsoTime | None = Field(default=None, alias="from", description="ISO 8601 with an offset")
    to: IsoTime | None = Field(default=None, description="ISO 8601 with an offset")
    limit: int = Field(default=100, ge=1, le=500)

    def parameters(self) -> dict[str, str | None]:
        """Of a metric file; the span is [from, to).

        Raises:
            HTTPException: 422; it is no span.
        """
        return bounds(self.begin, self.to) | {"most": str(self.limit)}


class SpendAsked(Span):
    """Parameters of `/advertisers/{advertiser_id}/spend`."""

    grain: Grain = "day"


class FlipsAsked(Span):
    """Parameters of `/serving/flips`."""

    advertiser_id: str | None = Field(default=None, description="one advertiser alone")
    cause: CauseName | None = Field(default=None, description="one cause alone")


@router.get("/advertisers", responses=AWAY)
def advertisers(parts: Given, limit: Limit = 100) -> Advertisers:
    """Advertisers with flag, budget and spend, those that spent most in their period first."""
    rows = _asked(parts, "advertisers", {"as_of": _now(parts), "most": str(limit)})
    return Advertisers(
        advertisers=rows[0]["advertisers"] if rows else 0,
        rows=[Serving(**as_json(row)) for row in rows],
    )


@router.get(
    "/advertisers/{advertiser_id}/serving", response_model=Serving, responses=AWAY | _UNSERVED
)
def serving(parts: Given, advertiser_id: Advertiser) -> Serving | Response:
    """Whether its ads may be served now; what was spent in the current period."""
    rows = _one(parts, advertiser_id)
    if not rows:  # the ad server reads the flag, whatever the code is
        told = NotServed(detail=_unknown(advertiser_id))
        return JSONResponse(told.model_dump(), status.HTTP_404_NOT_FOUND)
    return Serving(**as_json(rows[0]))


@router.get("/advertisers/{advertiser_id}/spend", responses=AWAY | _UNKNOWN)
def spend(parts: Given, advertiser_id: Advertiser, asked: Annotated[SpendAsked, Query()]) -> Spend:
    """What was spent, by hours, days or months that the span touches; none is cut."""
    given = asked.parameters() | {
        "advertiser_id": advertiser_id, "bucket": asked.grain, "as_of": _now(parts),
    }  # fmt: skip
    rows = _asked(parts, "advertiser_spend", given)
    if not rows:
        _refuse_unknown(parts, advertiser_id)
    return Spend(
        advertiser_id=advertiser_id, grain=asked.grain,
        buckets=rows[0]["buckets"] if rows else 0,
        rows=[SpendBucket(**as_json(row)) for row in rows],
    )  # fmt: skip


@router.get("/advertisers/{advertiser_id}/budgets", responses=AWAY | _UNKNOWN)
def budgets(parts: Given, advertiser_id: Advertiser, limit: Limit = 100) -> Budgets:
    """Its budgets, one after another."""
    given = {"advertiser_id": advertiser_id, "most": str(limit)}
    rows = _asked(parts, "advertiser_budgets", given)
    if not rows:
        _refuse_unknown(parts, advertiser_id)
    return Budgets(
        advertiser_id=advertiser_id, budgets=rows[0]["budgets"] if rows else 0,
        rows=[BudgetSpan(**as_json(row)) for row in rows],
    )  # fmt: skip


@router.get("/serving/flips", responses=AWAY | _UNKNOWN)
def flips(parts: Given, asked: Annotated[FlipsAsked, Query()]) -> Flips:
    """When ads began and ceased to be served; without `to` until now, since some lie ahead."""
    given = asked.parameters() | {"advertiser_id": asked.advertiser_id, "cause": asked.cause}
    given["until"] = given["until"] or _now(parts)
    rows = _asked(parts, "serving_flips", given)
    if not rows and asked.advertiser_id is not None:
        _refuse_unknown(parts, asked.advertiser_id)
    return Flips(flips=rows[0]["flips"] if rows else 0, rows=[Flip(**as_json(row)) for row in rows])


@router.get("/data-as-of", responses=AWAY)
def data_as_of(parts: Given) -> DataAsOf:
    """How old the answers about budgets and customers are."""
    found = {row["part"]: row["as_of"] for row in _asked(parts, "data_as_of", {})}
    return DataAsOf(budgets=found.get("budgets"), customers=found.get("customers"))


def _one(parts: Parts, advertiser_id: str) -> Rows:
    given = {"advertiser_id": advertiser_id, "as_of": _now(parts), "most": "1"}
    return _asked(parts, "advertisers", given)


def _refuse_unknown(parts: Parts, advertiser_id: str) -> None:
    if not _one(parts, advertiser_id):
        raise HTTPException(status.HTTP_404_NOT_FOUND, _unknown(advertiser_id))


def _unknown(advertiser_id: str) -> str:
    return f"no advertiser is called {advertiser_id!r}"


def _asked(parts: Parts, metric: str, given: Mapping[str, str | None]) -> Rows:
    """Rows of a metric; a parameter that is None keeps its default."""
    texts = {name: text for name, text in given.items() if text is not None}
    with answered():
        return parts.ask_metric(metric, texts)


def _now(parts: Parts) -> str:
    return datetime.fromtimestamp(parts.now_ms() / 1_000, UTC).isoformat()
