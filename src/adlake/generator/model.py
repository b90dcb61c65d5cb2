"""The advertising market: who advertises, who watches, what it costs and what it brings.

All tables are integers made from the seed alone, so `dimensions` and the event stream agree on
every id, and the same seed gives the same market on every machine.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.generator.draws import U16, Draws, Quantiles, value_at, weighted_table

CAMPAIGNS: Final = 50
CREATIVES_PER_CAMPAIGN: Final = 8
CREATIVES: Final = CAMPAIGNS * CREATIVES_PER_CAMPAIGN
USERS: Final = 20_000
BOTS: Final = 20
"""User indices USERS .. USERS + BOTS - 1 are bots, absent from the user dimension."""

CLICK_SHARE: Final = 0.05
CONVERSION_SHARE: Final = 0.10
ENGAGED_SHARE: Final = 0.02
"""Share of impressions whose user watches the ad to its end or shares it, without a click."""
SECONDS_SHARE: Final = 0.10
"""Share of events stamped in epoch seconds instead of milliseconds."""
TRAVEL_SHARE: Final = 0.03
"""Share of impressions seen outside the user's home country."""

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
CLICK_DELAY_MS: Final[Quantiles] = (
    (0, 300), (2_500, 4 * _SECOND), (6_000, 18 * _SECOND), (8_500, _MINUTE),
    (9_500, 10 * _MINUTE), (9_900, _HOUR), (10_000, _DAY),
)  # fmt: skip
CONVERSION_DELAY_MS: Final[Quantiles] = (
    (0, 20 * _SECOND), (3_500, 6 * _MINUTE), (6_000, 25 * _MINUTE), (7_500, _HOUR),
    (8_500, 4 * _HOUR), (9_500, _DAY), (10_000, 9 * _DAY),
)  # fmt: skip
DELIVERY_LATENCY_MS: Final[Quantiles] = ((0, 5), (5_000, 60), (9_500, 400), (10_000, 2_500))
PRICE_PERMILLE: Final[Quantiles] = (
    (0, 150), (2_500, 550), (5_000, 850), (7_500, 1_250), (9_500, 2_300), (9_900, 3_800),
    (10_000, 9_000),
)  # fmt: skip

COUNTRIES: Final = (
    ("US", 330), ("DE", 110), ("GB", 100), ("FR", 85), ("BR", 80), ("IN", 80), ("JP", 60),
    ("CA", 50), ("ES", 40), ("AU", 30), ("NL", 20), ("SE", 15),
)  # fmt: skip
REGIONS: Final = {"US": ("CA", "TX", "NY", "FL"), "DE": ("BE", "BY", "HH"), "GB": ("LND", "MAN")}
PLACES: Final = tuple(
    (country, region, weight // len(REGIONS.get(country, ("",))))
    for country, weight in COUNTRIES
    for region in REGIONS.get(country, ("",))
)
"""(country, region or "", weight)."""
PLATFORMS: Final = (("android", 410), ("ios", 340), ("web", 190), ("ctv", 60))
CHANNELS: Final = ("social", "search", "display", "video")
PLACEMENTS: Final = ("feed", "story", "banner", "pre_roll")


def campaign_id(campaign: int) -> str:
    """Id of the campaign with this index; byte order of ids is index order."""
    return f"cmp-{campaign + 1:04d}"


def creative_id(creative: int) -> str:
    """Id of the creative with this index."""
    return f"crt-{creative + 1:05d}"


def user_id(user: int) -> str:
    """Id of the user, or bot, with this index."""
    return f"usr-{user + 1:06d}" if user < USERS else f"bot-{user - USERS + 1:03d}"


def campaign_of(creative: int) -> int:
    """The campaign a creative belongs to."""
    return creative // CREATIVES_PER_CAMPAIGN


def mean_permille(quantiles: Quantiles) -> int:
    """Mean of a piecewise linear distribution."""
    return sum(
        (high_share - low_share) * (low + high)
        for (low_share, low), (high_share, high) in pairwise(quantiles)
    ) // (2 * 10_000)


class Market:
    """Weights and prices of one seed; every attribute is a list of integers."""

    def __init__(self, seed: int) -> None:
        key = f"market|{seed}".encode()
        self._key = key
        self.creative_table = weighted_table(self._creative_weights())
        self.user_table = weighted_table(_zipf(Draws(key, b"users"), USERS, flatten=400))
        self.place_table = weighted_table([weight for *_, weight in PLACES])
        self.platform_table = weighted_table([weight for _, weight in PLATFORMS])
        homes = Draws(key, b"homes")
        self.home_place = [self.place_table[homes.below(U16)] for _ in range(USERS + BOTS)]
        self.price_permille = [value_at(PRICE_PERMILLE, step << 20) for step in range(4_096)]
        self.click_threshold = self._click_thresholds()
        self.bid_micros = self._bids()
        self.value_micros = self._values()

    def _creative_weights(self) -> list[int]:
        campaign_weights = _zipf(Draws(self._key, b"campaigns"), CAMPAIGNS, flatten=3)
        creatives = Draws(self._key, b"creatives")
        weights: list[int] = []
        for campaign_weight in campaign_weights:
            inner = _zipf(creatives, CREATIVES_PER_CAMPAIGN, flatten=1)
            weights += [campaign_weight * weight // sum(inner) for weight in inner]
        return weights

    def _click_thresholds(self) -> list[int]:
        """Per campaign, the 16-bit draw below which an impression is clicked; 5 % overall."""
        draws = Draws(self._key, b"clicks")
        appeal = [draws.between(600, 1_500) for _ in range(CAMPAIGNS)]
        mean = sum(appeal[campaign_of(creative)] for creative in self.creative_table) / U16
        return [round(CLICK_SHARE * U16 * value / mean) for value in appeal]

    def _bids(self) -> list[int]:
        draws = Draws(self._key, b"bids")
        return [draws.between(20_000, 300_000) for _ in range(CAMPAIGNS)]

    def _values(self) -> list[int]:
        """Base conversion value per campaign, chosen so that ROAS runs from 0.4 to 6."""
        draws = Draws(self._key, b"values")
        values = []
        for rank, campaign in sorted(
            zip(draws.shuffled(CAMPAIGNS), range(CAMPAIGNS), strict=True), key=lambda pair: pair[1]
        ):
            roas_permille = 400 + 5_600 * rank * rank // (CAMPAIGNS * CAMPAIGNS)
            impressions_per_conversion = U16 * 10 // self.click_threshold[campaign]
            values.append(
                self.bid_micros[campaign] * impressions_per_conversion * roas_permille // 1_000
            )
        return values

    def bid(self, campaign: int, u16: int) -> int:
        """Cost of one impression, micros."""
        return self.bid_micros[campaign] * self.price_permille[u16 >> 4] // 1_000

    def value(self, campaign: int, draws: Draws) -> int:
        """Value of one conversion, micros: half are price-tag cents, half converted currency."""
        micros = self.value_micros[campaign] * value_at(PRICE_PERMILLE, draws.u32())
        micros = micros // mean_permille(PRICE_PERMILLE) + 10_000
        cent = MICROS_PER_UNIT // 100
        return micros // cent * cent if draws.chance(0.5) else micros


def _zipf(draws: Draws, count: int, flatten: int) -> list[int]:
    """Weights 1 / (rank + flatten), dealt to the indices in random order."""
    return [10**9 // (rank + flatten) for rank in draws.shuffled(count)]
