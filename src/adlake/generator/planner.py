"""Plans journeys: which impressions need more than one plain delivery, and what those are."""

from __future__ import annotations

from collections.abc import Sequence

from adlake.generator.draws import Draws, RowStream
from adlake.generator.faults import (
    DROP_LENGTH_MS,
    DROP_PERIOD_MS,
    FaultPlan,
    click_fraud,
    missing_impression,
    repeat_conversions,
)
from adlake.generator.journey import (
    CONVERSION,
    IMPRESSION,
    Delivery,
    Event,
    Scene,
    natural_events,
    scene_of,
)
from adlake.generator.model import CAMPAIGNS, CREATIVES, CREATIVES_PER_CAMPAIGN, Market, campaign_of
from adlake.generator.scenario import PlayedScenario

Journey = tuple[Scene, Sequence[Delivery]]
CACHE_SIZE = 20_000


class Planner:
    """Journeys of one run; pure functions of (impression sequence, birth time, creative)."""

    def __init__(
        self, key: bytes, market: Market, faults: FaultPlan, scenario: PlayedScenario | None = None
    ) -> None:
        self.rows = RowStream(key)
        self.scenario = scenario
        self._key = key
        self._market = market
        self._thresholds = faults.delivery_thresholds
        self._fraud_below = faults.below("click_fraud")
        self._lost_below = faults.below("missing_impression")
        self._repeat_below = faults.below("repeat_conversions")
        self._dropped_campaigns = round(faults.shares.get("traffic_drop", 0.0) * CAMPAIGNS)
        self._cache: dict[int, Journey] = {}

    @property
    def drops_traffic(self) -> bool:
        """Whether any campaign falls silent from time to time."""
        return self._dropped_campaigns > 0

    @property
    def faulty_below(self) -> int:
        """Impressions whose 32-bit fault draw is below this are no plain impressions."""
        return self._fraud_below + (self._thresholds[-1][0] if self._thresholds else 0)

    def serving_creative(self, creative: int, born_ms: int) -> int:
        """The creative served instead when the campaign is silent: its neighbour's."""
        for _ in range(CAMPAIGNS):
            campaign = campaign_of(creative)
            phase_ms = (born_ms + campaign * DROP_LENGTH_MS) % DROP_PERIOD_MS
            if campaign * 7 % CAMPAIGNS >= self._dropped_campaigns or phase_ms >= DROP_LENGTH_MS:
                return creative
            creative = (creative + CREATIVES_PER_CAMPAIGN) % CREATIVES
        return creative

    def journey(self, sequence: int, born_ms: int, creative: int) -> Journey:
        """The scene of an impression and its deliveries in due order."""
        known = self._cache.get(sequence)
        if known is not None:
            return known
        row = self.rows.row(sequence)
        draws = Draws(self._key, b"journey" + sequence.to_bytes(8, "little"))
        scene = scene_of(
            self._market, draws, row, sequence=sequence, born_ms=born_ms, creative=creative
        )
        fault_draw = row[6] << 16 | row[7]
        events = self._events(scene, fault_draw)
        deliveries = [
            delivery
            for event in events
            for delivery in self._deliveries(scene, event, fault_draw - self._fraud_below)
        ]
        deliveries.sort(key=lambda delivery: delivery.due_ms)
        if self.scenario is not None:
            deliveries = list(self.scenario.played_on(scene, deliveries))
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[sequence] = scene, deliveries
        return scene, deliveries

    def forget(self, sequence: int) -> None:
        """The journey is over."""
        self._cache.pop(sequence, None)

    def _events(self, scene: Scene, fault_draw: int) -> list[Event]:
        events = natural_events(scene)
        if fault_draw < self._fraud_below:
            events = _marked(click_fraud(scene, events), events, scene, "click_fraud")
        has_conversion = any(event.rank == CONVERSION for event in events)
        if has_conversion and self._hits(scene, self._repeat_below):
            events = _marked(repeat_conversions(scene, events), events, scene, "repeat_conversions")
        if scene.is_clicked and self._hits(scene, self._lost_below):
            events = missing_impression(scene, events)
            scene.fault_of[events[0].name] = "missing_impression"
        return events

    @staticmethod
    def _hits(scene: Scene, bound: int) -> bool:
        return scene.draws.u32() < bound

    def _deliveries(self, scene: Scene, event: Event, impression_draw: int) -> list[Delivery]:
        if event.rank == IMPRESSION:
            draw, due_ms = impression_draw, scene.born_ms
        else:
            draw, due_ms = scene.draws.u32(), event.ts_ms + scene.latency_ms()
        if draw >= 0:
            for bound, fault in self._thresholds:
                if draw < bound:
                    return fault(scene, event, due_ms)
        return [Delivery(due_ms, event, fault=scene.fault_of.get(event.name, ""))]


def _marked(after: list[Event], before: list[Event], scene: Scene, fault: str) -> list[Event]:
    known = {event.name for event in before}
    scene.fault_of.update({event.name: fault for event in after if event.name not in known})
    return after
