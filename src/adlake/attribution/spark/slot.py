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
    """Spark SQL text of `contracts.slot.slot_of`; INT, never NULL for a non-NULL id.

    The ids of the own generator meet one pattern, all others first a comparison of lengths.
    """
    hash_slot = f"crc32(CAST({id_column} AS BINARY)) % {law.SLOTS_PER_DAY}"
    ms_of_day = f"CAST(conv(substr({id_column}, 14, 7), 16, 10) AS BIGINT)"
    day = f"{_day(id_column)} * {law.SLOTS_PER_DAY}"
    return (
        f"CAST(CASE WHEN {id_column} RLIKE '{law.IMP_PATTERN}' AND {ms_of_day} < {law.MS_PER_DAY} "
        f"THEN {day} + {ms_of_day} DIV {law.MS_PER_SLOT} "
        f"WHEN {id_column} RLIKE '{law.DAY_PATTERN}' THEN {day} + {hash_slot} "
        f"ELSE COALESCE({_embedded_epoch_ms(id_column)} DIV {law.MS_PER_SLOT}, {hash_slot}) END "
        "AS INT)"
    )


def _day(id_column: str) -> str:
    year = f"CAST(substr({id_column}, 5, 4) AS INT)"
    month = f"make_date({year}, CAST(substr({id_column}, 9, 2) AS INT), 1)"
    return f"(unix_date({month}) + CAST(substr({id_column}, 11, 2) AS BIGINT) - 1)"


def _embedded_epoch_ms(id_column: str) -> str:
    forms = (
        (law.UUID_LENGTH, law.UUID_PATTERN, _uuid_epoch_ms(id_column)),
        (law.ULID_LENGTH, law.ULID_PATTERN, _ulid_epoch_ms(id_column)),
        (law.KSUID_LENGTH, law.KSUID_PATTERN, _ksuid_epoch_ms(id_column)),
        (law.OBJECT_ID_LENGTH, law.OBJECT_ID_PATTERN, _object_id_epoch_ms(id_column)),
    )
    branches = " ".join(
        f"WHEN length({id_column}) = {length} AND {id_column} RLIKE '{pattern}' THEN {epoch_ms}"
        for length, pattern, epoch_ms in forms
    )
    return f"CASE {branches} END"


def _uuid_epoch_ms(id_column: str) -> str:
    first, second, third = (
        f"substr({id_column}, {start}, {size})" for start, size in ((1, 8), (10, 4), (16, 3))
    )
    version = f"substr({id_column}, 15, 1)"
    of_version_7 = _hexadecimal(f"concat({first}, {second})")
    in_order = (
        f"CASE WHEN {version} = '1' THEN concat({third}, {second}, {first}) "
        f"ELSE concat({first}, {second}, {third}) END"
    )
    of_ticks = f"({_hexadecimal(in_order)} - {law.UUID_TICKS_AT_1970}L) DIV {law.TICKS_PER_MS}"
    return (
        f"CASE WHEN {version} = '7' THEN {_within_years(of_version_7)} "
        f"ELSE {_within_years(of_ticks)} END"
    )


def _ulid_epoch_ms(id_column: str) -> str:
    return _within_years(_number(f"upper({id_column})", law.ULID_TIME_DIGITS, law.CROCKFORD))


def _ksuid_epoch_ms(id_column: str) -> str:
    steps = _number(id_column, law.KSUID_TIME_DIGITS, law.BASE62)
    seconds = f"{steps} * {law.KSUID_NUMERATOR} DIV {law.KSUID_DENOMINATOR}"
    return _within_years(f"({law.KSUID_EPOCH_SECONDS} + {seconds}) * 1000")


def _object_id_epoch_ms(id_column: str) -> str:
    return _within_years(f"{_hexadecimal(f'substr({id_column}, 1, 8)')} * 1000")


def _hexadecimal(digits: str) -> str:
    return f"CAST(conv({digits}, 16, 10) AS BIGINT)"


def _number(text: str, count: int, alphabet: str) -> str:
    """The first `count` digits of a text as a BIGINT."""
    digits = (
        f"CAST(instr('{alphabet}', substr({text}, {n}, 1)) - 1 AS BIGINT) "
        f"* {len(alphabet) ** (count - n)}L"
        for n in range(1, count + 1)
    )
    return f"({' + '.join(digits)})"


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
