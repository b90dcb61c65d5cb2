"""The scenario `overspend`: for a while a campaign's clicks are billed to an advertiser of its own.

That advertiser begins with a daily budget of half of what the clicks of the span come to, and gets
a larger one when the span is over. Nobody listens: its ads are shown and clicked all along,
whatever the engine decides. So a run stays the same bytes per seed, with one right answer, on a
fast machine and on a slow one. What is overspent where an ad server obeys is measured by
benchmarks/overspend.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adlake.business.contract import BusinessType
from adlake.generator.business_events import CLICK_PRICE_PER_BID, LEAST_PRICE, BusinessEvent, Fields
from adlake.generator.clock import VirtualClock
from adlake.generator.draws import U16
from adlake.generator.model import CLICK_SHARE, CONVERSION_SHARE, Market, campaign_of
from adlake.generator.scenario import PlayedScenario

OVERSPENDER: Final = "adv-099"
"""None of the market's: what it spent before is known, nothing."""
BUDGET_DIVISOR: Final = 2
"""So many times the budget are the clicks of the span worth."""
RAISED_TO: Final = 8
"""So many times the budget is the next one: more than the clicks of the span came to."""


@dataclass(frozen=True)
class Overspender:
    """The advertiser, in the time of one stream."""

    played: PlayedScenario
    budget_micros: int

    def __str__(self) -> str:
        whole, micros = divmod(self.budget_micros, 1_000_000)
        return f"billed to {OVERSPENDER} with a daily budget of {whole:,}.{micros:06d}"

    def payers(self, advertisers: Sequence[str], impression_ms: int) -> Sequence[str]:
        """Advertiser by campaign for the clicks of an impression."""
        campaign = self.played.scenario.campaign
        if not self.played.concerns(campaign, impression_ms):
            return advertisers
        return [*advertisers[:campaign], OVERSPENDER, *advertisers[campaign + 1 :]]

    def events(self, begin_ms: int) -> list[BusinessEvent]:
        """It presents itself with its budget, no earlier than `begin_ms`, and gets the next one."""
        first_ms = max(begin_ms, self.played.first_ms)
        return [
            BusinessEvent(
                "t", BusinessType.ADVERTISER_STATUS, first_ms,
                {"advertiser_id": OVERSPENDER, "status": "ACTIVE", "advertiser": "Overspender",
                 "time_zone": "UTC"},
            ),
            _budget("b", first_ms, self.budget_micros),
            _budget("d", max(first_ms, self.played.beyond_ms), self.budget_micros * RAISED_TO),
        ]  # fmt: skip


def overspender_of(
    played: PlayedScenario, market: Market, clock: VirtualClock, workers: int
) -> Overspender:
    """The advertiser with half of what its clicks are worth on average.

    Args:
        played: the scenario.
        market: of the run.
        clock: of one worker, without jumps: a run that goes on later has the same budget.
        workers: that bill their clicks to it.
    """
    deliveries = sent_before(clock, played.beyond_ms) - sent_before(clock, played.first_ms)
    impressions = deliveries * workers / (1 + CLICK_SHARE * (1 + CONVERSION_SHARE))
    campaign = played.scenario.campaign
    shown = sum(campaign_of(creative) == campaign for creative in market.creative_table) / U16
    clicked = market.click_threshold[campaign] / U16
    bid = market.bid_micros[campaign] * sum(market.price_permille) / len(market.price_permille)
    price = bid / 1_000 * CLICK_PRICE_PER_BID + LEAST_PRICE
    return Overspender(
        played, max(1, round(impressions * shown * clicked * price / BUDGET_DIVISOR))
    )


def sent_before(clock: VirtualClock, moment_ms: int) -> int:
    """Deliveries whose time is before a moment."""
    live_ms = max(0, moment_ms - clock.start_ms)
    # No hour has more than twice the mean of the day.
    most = clock.history_events + 2 * live_ms * clock.milli_rate // 1_000_000 + 1
    return bisect_left(range(most), moment_ms, key=clock.time_of)


def _budget(name: str, at_ms: int, micros: int) -> BusinessEvent:
    fields: Fields = {"advertiser_id": OVERSPENDER, "budget_value": micros, "period": "DAILY"}
    return BusinessEvent(name, BusinessType.BUDGET_CHANGE, at_ms, fields)
