"""Dividing whole micros by weights, so that the parts sum to the whole."""

from __future__ import annotations

from collections.abc import Sequence


def apportioned(total: int, weights: Sequence[int]) -> list[int]:
    """Parts of `total` by weight, by the method of largest remainders (Hamilton).

    Each part is total * weight / sum(weights) rounded down. What is left, fewer units than there
    are parts, goes one each to the largest remainders; of equal ones to the earlier part.

    Raises:
        ValueError: the total or a weight is below zero, or no weight is above it.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        raise ValueError(f"{total} cannot be divided by weights {list(weights)}")
    shares = [divmod(total * weight, whole) for weight in weights]
    parts = [part for part, _ in shares]
    by_remainder = sorted(range(len(parts)), key=lambda place: (-shares[place][1], place))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts
