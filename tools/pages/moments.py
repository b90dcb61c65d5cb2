"""Lengths of time and moments as the pages write them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms"))


def moment(after_ms: int) -> str:
    """`T`, `T + 7 d 1 ms`, `T - 10 m`."""
    return f"T {'-' if after_ms < 0 else '+'} {span(abs(after_ms))}" if after_ms else "T"


def span(length_ms: int) -> str:
    """`7 d 1 ms`, `2 h`."""
    told, rest = [], length_ms
    for unit_ms, name in _UNITS:
        count, rest = divmod(rest, unit_ms)
        told += [f"{count} {name}"] if count else []
    return " ".join(told)
