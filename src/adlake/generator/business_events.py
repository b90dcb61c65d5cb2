"""What users and advertisers do beside the ads: the business events of one journey or advertiser.

Pure functions of (run key, name, time), like the journeys they follow: the same run makes the same
events, and the draws are their own, so no ad event changes when business events are made too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from adlake.business.contract import TYPES, BusinessType
from adlake.contracts.law import MICROS_PER_UNIT
from adlake.generator.draws import Draws, Quantiles, value_at
from adlake.generator.encode import Encoder, channel_of
from adlake.generator.invalid_traffic import flagged_clicks
from adlake.generator.journey import CLICK, Event, Scene
from adlake.generator.model import PLACES, campaign_id, campaign_of, creative_id, user_id

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
SIGNUP_SHARE: Final = 0.12
"""Of clicked journeys; the shares below are of sign-ups where nothing else is said."""
ACTIVATION_SHARE: Final = 0.40
SHARE_SHARE: Final = 0.03
"""Of clicked journeys, likewise the next."""
COMPLETION_SHARE: Final = 0.10
COMPLETION_UNCLICKED_SHARE: Final = 0.85
"""Of the impressions that are not clicked and whose user does something all the same."""
SHARE_AFTER_COMPLETION_SHARE: Final = 0.20
"""Of those; who does not watch to the end shares."""
ORDER_SHARE: Final = 0.45
SECOND_ORDER_SHARE: Final = 0.30
DELIVERED_SHARE: Final = 0.75
RETRY_SHARE: Final = 0.30
"""Of failed messages: delivered later."""
CREDIT_SHARE: Final = 0.02
"""Of billed clicks."""
SIGNUP_DELAY_MS: Final[Quantiles] = (
    (0, 8 * _SECOND), (5_000, 3 * _MINUTE), (9_000, 30 * _MINUTE), (10_000, 6 * _HOUR),
)  # fmt: skip
ACTIVATION_DELAY_MS: Final[Quantiles] = (
    (0, 30 * _SECOND), (5_000, 10 * _MINUTE), (9_000, 2 * _HOUR), (10_000, _DAY),
)  # fmt: skip
ORDER_DELAY_MS: Final[Quantiles] = (
    (0, 2 * _MINUTE), (5_000, 40 * _MINUTE), (9_000, 6 * _HOUR), (10_000, 2 * _DAY),
)  # fmt: skip
MESSAGE_DELAY_MS: Final[Quantiles] = (
    (0, 5 * _SECOND), (5_000, 5 * _MINUTE), (9_000, 3 * _HOUR), (10_000, _DAY),
)  # fmt: skip
CREDIT_DELAY_MS: Final[Quantiles] = ((0, 10 * _MINUTE), (8_000, 2 * _HOUR), (10_000, _DAY))
COMPLETION_DELAY_MS: Final[Quantiles] = (
    (0, 6 * _SECOND), (5_000, 20 * _SECOND), (9_000, 75 * _SECOND), (10_000, 4 * _MINUTE),
)  # fmt: skip
SHARE_DELAY_MS: Final[Quantiles] = (
    (0, 5 * _SECOND), (5_000, 50 * _SECOND), (9_000, 6 * _MINUTE), (10_000, 3 * _HOUR),
)  # fmt: skip
ADVERTISER_PERIOD_MS: Final = _HOUR
"""An advertiser's acts are planned hour by hour."""
CLICK_PRICE_PER_BID: Final = 20
LEAST_PRICE: Final = 10_000
"""Micros, beside."""
ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo")
CHANNELS: Final = TYPES[BusinessType.MESSAGE_STATUS].value_sets["channel"]

Fields = dict[str, str | int | None]
"""Values as sent; money is micros, under the name of its field."""


class BusinessEvent(NamedTuple):
    """Something that happened; `name` tells it from its neighbours of one journey or advertiser."""

    name: str
    event_type: BusinessType
    ts_ms: int
    fields: Fields
    in_seconds: bool = False
    variant: int = 0
    """Contents of one event in the order of the contract: the smallest wins."""

    @property
    def stamped_ms(self) -> int:
        """The time a reader of `event_timestamp` gets."""
        return self.ts_ms // 1_000 * 1_000 if self.in_seconds else self.ts_ms

    @property
    def micros(self) -> int:
        """Micros of the type's money field, 0 without one."""
        money = TYPES[self.event_type].money
        return 0 if money is None else int(self.fields[money] or 0)


def journey_events(
    scene: Scene,
    clicks: Sequence[Event],
    advertisers: Sequence[str],
    draws: Draws,
    encoder: Encoder,
) -> list[BusinessEvent]:
    """What follows an impression that was clicked: billing, and what the user does next.

    Args:
        scene: of the impression.
        clicks: its clicks, the first one first.
        advertisers: id of the advertiser by campaign.
        draws: of this journey's business events alone.
        encoder: gives ids to the clicks, as in the ad events.
    """
    events: list[BusinessEvent] = []
    flagged = flagged_clicks(clicks)
    for number, click in enumerate(clicks):
        click_id = encoder.event_id(click.name, scene.sequence).decode()
        advertiser = advertisers[campaign_of(click.creative)]
        billed = list(_billing(
            scene, click, click_id=click_id, advertiser=advertiser, draws=draws, number=number
        ))  # fmt: skip
        events += billed
        if click.name in flagged:
            events.append(_givt_credit(billed[0], draws, number))
    events += _user_events(scene, clicks[0], draws, encoder)
    return events


def audience_events(scene: Scene, draws: Draws) -> list[BusinessEvent]:
    """What a user does with an ad that he does not click: watches it to its end, or shares it.

    Args:
        scene: of the impression; its user does something.
        draws: of this journey's business events alone.
    """
    step = _step_of(scene, scene.creative, scene.user)
    at_ms = scene.impression_ms
    events: list[BusinessEvent] = []
    has_completed = draws.chance(COMPLETION_UNCLICKED_SHARE)
    if has_completed:
        at_ms += value_at(COMPLETION_DELAY_MS, draws.u32())
        events.append(BusinessEvent("c", BusinessType.COMPLETION, at_ms, step))
    if not has_completed or draws.chance(SHARE_AFTER_COMPLETION_SHARE):
        at_ms += value_at(SHARE_DELAY_MS, draws.u32())
        events.append(BusinessEvent("h", BusinessType.SHARE, at_ms, step))
    return events


def clicks_of(events: Iterable[Event]) -> list[Event]:
    """The distinct clicks among a journey's deliveries, in order of time."""
    clicks = {event.name: event for event in events if event.rank == CLICK and not event.variant}
    return sorted(clicks.values(), key=lambda click: (click.ts_ms, click.name))


def _billing(
    scene: Scene, click: Event, *, click_id: str, advertiser: str, draws: Draws, number: int
) -> Iterator[BusinessEvent]:
    """The billable click, and now and then a credit for it."""
    price = scene.bid_micros * CLICK_PRICE_PER_BID + LEAST_PRICE
    fields: Fields = {
        "advertiser_id": advertiser,
        "click_id": click_id,
        "ad_id": creative_id(click.creative),
        "amount": price,
        "campaign_id": campaign_id(campaign_of(click.creative)),
    }
    if draws.chance(0.5):
        fields["budget_value"] = _budget(advertiser)
    if draws.chance(0.3):
        fields["advertiser"] = _name(advertiser)
    yield BusinessEvent(f"k{number}", BusinessType.AD_CLICK, click.ts_ms, fields)
    if draws.chance(CREDIT_SHARE):
        credited = price if draws.chance(0.7) else price // 2
        at_ms = click.ts_ms + value_at(CREDIT_DELAY_MS, draws.u32())
        credit = _credit(fields, "MANUAL", credited)
        yield BusinessEvent(f"r{number}", BusinessType.SPEND_CREDIT, at_ms, credit)


def _givt_credit(billed: BusinessEvent, draws: Draws, number: int) -> BusinessEvent:
    """All of a click, by the invalid-traffic job."""
    at_ms = billed.ts_ms + value_at(CREDIT_DELAY_MS, draws.u32())
    credit = _credit(billed.fields, "GIVT", billed.micros)
    return BusinessEvent(f"g{number}", BusinessType.SPEND_CREDIT, at_ms, credit)


def _credit(click: Fields, reason: str, micros: int) -> Fields:
    return {
        "advertiser_id": click["advertiser_id"],
        "credit_id": f"{reason.lower()}:{click['click_id']}",
        "click_id": click["click_id"],
        "amount": micros,
        "reason": reason,
    }


def _user_events(
    scene: Scene, click: Event, draws: Draws, encoder: Encoder
) -> Iterator[BusinessEvent]:
    step = _step_of(scene, click.creative, click.user)
    user, country = str(step["user_id"]), PLACES[scene.place][0]
    if draws.chance(SHARE_SHARE):
        at_ms = click.ts_ms + draws.between(5 * _SECOND, 10 * _MINUTE)
        yield BusinessEvent("h", BusinessType.SHARE, at_ms, step)
    if draws.chance(COMPLETION_SHARE):
        at_ms = click.ts_ms + draws.between(15 * _SECOND, 3 * _MINUTE)
        yield BusinessEvent("c", BusinessType.COMPLETION, at_ms, step)
    if not draws.chance(SIGNUP_SHARE):
        return
    signup_ms = click.ts_ms + value_at(SIGNUP_DELAY_MS, draws.u32())
    seen = encoder.impression_id(scene.impression_ms, scene.sequence).decode()
    yield BusinessEvent("s", BusinessType.SIGNUP, signup_ms, step | {"impression_id": seen})
    profile: Fields = {
        "user_id": user, "name": f"Person {user[-6:]}", "email": f"{user}@example.org",
        "geo_country": country,
    }  # fmt: skip
    profile_ms = signup_ms + draws.between(0, 2 * _MINUTE)
    yield BusinessEvent("p", BusinessType.CUSTOMER_PROFILE, profile_ms, profile)
    if draws.chance(ACTIVATION_SHARE):
        at_ms = signup_ms + value_at(ACTIVATION_DELAY_MS, draws.u32())
        yield BusinessEvent("a", BusinessType.ACTIVATION, at_ms, step)
    yield from _orders(user, signup_ms, scene, draws, encoder)
    yield from _messages(step, signup_ms, scene, draws, encoder)


def _step_of(scene: Scene, creative: int, user: int) -> Fields:
    """Whose step it is, and of which campaign, channel and region: those of the impression."""
    fields: Fields = {
        "user_id": user_id(user),
        "campaign_id": campaign_id(campaign_of(creative)),
        "channel": channel_of(creative),
    }
    region = PLACES[scene.place][1]
    return fields | {"region": region} if region else fields


def _orders(
    user: str, signup_ms: int, scene: Scene, draws: Draws, encoder: Encoder
) -> Iterator[BusinessEvent]:
    """Amounts are 10.00 to 500.00, in cents."""
    shares = (ORDER_SHARE, SECOND_ORDER_SHARE)
    at_ms = signup_ms
    for number, share in enumerate(shares):
        if not draws.chance(share):
            return
        at_ms += value_at(ORDER_DELAY_MS, draws.u32())
        fields: Fields = {
            "user_id": user,
            "order_id": f"ord-{encoder.tag.decode()}{scene.sequence:x}.{number}",
            "amount": draws.between(1_000, 50_000) * (MICROS_PER_UNIT // 100),
        }
        yield BusinessEvent(f"o{number}", BusinessType.ORDER, at_ms, fields)


def _messages(
    step: Fields, signup_ms: int, scene: Scene, draws: Draws, encoder: Encoder
) -> Iterator[BusinessEvent]:
    """A welcome and a few more; a failed message is sometimes delivered later."""
    at_ms = signup_ms
    for number in range(draws.between(1, 4)):
        at_ms += value_at(MESSAGE_DELAY_MS, draws.u32())
        is_delivered = draws.chance(DELIVERED_SHARE)
        fields: Fields = {
            "user_id": step["user_id"],
            "activation_id": f"msg-{encoder.tag.decode()}{scene.sequence:x}.{number}",
            "channel": draws.choice(CHANNELS),
            "status": "DELIVERED" if is_delivered else "FAILED",
            "campaign_id": step["campaign_id"],
        }
        yield BusinessEvent(f"m{number}", BusinessType.MESSAGE_STATUS, at_ms, fields)
        if not is_delivered and draws.chance(RETRY_SHARE):
            again_ms = at_ms + draws.between(_MINUTE, _HOUR)
            retried = fields | {"status": "DELIVERED"}
            yield BusinessEvent(f"n{number}", BusinessType.MESSAGE_STATUS, again_ms, retried)


def advertiser_events(
    advertiser: str, hour: int, begin_ms: int, draws: Draws
) -> list[BusinessEvent]:
    """One hour of an advertiser: it presents itself in the first, then acts now and then."""
    events: list[BusinessEvent] = []
    is_first = hour == 0
    if is_first:
        events.append(_status(advertiser, "t", begin_ms, "ACTIVE", draws))
    if is_first or draws.chance(0.4):
        at_ms = begin_ms if is_first else begin_ms + draws.below(ADVERTISER_PERIOD_MS)
        change = 1_000 if is_first else draws.between(700, 1_500)
        events.append(
            BusinessEvent(
                "b",
                BusinessType.BUDGET_CHANGE,
                at_ms,
                {
                    "advertiser_id": advertiser,
                    "budget_value": _budget(advertiser) * change // 1_000,
                    "period": draws.choice(("DAILY", "DAILY", "DAILY", "MONTHLY", "LIFETIME")),
                },
            )
        )
    if not is_first and draws.chance(0.05):
        at_ms = begin_ms + draws.below(ADVERTISER_PERIOD_MS)
        events.append(_status(advertiser, "u", at_ms, "PAUSED", draws))
        back_ms = at_ms + draws.between(_MINUTE, 20 * _MINUTE)
        events.append(_status(advertiser, "v", back_ms, "ACTIVE", draws))
    return events


def _status(advertiser: str, name: str, at_ms: int, status: str, draws: Draws) -> BusinessEvent:
    fields: Fields = {
        "advertiser_id": advertiser,
        "status": status,
        "advertiser": _name(advertiser),
        "time_zone": ZONES[_number(advertiser) % len(ZONES)],
    }
    if draws.chance(0.3):
        fields["flight_start"] = at_ms // _DAY * _DAY
        fields["flight_end"] = (at_ms // _DAY + 90) * _DAY // 1_000
    return BusinessEvent(name, BusinessType.ADVERTISER_STATUS, at_ms, fields)


def _number(advertiser: str) -> int:
    return int(advertiser.rpartition("-")[2])


def _name(advertiser: str) -> str:
    return f"Advertiser {_number(advertiser):03d}"


def _budget(advertiser: str) -> int:
    """Micros a day: 100 to 1,900 whole units."""
    return (100 + _number(advertiser) % 19 * 100) * MICROS_PER_UNIT
