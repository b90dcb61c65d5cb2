"""The slot law as a Spark SQL expression, and slots as prunable ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from adlake.contracts import slot as law

IN_LIST_SIZE = 190
MAX_LISTED = 760
MAX_RANGES = 150
"""Planner and Parquet evaluate every range per file and row group: keep the list short."""


def slot_sql(id_column: str) -> str:
    """Spark SQL text of `contracts.slot.slot_of`; INT, never NULL for a non-NULL id."""
    epoch_ms = (
        f"CASE WHEN {id_column} RLIKE '{law.IMP_PATTERN}' THEN {_imp_epoch_ms(id_column)} "
        f"WHEN {id_column} RLIKE '{law.UUID7_PATTERN}' THEN {_uuid7_epoch_ms(id_column)} "
        f"WHEN {id_column} RLIKE '{law.ULID_PATTERN}' THEN {_ulid_epoch_ms(id_column)} END"
    )
    return (
        f"CAST(COALESCE({epoch_ms} DIV {law.MS_PER_SLOT}, "
        f"crc32(CAST({id_column} AS BINARY)) % {law.SLOTS_PER_DAY}) AS INT)"
    )


def _imp_epoch_ms(id_column: str) -> str:
    ms_of_day = f"CAST(conv(substr({id_column}, 14, 7), 16, 10) AS BIGINT)"
    year = f"CAST(substr({id_column}, 5, 4) AS INT)"
    month = f"make_date({year}, CAST(substr({id_column}, 9, 2) AS INT), 1)"
    day = f"CAST(substr({id_column}, 11, 2) AS BIGINT)"
    return (
        f"CASE WHEN {ms_of_day} < {law.MS_PER_DAY} "
        f"THEN (unix_date({month}) + {day} - 1) * {law.MS_PER_DAY} + {ms_of_day} END"
    )


def _uuid7_epoch_ms(id_column: str) -> str:
    hex_digits = f"concat(substr({id_column}, 1, 8), substr({id_column}, 10, 4))"
    return _within_years(f"CAST(conv({hex_digits}, 16, 10) AS BIGINT)")


def _ulid_epoch_ms(id_column: str) -> str:
    symbols = " + ".join(
        f"CAST(instr('{law.CROCKFORD}', substr({id_column}, {n}, 1)) - 1 AS BIGINT) "
        f"* {32 ** (10 - n)}L"
        for n in range(1, 11)
    )
    return _within_years(f"({symbols})")


def _within_years(epoch_ms: str) -> str:
    return (
        f"CASE WHEN {epoch_ms} >= {law.MIN_SLOT_MS} AND {epoch_ms} < {law.MAX_SLOT_MS_EXCLUSIVE} "
        f"THEN {epoch_ms} END"
    )


def slots_sql(slot_column: str, slots: Iterable[int]) -> str:
    """Predicate that holds for every given slot, in a form that prunes files and row groups.

    Up to MAX_LISTED slots are listed (IN lists of over 200 are ignored for pruning, so they come
    in chunks; the generated code stays the same from batch to batch). More are covered by ranges.
    """
    ordered = sorted(set(slots))
    if not ordered:
        return "FALSE"
    if len(ordered) > MAX_LISTED:
        terms = [
            f"{slot_column} BETWEEN {first} AND {last}" for first, last in slot_ranges(ordered)
        ]
    else:
        chunks = [ordered[n : n + IN_LIST_SIZE] for n in range(0, len(ordered), IN_LIST_SIZE)]
        terms = [f"{slot_column} IN ({', '.join(map(str, chunk))})" for chunk in chunks]
    return "(" + " OR ".join(terms) + ")"


def slot_ranges(ordered: Sequence[int], most: int = MAX_RANGES) -> list[tuple[int, int]]:
    """Cover ascending slots by at most `most` closed ranges, leaving out the widest gaps.

    Returns:
        Sorted, disjoint (first, last) pairs; empty for no slots.
    """
    if not ordered:
        return []
    gaps = [(right - left, left, right) for left, right in pairwise(ordered) if right - left > 1]
    cuts = sorted(gaps)[-(most - 1) :] if most > 1 else []
    firsts = [ordered[0], *sorted(right for _, _, right in cuts)]
    lasts = [*sorted(left for _, left, _ in cuts), ordered[-1]]
    return list(zip(firsts, lasts, strict=True))
