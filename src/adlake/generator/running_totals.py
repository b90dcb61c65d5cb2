"""Counts the right answer while events are made; knows the journeys, not the law's modules.

Plain impressions (nothing else ever happens to them) are two additions. For every other journey
the totals work out what its admitted deliveries so far amount to, and replace its earlier share
of the totals by the new one, so the truth is right after every single delivery.
"""

from __future__ import annotations

from collections.abc import Sequence

from adlake.contracts.law import LAW_V1
from adlake.generator.journey import CLICK, CONVERSION, IMPRESSION, Delivery, Event
from adlake.generator.model import CAMPAIGNS, campaign_id, campaign_of
from adlake.generator.truth import COUNTER_NAMES, Counters, sum_counters

Outcome = tuple[int, Counters]
"""(donor campaign, what the journey adds)."""


def outcome_of(deliveries: Sequence[Delivery], admitted_mask: int) -> Outcome | None:
    """What a journey adds to the totals when the deliveries with a set bit were admitted."""
    winners: dict[str, Event] = {}
    for index, delivery in enumerate(deliveries):
        event = delivery.event
        if admitted_mask >> index & 1:
            known = winners.get(event.name)
            if known is None or event.variant < known.variant:
                winners[event.name] = event
    if not winners:
        return None
    in_time_order = sorted(winners.values(), key=lambda event: (event.stamped_ms, event.name))
    impressions = [event for event in in_time_order if event.rank == IMPRESSION]
    clicks = [event for event in in_time_order if event.rank == CLICK]
    conversions = [event for event in in_time_order if event.rank == CONVERSION]
    donor = (impressions or clicks or conversions)[0]
    attributed = _attributed(clicks, conversions)
    revenue = attributed.micros if attributed else 0
    total = sum(event.micros for event in conversions)
    orphan = int(not impressions)
    clicked, converted = int(bool(clicks)), int(attributed is not None)
    return campaign_of(donor.creative), Counters(
        rows=1,
        impressions=1 - orphan,
        clicked=clicked,
        converted=converted,
        cost_micros=impressions[0].micros if impressions else 0,
        revenue_micros=revenue,
        out_of_window_micros=total - revenue,
        conversions=len(conversions),
        conversion_micros=total,
        orphan_rows=orphan,
        orphan_clicked=orphan * clicked,
        orphan_converted=orphan * converted,
        orphan_revenue_micros=orphan * revenue,
    )


def _attributed(clicks: Sequence[Event], conversions: Sequence[Event]) -> Event | None:
    for conversion in conversions:
        earlier = [click for click in clicks if click.stamped_ms <= conversion.stamped_ms]
        if earlier:
            lag_ms = conversion.stamped_ms - earlier[-1].stamped_ms
            if lag_ms <= LAW_V1.attribution_window_ms:
                return conversion
    return None


class RunningTotals:
    """Running totals per campaign."""

    def __init__(self) -> None:
        self.plain_impressions = [0] * CAMPAIGNS
        self.plain_cost_micros = [0] * CAMPAIGNS
        self.journeys = [Counters() for _ in range(CAMPAIGNS)]
        self.rejected: dict[str, int] = {}
        self.faults: dict[str, int] = {}

    def replace(self, before: Outcome | None, after: Outcome | None) -> None:
        """A journey now adds `after` instead of `before`."""
        if before == after:
            return
        if before is not None:
            self.journeys[before[0]].add(before[1], sign=-1)
        if after is not None:
            self.journeys[after[0]].add(after[1])

    def by_campaign(self) -> dict[str, Counters]:
        """Counters of every campaign, by campaign id."""
        return {
            campaign_id(campaign): sum_counters((self._plain(campaign), self.journeys[campaign]))
            for campaign in range(CAMPAIGNS)
        }

    def _plain(self, campaign: int) -> Counters:
        count = self.plain_impressions[campaign]
        return Counters(rows=count, impressions=count, cost_micros=self.plain_cost_micros[campaign])

    def to_state(self) -> dict[str, object]:
        """The totals as JSON values."""
        return {
            "plain_impressions": self.plain_impressions,
            "plain_cost_micros": self.plain_cost_micros,
            "journeys": [[getattr(c, name) for name in COUNTER_NAMES] for c in self.journeys],
            "rejected": self.rejected,
            "faults": self.faults,
        }

    @classmethod
    def from_state(cls, state: dict[str, list[list[int]]]) -> RunningTotals:
        """The totals that `to_state` described."""
        totals = cls()
        totals.journeys = [Counters(*values) for values in state.pop("journeys")]
        vars(totals).update(state)
        return totals
