"""Projection of an impression's state to its Gold row, and what became of each of its events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from adlake.attribution.law.state import Event, State
from adlake.contracts.audit import Disposition, EventFlag
from adlake.contracts.law import LAW_V1, LawConstants

_IMPRESSION, _CLICK, _CONVERSION = 0, 1, 2


@dataclass(frozen=True, slots=True)
class GoldRow:
    """The 18 columns of the law, in its order.

    `*_time` and `last_updated_ts` are epoch milliseconds; `cost`, `revenue` and
    `revenue_out_of_window` are integer micros (`units` turns them into decimals).
    """

    impression_id: str
    campaign_id: str | None
    creative_id: str | None
    user_id: str | None
    geo_country: str | None
    platform: str | None
    is_clicked: bool
    is_converted: bool
    impression_time: int | None
    click_time: int | None
    conversion_time: int | None
    cost: int | None
    revenue: int
    eligible: bool | None
    late_by_ms: int
    is_late: bool
    revenue_out_of_window: int
    last_updated_ts: int


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event: a disposition for a conversion, flags for any event."""

    event_id: str
    disposition: Disposition | None
    is_credited_click: bool
    flags: frozenset[EventFlag]


@dataclass(frozen=True, slots=True)
class _Attribution:
    """The events of one impression in the order (ts, event_id), and how they relate."""

    impressions: State
    clicks: State
    conversions: State
    dispositions: tuple[Disposition, ...]
    """One for each of `conversions`."""
    attributed: Event | None
    credited_click: Event | None

    @property
    def first_impression(self) -> Event | None:
        return self.impressions[0] if self.impressions else None

    @property
    def donor(self) -> Event:
        """The smallest event by (rank, ts, event_id) gives all five dimensions."""
        return (self.impressions or self.clicks or self.conversions)[0]


def project(impression_id: str, state: State, constants: LawConstants = LAW_V1) -> GoldRow | None:
    """Gold row of an impression; None when its state is empty."""
    if not state:
        return None
    attribution = _attribute(state, constants)
    impression, attributed = attribution.first_impression, attribution.attributed
    credited_click, donor = attribution.credited_click, attribution.donor
    late_by_ms = _late_by_ms(state, constants)
    return GoldRow(
        impression_id=impression_id,
        campaign_id=donor.campaign_id,
        creative_id=donor.creative_id,
        user_id=donor.user_id,
        geo_country=donor.geo_country,
        platform=donor.platform,
        is_clicked=bool(attribution.clicks),
        is_converted=attributed is not None,
        impression_time=impression.ts_ms if impression else None,
        click_time=credited_click.ts_ms if credited_click else None,
        conversion_time=attributed.ts_ms if attributed else None,
        cost=impression.micros if impression else None,
        revenue=attributed.micros if attributed else 0,
        eligible=attributed is not None if attribution.conversions else None,
        late_by_ms=late_by_ms,
        is_late=late_by_ms > 0,
        revenue_out_of_window=sum(
            conversion.micros
            for conversion in attribution.conversions
            if conversion is not attributed
        ),
        last_updated_ts=max(event.first_ingest_ms for event in state),
    )


def event_outcomes(state: State, constants: LawConstants = LAW_V1) -> tuple[EventOutcome, ...]:
    """Outcome of every event of a state, in the state's order (by event_id)."""
    if not state:
        return ()
    attribution = _attribute(state, constants)
    disposition_of = {
        conversion.event_id: disposition
        for conversion, disposition in zip(
            attribution.conversions, attribution.dispositions, strict=True
        )
    }
    return tuple(
        EventOutcome(
            event_id=event.event_id,
            disposition=disposition_of.get(event.event_id),
            is_credited_click=event is attribution.credited_click,
            flags=_flags(event, attribution, constants),
        )
        for event in state
    )


def units(micros: int) -> Decimal:
    """Money in whole units, exact, with six decimals."""
    sign, digits, _ = Decimal(micros).as_tuple()
    return Decimal((sign, digits, -6))


def _attribute(state: State, constants: LawConstants) -> _Attribution:
    in_time = sorted(state, key=_by_time)
    impressions, clicks, conversions = (
        tuple(event for event in in_time if event.type_rank == rank)
        for rank in (_IMPRESSION, _CLICK, _CONVERSION)
    )
    attributed, attributed_click = None, None
    dispositions = []
    click_times = [click.ts_ms for click in clicks]
    for conversion in conversions:
        click = _last_click_before(conversion, clicks, click_times)
        disposition = _disposition(conversion, click, clicks, attributed, constants)
        if disposition is Disposition.ATTRIBUTED:
            attributed, attributed_click = conversion, click
        dispositions.append(disposition)
    last_click = clicks[-1] if clicks else None
    return _Attribution(
        impressions=impressions,
        clicks=clicks,
        conversions=conversions,
        dispositions=tuple(dispositions),
        attributed=attributed,
        credited_click=attributed_click or last_click,
    )


def _last_click_before(
    conversion: Event, clicks: State, click_times: Sequence[int]
) -> Event | None:
    """A click of the very same millisecond counts as before."""
    clicks_before = bisect_right(click_times, conversion.ts_ms)
    return clicks[clicks_before - 1] if clicks_before else None


def _disposition(
    conversion: Event,
    click: Event | None,
    clicks: State,
    attributed: Event | None,
    constants: LawConstants,
) -> Disposition:
    if not clicks:
        return Disposition.NO_CLICK
    if click is None:
        return Disposition.CONVERSION_BEFORE_CLICK
    if conversion.ts_ms - click.ts_ms > constants.window_at(conversion.ts_ms):
        return Disposition.OUT_OF_WINDOW
    if attributed is not None:
        return Disposition.REPEAT_CONVERSION
    return Disposition.ATTRIBUTED


def _late_by_ms(state: State, constants: LawConstants) -> int:
    slowest_ms = max(event.arrived_after_ms for event in state)
    return slowest_ms if slowest_ms > constants.late_tolerance_ms else 0


def _flags(
    event: Event, attribution: _Attribution, constants: LawConstants
) -> frozenset[EventFlag]:
    impression, donor = attribution.first_impression, attribution.donor
    is_early_click = (
        event.type_rank == _CLICK
        and impression is not None
        and event.ts_ms < impression.ts_ms - constants.future_tolerance_ms
    )
    holds = {
        EventFlag.DUPLICATE_IMPRESSION: event.type_rank == _IMPRESSION and event is not impression,
        EventFlag.CLICK_BEFORE_IMPRESSION: is_early_click,
        EventFlag.DIM_MISMATCH: (event.campaign_id, event.user_id)
        != (donor.campaign_id, donor.user_id),
        EventFlag.LATE: event.arrived_after_ms > constants.late_tolerance_ms,
    }
    return frozenset(flag for flag, is_set in holds.items() if is_set)


def _by_time(event: Event) -> tuple[int, str]:
    return (event.ts_ms, event.event_id)
