"""Events of the funnel and their windows, in plain Python: the reference form.

`business/spark_funnel.py`, `sql/oracles/funnel_events.sql` and `sql/views/funnel_metrics_5m.sql`
say the same in Spark and in SQL and share only the contract with this one; tests hold them equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adlake.business.audit import Content, JudgedDelivery, content_of
from adlake.business.contract import (
    FUNNEL_TYPES,
    BusinessType,
)
from adlake.contracts.windows import FINAL_MS, WINDOW_MS


@dataclass(frozen=True)
class FunnelEvent:
    """One row of gold.funnel_events; times are epoch milliseconds."""

    event_type: str
    event_id: str
    event_ms: int
    user_id: str
    campaign_id: str
    channel: str
    region: str
    impression_id: str | None
    content: str
    first_ingest_ms: int


Grain = tuple[str, str, str, int]
"""Campaign, channel, region, start of the window (epoch ms)."""


@dataclass(frozen=True)
class FunnelWindow:
    """What gold.funnel_metrics_5m says of one grain."""

    end_ms: int
    signups: int
    activations: int
    shares: int
    completions: int
    late_events: int
    last_updated_ms: int


def funnel_events(deliveries: Iterable[JudgedDelivery]) -> list[FunnelEvent]:
    """The admitted events of the funnel; neither the order of deliveries nor repeats matter."""
    winners: dict[tuple[str | None, str | None], tuple[Content, int, JudgedDelivery]] = {}
    for one in deliveries:
        fields = one.verdict.fields
        if one.verdict.reason is not None or fields.event_type not in FUNNEL_TYPES:
            continue
        key = (fields.event_type, fields.event_id)
        told = (content_of(fields), one.ingest_ms, one)
        if key not in winners or told[:2] < winners[key][:2]:
            winners[key] = told
    return [_event(*winner) for winner in winners.values()]


def _event(content: Content, first_ingest_ms: int, one: JudgedDelivery) -> FunnelEvent:
    fields = one.verdict.fields
    event_ms, _, text = content
    return FunnelEvent(
        str(fields.event_type), str(fields.event_id), event_ms, str(fields.user_id),
        str(fields.campaign_id), str(fields.channel), str(fields.region), fields.impression_id,
        text.decode(), first_ingest_ms,
    )  # fmt: skip


def funnel_windows(events: Iterable[FunnelEvent]) -> dict[Grain, FunnelWindow]:
    """The windows in which something happened."""
    held: dict[Grain, list[FunnelEvent]] = {}
    for one in events:
        start_ms = one.event_ms - one.event_ms % WINDOW_MS
        held.setdefault((one.campaign_id, one.channel, one.region, start_ms), []).append(one)
    return {grain: _window(grain[3] + WINDOW_MS, inside) for grain, inside in held.items()}


def _window(end_ms: int, events: list[FunnelEvent]) -> FunnelWindow:
    def of_type(event_type: BusinessType) -> int:
        return sum(one.event_type == event_type for one in events)

    return FunnelWindow(
        end_ms,
        signups=of_type(BusinessType.SIGNUP),
        activations=of_type(BusinessType.ACTIVATION),
        shares=of_type(BusinessType.SHARE),
        completions=of_type(BusinessType.COMPLETION),
        late_events=sum(one.first_ingest_ms > end_ms + FINAL_MS for one in events),
        last_updated_ms=max(one.first_ingest_ms for one in events),
    )
