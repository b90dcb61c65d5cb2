"""Names and constants of the attribution models. Data only; docs/adr/0026 says why."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from adlake.contracts.law import DAY_MS


class Model(StrEnum):
    """How a conversion is divided among the touches of its path."""

    LAST = "last"
    """All to the last touch."""
    FIRST = "first"
    """All to the first touch."""
    LINEAR = "linear"
    """The same to each touch."""
    POSITION = "position"
    """40 % to the first, 40 % to the last, 20 % to those between; two touches: half each."""
    TIME_DECAY = "time_decay"
    """By 2^(-age / half-life); age is the time from touch to conversion."""
    MARKOV = "markov"
    """By the conversions that would be lost without a campaign, in a first-order Markov chain."""
    SHAPLEY = "shapley"
    """By the Shapley value of the campaigns, in the game of what each set of them brought alone."""


UNIT: Final = 10**12
"""Probabilities and decay weights are whole numbers of 1/UNIT; each division rounds down."""
HALF_LIFE_MS: Final = 7 * DAY_MS
"""Of time decay."""
MOST_HALF_LIFE_MS: Final = 10_000 * DAY_MS
"""27 years: under it all touches of a path weigh the same, to the micro."""
LN2: Final = 693_147_180_560
"""ln 2, in 1/UNIT."""
DECAY_TERMS: Final = 12
"""Of the series of the exponential function: the next one is below 1/UNIT."""
