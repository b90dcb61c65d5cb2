"""Fault profiles: realistic trouble, each with a share, each with a known right answer.

Journey faults change what happens (fraud, repeats, a lost impression); delivery faults change how
one event reaches the topic (twice, late, damaged). At most one delivery fault per event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1, MAX_EVENT_MS_EXCLUSIVE
from adlake.generator.damage import DRIFTS, MALFORMATIONS, MISSING_KEYS
from adlake.generator.draws import U32
from adlake.generator.journey import CLICK, CONVERSION, IMPRESSION, Delivery, Event, Scene
from adlake.generator.model import BOTS, CREATIVES, CREATIVES_PER_CAMPAIGN, USERS

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
DROP_PERIOD_MS: Final = _HOUR
DROP_LENGTH_MS: Final = 15 * _MINUTE
CORRECTED_SHARE: Final = 0.5
"""Share of damaged events that a sound delivery of the same event id follows."""


class FaultError(AdlakeError):
    """A fault profile or share that does not exist."""


def _duplicates(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    copies = [Delivery(due_ms, event)]
    for _ in range(scene.draws.between(1, 3)):
        hold = scene.draws.choice((0, 5 * _SECOND, 10 * _MINUTE, 6 * _HOUR))
        copies.append(Delivery(due_ms + scene.draws.below(hold + 1), event, fault="duplicates"))
    return copies


def _conflicting_duplicates(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    """Two payloads of one event id; `event` stays the smaller tuple, hence the winner."""
    name = "conflicting_duplicates"
    if event.rank == CONVERSION and scene.draws.chance(0.1):
        smaller = event._replace(rank=CLICK, micros=0)
        pair = [Delivery(due_ms, event._replace(variant=1)), Delivery(due_ms, smaller, fault=name)]
    else:
        pair = [
            Delivery(due_ms, event),
            Delivery(due_ms, _larger_variant(scene, event), fault=name),
        ]
    if scene.draws.chance(0.5):
        pair.reverse()
    later = pair[1]._replace(due_ms=due_ms + scene.draws.between(2 * _SECOND, _HOUR))
    return [pair[0]._replace(due_ms=max(due_ms, pair[0].event.ts_ms)), later]


def _larger_variant(scene: Scene, event: Event) -> Event:
    larger = event._replace(variant=1)
    kind = scene.draws.below(3)
    if kind == 0 and event.rank != CLICK:
        return larger._replace(micros=event.micros + scene.draws.between(1, 9_000_000))
    if kind == 1 and event.creative < CREATIVES - CREATIVES_PER_CAMPAIGN:
        return larger._replace(creative=event.creative + CREATIVES_PER_CAMPAIGN)
    return larger._replace(ts_ms=event.ts_ms + 1_000)


def _late(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    longest = scene.draws.choice((2 * _HOUR, 6 * _HOUR, _DAY, 8 * _DAY))
    delay_ms = scene.draws.between(LAW_V1.late_tolerance_ms + 1_001, longest)
    return [Delivery(event.ts_ms + delay_ms, event, fault="late")]


def _out_of_order(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    longest = scene.draws.choice((10 * _SECOND, _MINUTE, 50 * _MINUTE))
    return [Delivery(due_ms + scene.draws.between(_SECOND, longest), event, fault="out_of_order")]


def _missing_keys(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    damage = scene.draws.choice(MISSING_KEYS[event.rank])
    return _damaged(scene, event, due_ms, f"missing:{damage}", "missing_keys")


def _negative_values(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    return _damaged(scene, event, due_ms, "negative", "negative_values")


def _malformed(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    damage = scene.draws.choice(MALFORMATIONS)
    return _damaged(scene, event, due_ms, f"malformed:{damage}", "malformed")


def _schema_drift(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    damage = scene.draws.choice(DRIFTS)
    return _damaged(scene, event, due_ms, f"drift:{damage}", "schema_drift")


def _damaged(scene: Scene, event: Event, due_ms: int, damage: str, fault: str) -> list[Delivery]:
    deliveries = [Delivery(due_ms, event, damage, fault)]
    if scene.draws.chance(CORRECTED_SHARE):
        deliveries.append(Delivery(due_ms + scene.draws.between(_SECOND, 20 * _MINUTE), event))
    return deliveries


def _future_clocks(scene: Scene, event: Event, due_ms: int) -> list[Delivery]:
    """A third stays within the tolerance (admitted), the rest is an hour to centuries ahead."""
    if scene.draws.chance(1 / 3):
        ahead_ms = scene.draws.between(_SECOND, LAW_V1.future_tolerance_ms)
    else:
        ahead_ms = scene.draws.between(
            _HOUR, scene.draws.choice((2 * _HOUR, 2 * _DAY, 80 * 365 * _DAY))
        )
    skewed = event._replace(ts_ms=min(due_ms + ahead_ms, MAX_EVENT_MS_EXCLUSIVE - 1), variant=1)
    deliveries = [Delivery(due_ms, skewed, fault="future_clocks")]
    if scene.draws.chance(CORRECTED_SHARE):
        deliveries.append(Delivery(due_ms + scene.draws.between(_SECOND, _HOUR), event))
    return deliveries


def repeat_conversions(scene: Scene, events: list[Event]) -> list[Event]:
    """One to three more conversions after the first."""
    first = next(event for event in events if event.rank == CONVERSION)
    repeats = [
        scene.conversion(first.ts_ms + scene.draws.between(0, 2 * _HOUR), ordinal)
        for ordinal in range(1, scene.draws.between(2, 4))
    ]
    return [*events, *repeats]


def missing_impression(scene: Scene, events: list[Event]) -> list[Event]:
    """The impression is never sent: an orphan row without cost."""
    return [event for event in events if event.rank != IMPRESSION]


def click_fraud(scene: Scene, events: list[Event]) -> list[Event]:
    """Bursts, double clicks, conversions faster than a person, or a bot that clicks at once."""
    start_ms = scene.impression_ms
    pattern = scene.draws.choice(("burst", "double_click", "too_fast_conversion", "bot"))
    if pattern == "burst":
        count = scene.draws.between(5, 30)
        moments = [start_ms + 500 + scene.draws.below(5_000) for _ in range(count)]
        return [*events, *(scene.click(ts_ms, 10 + n) for n, ts_ms in enumerate(moments))]
    if pattern == "double_click":
        first_ms = start_ms + scene.draws.between(2_000, 60_000)
        pair = [scene.click(first_ms, 40), scene.click(first_ms + scene.draws.between(50, 900), 41)]
        return [*events, *pair]
    if pattern == "too_fast_conversion":
        click_ms = start_ms + scene.draws.between(100, 1_000)
        conversion_ms = click_ms + scene.draws.below(800)
        return [*events, scene.click(click_ms, 42), scene.conversion(conversion_ms, 42)]
    scene.user = USERS + scene.draws.below(BOTS)
    robotic = [event._replace(user=scene.user) for event in events]
    return [*robotic, scene.click(start_ms + scene.draws.between(1, 40), 43)]


DeliveryFault = Callable[[Scene, Event, int], list[Delivery]]
DELIVERY_FAULTS: Final[dict[str, DeliveryFault]] = {
    "duplicates": _duplicates,
    "conflicting_duplicates": _conflicting_duplicates,
    "late": _late,
    "out_of_order": _out_of_order,
    "missing_keys": _missing_keys,
    "negative_values": _negative_values,
    "malformed": _malformed,
    "future_clocks": _future_clocks,
    "schema_drift": _schema_drift,
}
"""Share: of all events."""
OTHER_FAULTS: Final = {
    "missing_impression": "share of journeys with a click",
    "repeat_conversions": "share of journeys with a conversion",
    "click_fraud": "share of impressions",
    "traffic_drop": "share of campaigns, silent for 15 minutes of every hour",
}
PROFILES: Final = (*DELIVERY_FAULTS, *OTHER_FAULTS)
DEFAULT_SHARES: Final = {
    "duplicates": 0.005, "conflicting_duplicates": 0.0005, "late": 0.002, "out_of_order": 0.01,
    "missing_impression": 0.002, "missing_keys": 0.0005, "negative_values": 0.0002,
    "malformed": 0.0005, "future_clocks": 0.0002, "repeat_conversions": 0.02,
    "click_fraud": 0.0005, "schema_drift": 0.001,
}  # fmt: skip
ALL_SHARES: Final = {
    "duplicates": 0.03, "conflicting_duplicates": 0.01, "late": 0.02, "out_of_order": 0.03,
    "missing_impression": 0.05, "missing_keys": 0.01, "negative_values": 0.01,
    "malformed": 0.01, "future_clocks": 0.01, "repeat_conversions": 0.2,
    "click_fraud": 0.01, "traffic_drop": 0.1, "schema_drift": 0.02,
}  # fmt: skip


@dataclass(frozen=True)
class FaultPlan:
    """Shares turned into thresholds on 32-bit draws."""

    shares: dict[str, float]

    @property
    def delivery_thresholds(self) -> list[tuple[int, DeliveryFault]]:
        """(upper bound of the draw, fault), ascending."""
        bounds, total = [], 0
        for name, fault in DELIVERY_FAULTS.items():
            if self.shares.get(name):
                total += int(self.shares[name] * U32)
                bounds.append((total, fault))
        return bounds

    def below(self, name: str) -> int:
        """32-bit draws below this bound get the named fault."""
        return int(self.shares.get(name, 0.0) * U32)


def parse_faults(text: str) -> dict[str, float]:
    """`default`, `none` or `all`, and `name=share,...` on top of them or alone, to shares.

    Raises:
        FaultError: a profile or share that does not exist.
    """
    parts = text.split(",")
    known: dict[str, dict[str, float]] = {"default": DEFAULT_SHARES, "none": {}, "all": ALL_SHARES}
    shares = dict(known[parts.pop(0).strip()]) if parts[0].strip() in known else {}
    for part in parts:
        name, _, share = (piece.strip() for piece in part.partition("="))
        if name not in PROFILES:
            raise FaultError(f"no fault profile {name!r}; known: {', '.join(PROFILES)}")
        try:
            shares[name] = float(share)
        except ValueError:
            raise FaultError(f"{part!r}: write name=share, e.g. {name}=0.01") from None
        if not 0 <= shares[name] <= 1:
            raise FaultError(f"{part!r}: a share lies between 0 and 1")
    if sum(share for name, share in shares.items() if name in DELIVERY_FAULTS) > 1:
        raise FaultError("the shares of the delivery faults sum to more than 1")
    return shares
