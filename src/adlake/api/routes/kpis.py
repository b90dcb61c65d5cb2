"""GET /funnels/realtime, /campaigns/compare, /campaigns/{campaign_id}/kpis: what windows add up to.

Every number is a metric file of sql/metrics, asked on Trino with bound parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, status
from pydantic import BaseModel, Field

from adlake.api.answers import AWAY, NO_CAMPAIGN
from adlake.api.kpi_answers import (
    Bucket,
    BucketKpis,
    CampaignKpis,
    Compared,
    Comparison,
    Funnel,
    Kpis,
    LaunchHour,
    as_json,
    steps_of,
)
from adlake.api.parts import Given, Parts, Rows, answered
from adlake.api.spans import IsoTime, bad_parameter, in_utc, rounded_down, span_of

router = APIRouter()
Moment = Annotated[IsoTime | None, Query(description="ISO 8601 with an offset")]
Begin = Annotated[IsoTime | None, Query(alias="from", description="ISO 8601 with an offset")]
Campaign = Annotated[str | None, Query(description="one campaign alone")]
Channel = Annotated[str | None, Query(description="one channel alone")]


@router.get("/funnels/realtime", responses=AWAY)
def realtime_funnel(
    parts: Given,
    minutes: Annotated[int, Query(ge=1, le=1440)] = 60,
    campaign_id: Campaign = None,
    channel: Channel = None,
    as_of: Moment = None,
) -> Funnel:
    """The funnel of the last minutes: windows of five minutes from the one that they begin in."""
    until = in_utc("as_of", as_of) if as_of else _now(parts)
    try:
        since = rounded_down(until - timedelta(minutes=minutes))
    except OverflowError:
        raise bad_parameter("as_of", "is too early") from None
    rows = _asked(parts, "campaign_kpis", {
        "since": since.isoformat(), "until": until.isoformat(), "campaign_id": campaign_id,
        "channel": channel,
    })  # fmt: skip
    total = Kpis(**as_json(rows[0])) if rows else Kpis()
    with answered():
        freshness = parts.ask_trino()
    return Funnel(
        from_=since, to=until, minutes=minutes, steps=steps_of(total),
        conversions=total.conversions, total_cost=total.total_cost, freshness_s=freshness,
    )  # fmt: skip


@router.get("/campaigns/compare", responses=AWAY)
def compare(
    parts: Given,
    by: Literal["campaign", "channel"],
    begin: Begin = None,
    to: Moment = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Comparison:
    """Campaigns or channels side by side, those with most impressions first."""
    since, until = span_of(begin, to, "total", _now(parts))
    rows = _asked(parts, "campaign_comparison", {
        "since": since.isoformat(), "until": until.isoformat(), "compared": by, "most": str(limit),
    })  # fmt: skip
    compared = [Compared(**as_json(row)) for row in rows]
    return Comparison(by=by, from_=since, to=until, rows=compared)


class KpisAsked(BaseModel):
    """Parameters of `/campaigns/{campaign_id}/kpis`."""

    begin: IsoTime | None = Field(default=None, alias="from", description="ISO 8601 with an offset")
    to: IsoTime | None = Field(default=None, description="ISO 8601 with an offset")
    grain: Bucket = "total"
    channel: str | None = Field(default=None, description="one channel alone")
    compare_to: str | None = Field(default=None, description="another campaign, by launch")


@router.get("/campaigns/{campaign_id}/kpis", responses=AWAY | NO_CAMPAIGN)
def campaign_kpis(
    parts: Given, campaign_id: str, asked: Annotated[KpisAsked, Query()]
) -> CampaignKpis:
    """One campaign over whole windows, hours or days; a known one without events has zeros."""
    since, until = span_of(asked.begin, asked.to, asked.grain, _now(parts))
    for name in (campaign_id, asked.compare_to):
        if name is not None:
            _refuse_unknown(parts, name)
    rows = _asked(parts, "campaign_kpis", {
        "since": since.isoformat(), "until": until.isoformat(), "campaign_id": campaign_id,
        "channel": asked.channel, "bucket": asked.grain,
    })  # fmt: skip
    buckets = [BucketKpis(begins=row["bucket_at"], **as_json(row)) for row in rows]
    if asked.grain == "total" and not buckets:
        buckets = [BucketKpis()]
    other = asked.compare_to
    return CampaignKpis(
        campaign_id=campaign_id, from_=since, to=until, grain=asked.grain, channel=asked.channel,
        buckets=buckets, compare_to=other,
        launches=None if other is None else _launches(parts, campaign_id, other),
    )  # fmt: skip


def _refuse_unknown(parts: Parts, campaign_id: str) -> None:
    with answered():
        is_known = parts.knows_campaign(campaign_id)
    if not is_known:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no campaign is called {campaign_id!r}")


def _launches(parts: Parts, campaign_id: str, other: str) -> list[LaunchHour]:
    rows = _asked(parts, "campaign_launches", {"campaign_id": campaign_id, "compare_to": other})
    curves: dict[str, dict[int, Kpis]] = {campaign_id: {}, other: {}}
    for row in rows:
        curves[row["campaign_id"]][row["hours_since_launch"]] = Kpis(**as_json(row))
    hours = sorted({hour for curve in curves.values() for hour in curve})
    return [
        LaunchHour(
            hours_since_launch=hour, campaign=curves[campaign_id].get(hour),
            compared=curves[other].get(hour),
        )
        for hour in hours
    ]  # fmt: skip


def _asked(parts: Parts, metric: str, given: Mapping[str, str | None]) -> Rows:
    """Rows of a metric; a parameter that is None keeps its default."""
    texts = {name: text for name, text in given.items() if text is not None}
    with answered():
        return parts.ask_metric(metric, texts)


def _now(parts: Parts) -> datetime:
    return datetime.fromtimestamp(parts.now_ms() / 1_000, UTC)
