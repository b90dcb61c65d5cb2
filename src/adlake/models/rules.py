"""Credit of every attributed conversion under each model, on plain values: the reference form.

    credits = credits_of(touches, conversions)

Input: touches and conversions of all users (`paths`). Output: one row per model, conversion and
touch of its path, in micros; the rows of one model and conversion sum to the conversion's value.
The result depends on the set of rows alone. `sql/oracles/models` says the same in SQL.

Touches are weighed under `last`, `first`, `linear`, `position` and `time_decay`; under `markov`
and `shapley` the campaigns of a path are, and each campaign's part is divided evenly among its
touches. Both divisions are by largest remainders (`apportion`); of equal ones the earlier in the
path comes first.

Shapley: the worth of a set of campaigns is the value of the conversions whose paths had no other
campaign: v(S) = sum of R(T) over T in S. Its Shapley value is the sum over T of R(T) / |T| for the
campaigns of T (K. Zhao, S. H. Mahboobi, S. R. Bagheri, "Shapley value methods for attribution
modeling in online advertising", arXiv:1804.05327, 2018). As it is a sum over conversions, each one
is divided by itself: evenly among the campaigns of its path. A path without a conversion is worth
nothing in this game, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adlake.contracts.law import LAW_V1, LawConstants
from adlake.models.apportion import apportioned
from adlake.models.contract import HALF_LIFE_MS, Model
from adlake.models.markov import removal_of
from adlake.models.paths import Conversion, Path, Step, Touch, paths_of
from adlake.models.weights import (
    decay_weights,
    first_weights,
    last_weights,
    linear_weights,
    position_weights,
)

__all__ = ["Conversion", "Credit", "Path", "Step", "Touch", "credits_of", "paths_of"]

_Places = tuple[int, ...]
_BY_PLACE: Final[Mapping[Model, Callable[[Path], list[int]]]] = {
    Model.LAST: last_weights,
    Model.FIRST: first_weights,
    Model.LINEAR: linear_weights,
    Model.POSITION: position_weights,
}


@dataclass(frozen=True, slots=True)
class Credit:
    """What one touch gets of one conversion under one model; both are named by an impression."""

    model: Model
    conversion_id: str
    impression_id: str
    campaign_id: str | None
    micros: int


def credits_of(
    touches: Iterable[Touch],
    conversions: Iterable[Conversion],
    models: Sequence[Model] = tuple(Model),
    constants: LawConstants = LAW_V1,
    half_life_ms: int = HALF_LIFE_MS,
) -> list[Credit]:
    """Credit rows by model, conversion (time, id) and place in the path; some are of 0 micros.

    Args:
        touches: every ad that was shown, also those that led to nothing (Markov needs them).
        conversions: those that are attributed, each with its own touch among the touches.
        models: in the order in which their rows come.
        constants: of the law; its lookback at the time of the conversion is that of the path.
        half_life_ms: of time decay.

    Raises:
        ValueError: see `paths_of`.
    """
    paths = paths_of(touches, conversions, constants)
    lost: Mapping[str | None, int] = {}
    if Model.MARKOV in models:
        journeys = [([s.campaign_id for s in one.steps], bool(one.conversion)) for one in paths]
        lost = removal_of(journeys).lost
    return [
        Credit(model, path.conversion.impression_id, step.impression_id, step.campaign_id, micros)
        for model in models
        for path in paths
        if path.conversion is not None
        for step, micros in zip(
            path.steps,
            _divided(path.conversion.micros, *_claims(model, path, lost, half_life_ms)),
            strict=True,
        )
    ]


def _claims(
    model: Model, path: Path, lost: Mapping[str | None, int], half_life_ms: int
) -> tuple[list[int], list[_Places]]:
    """Who claims a part: a weight each, and the places of the touches that share it evenly."""
    if model in {Model.MARKOV, Model.SHAPLEY}:
        places_of: dict[str | None, _Places] = {}
        for place, step in enumerate(path.steps):
            places_of[step.campaign_id] = (*places_of.get(step.campaign_id, ()), place)
        if model is Model.SHAPLEY:
            return [1] * len(places_of), list(places_of.values())
        # At least 1, so that a path is divided even where every loss is below 1/UNIT.
        return [max(1, lost[campaign]) for campaign in places_of], list(places_of.values())
    weights = (
        decay_weights(path, half_life_ms) if model is Model.TIME_DECAY else _BY_PLACE[model](path)
    )
    return weights, [(place,) for place in range(len(weights))]


def _divided(total: int, weights: Sequence[int], claims: Sequence[_Places]) -> list[int]:
    """Micros by place."""
    micros_at: dict[int, int] = {}
    for part, places in zip(apportioned(total, weights), claims, strict=True):
        micros_at.update(zip(places, apportioned(part, [1] * len(places)), strict=True))
    return [micros_at[place] for place in sorted(micros_at)]
