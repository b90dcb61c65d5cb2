"""Scenarios: trouble of one campaign for a while, for alerts and budgets to find.

A scenario takes ad events out of the stream and adds none. What is left out keeps its place in the
stream's time, so all other events are the same, at the same moments, as without the scenario. That
of budgets takes none out: it says who pays for the clicks (generator.overspend).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from adlake.contracts.errors import AdlakeError
from adlake.generator.draws import Draws
from adlake.generator.journey import IMPRESSION, Delivery, Scene
from adlake.generator.model import CAMPAIGNS, Market, campaign_id, campaign_of

DEFAULT_LENGTH_MS: Final = 1_800_000
CTR_KEPT: Final = 0.25
"""Of the clicks, while the click rate is down."""


class ScenarioError(AdlakeError):
    """A scenario that cannot be played."""


class ScenarioName(StrEnum):
    """What happens to the campaign."""

    CTR_DROP = "ctr-drop"
    """Three of four clicks are not made, nor what would follow from them."""
    SILENCE = "silence"
    """It has no impressions, nor what would follow from them."""
    OVERSPEND = "overspend"
    """Its clicks are billed to an advertiser of its own, `adv-099`: twice what it has to spend."""


@dataclass(frozen=True)
class Scenario:
    """Trouble of one campaign; the span begins `after_ms` after the first moment of the stream."""

    name: ScenarioName
    campaign: int
    after_ms: int
    length_ms: int = DEFAULT_LENGTH_MS

    def __post_init__(self) -> None:
        if self.length_ms < 1_000:
            raise ScenarioError(
                "a scenario of less than a second: give it --scenario-for, e.g. 30m"
            )

    def identity(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    def playing(self, begin_ms: int, key: bytes) -> PlayedScenario:
        """The scenario in a stream that begins at `begin_ms`; `key` seeds its draws."""
        # Whole seconds: an event that is stamped in seconds is on the same side as in milliseconds.
        first_ms = (begin_ms + self.after_ms) // 1_000 * 1_000
        beyond_ms = first_ms + self.length_ms // 1_000 * 1_000
        return PlayedScenario(self, first_ms, beyond_ms, key)


@dataclass(frozen=True)
class PlayedScenario:
    """A scenario in the time of one stream: impressions from `first_ms` to before `beyond_ms`."""

    scenario: Scenario
    first_ms: int
    beyond_ms: int
    key: bytes

    def __str__(self) -> str:
        first, beyond = (
            datetime.fromtimestamp(moment_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            for moment_ms in (self.first_ms, self.beyond_ms)
        )
        campaign = campaign_id(self.scenario.campaign)
        return f"scenario {self.scenario.name} of {campaign} from {first} to {beyond} UTC"

    @property
    def is_silence(self) -> bool:
        """Whether impressions are left out too."""
        return self.scenario.name is ScenarioName.SILENCE

    @property
    def is_overspend(self) -> bool:
        """Whether all is sent, and billed to another advertiser."""
        return self.scenario.name is ScenarioName.OVERSPEND

    def concerns(self, campaign: int, impression_ms: int) -> bool:
        """Whether an impression of a campaign lies in the span."""
        is_within = self.first_ms <= impression_ms < self.beyond_ms
        return is_within and campaign == self.scenario.campaign

    def played_on(self, scene: Scene, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """The deliveries of a journey, those that the scenario leaves out marked."""
        if self.is_overspend or not self.concerns(campaign_of(scene.creative), scene.impression_ms):
            return deliveries
        if not self.is_silence and self._keeps_clicks(scene.sequence):
            return deliveries
        return [
            delivery._replace(is_withheld=self.is_silence or delivery.event.rank != IMPRESSION)
            for delivery in deliveries
        ]

    def _keeps_clicks(self, sequence: int) -> bool:
        return Draws(self.key, b"scenario" + sequence.to_bytes(8, "little")).chance(CTR_KEPT)


def campaign_named(name: str, seed: int) -> int:
    """Index of the campaign with this id; without one, of the campaign with most traffic.

    Raises:
        ScenarioError: there is no such campaign.
    """
    if not name:
        return busiest_campaign(Market(seed))
    known = [campaign_id(campaign) for campaign in range(CAMPAIGNS)]
    if name not in known:
        raise ScenarioError(
            f"no campaign {name!r}: the simulated ones are {known[0]} to {known[-1]}"
        )
    return known.index(name)


def busiest_campaign(market: Market) -> int:
    """The campaign that most impressions are of; of several, the first."""
    traffic = [0] * CAMPAIGNS
    for creative in market.creative_table:
        traffic[campaign_of(creative)] += 1
    return traffic.index(max(traffic))
