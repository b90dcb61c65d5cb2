"""Weights of the touches of one path under the models that look at nothing but the path."""

from __future__ import annotations

from adlake.models.contract import DECAY_TERMS, LN2, UNIT
from adlake.models.paths import Path


def last_weights(path: Path) -> list[int]:
    """All to the last touch."""
    return [*[0] * (len(path.steps) - 1), 1]


def first_weights(path: Path) -> list[int]:
    """All to the first touch."""
    return last_weights(path)[::-1]


def linear_weights(path: Path) -> list[int]:
    """The same to each touch."""
    return [1] * len(path.steps)


def position_weights(path: Path) -> list[int]:
    """40 % first, 40 % last, 20 % in equal parts between them ("U-shaped").

    With m touches between, the ends weigh 2m and each of the others 1: 2m / 5m = 40 %.
    """
    between = len(path.steps) - 2
    if between < 1:
        return linear_weights(path)
    return [2 * between, *[1] * between, 2 * between]


def decay_weights(path: Path, half_life_ms: int) -> list[int]:
    """2^(-age / half-life) in 1/UNIT, at least 1; age: ms from the touch to the conversion."""
    if path.conversion is None:
        raise ValueError("a path without a conversion has no age")
    end_ms = path.conversion.ts_ms
    return [halved(end_ms - step.at_ms, half_life_ms) for step in path.steps]


def halved(age_ms: int, half_life_ms: int) -> int:
    """2^(-age / half-life) in 1/UNIT, at least 1.

    Whole half-lives halve. For the rest of one, e^(-y) with y = ln 2 * rest / half-life, by its
    power series in the form of Horner: 1 - y/1 (1 - y/2 (1 - y/3 (...))).
    """
    halvings, rest_ms = divmod(age_ms, half_life_ms)
    exponent = LN2 * rest_ms // half_life_ms
    value = UNIT
    for term in range(DECAY_TERMS, 0, -1):
        value = UNIT - exponent * value // (UNIT * term)
    return max(1, value >> halvings)
