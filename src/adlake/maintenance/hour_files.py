"""Merges the small files of a table of records, hour by hour, a bounded slice a time.

Each batch adds a file or two to each hour that it touches. In the newest hours only the smallest
files are merged, so that no row is written again with every slice; hours that are closed are merged
to the target. A slice is one commit of Iceberg's kind `replace`: it adds no row, so readers of what
snapshots appended pass it by, and an append never conflicts with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.contracts.compaction import HourFiles, SmallFiles
from adlake.contracts.registry import TableSpec
from adlake.io.iceberg.rewriting import rewrite_files
from adlake.io.iceberg.table import IcebergTable

log = logging.getLogger(__name__)

MOST_FILES: Final = 200
"""Of one slice; the next batch waits for it."""
MOST_BYTES: Final = 128 * 1024 * 1024
"""Of one slice. Not below the target: a whole file of that size has to fit."""
MOST_BYTES_BEHIND: Final = 32 * 1024 * 1024
"""The same while batches take longer than they may: events wait for each second of it."""
ALL_HOURS: Final = 24 * 365 * 1_000
"""More than a table has."""


@dataclass(frozen=True)
class Found:
    """Files of one hour (since 1970) that count as small in an open hour, and in a closed one."""

    hour: int
    open_files: int
    open_bytes: int
    closed_files: int
    closed_bytes: int


@dataclass(frozen=True)
class Slice:
    """What is merged at once: small files of these hours, so many at most."""

    hours: tuple[int, ...]
    small: SmallFiles
    most_files: int


@dataclass(frozen=True)
class _Hour:
    hour: int
    files: int
    bytes: int


def merge_slice(
    session: SparkSession,
    spec: TableSpec,
    most_files: int = MOST_FILES,
    most_bytes: int = MOST_BYTES,
    *,
    is_behind: bool = False,
) -> int:
    """Merge one slice of a table's small files; returns how many there were, 0: none is due.

    While the stream `is_behind` all hours count as open, and a slice is `MOST_BYTES_BEHIND` at
    most: the rest is merged when there is time for it.
    """
    assert spec.compaction is not None  # noqa: S101 - callers choose tables that have one
    assert spec.compaction.hours is not None  # noqa: S101 - as do those of Due.SLICES
    started, plan = time.monotonic(), spec.compaction.hours
    found, now_hour = small_files(session, spec.name, plan), int(time.time()) // 3_600
    if is_behind:
        plan = replace(plan, open_hours=ALL_HOURS)
        most_bytes = min(most_bytes, MOST_BYTES_BEHIND)
    chosen = next_slice(found, plan, now_hour, most_files, most_bytes)
    if chosen is None:
        return 0
    options = {
        "target-file-size-bytes": str(plan.target_bytes),
        "min-file-size-bytes": str(chosen.small.below_bytes),
        # The hours were chosen; what is left of a group that was cut waits for the next slice.
        "min-input-files": "2",
        "max-file-group-size-bytes": str(plan.target_bytes),
        "max-files-to-rewrite": str(chosen.most_files),
    }
    where = hours_sql(chosen.hours, plan.time_column)
    done = rewrite_files(session, spec.name, options, spec.compaction.sort_order, where)
    log.info(
        "%s: compacted %d files of %d hours into %d in %.2f s", spec.name,
        done.files, len(chosen.hours), done.into, time.monotonic() - started,
    )  # fmt: skip
    return done.files


def small_files(session: SparkSession, name: str, plan: HourFiles) -> list[Found]:
    """Every hour of the table with its small files: metadata alone, a row an hour."""
    size = F.col("file_size_in_bytes")
    is_open, is_closed = size < plan.open.below_bytes, size < plan.closed.below_bytes
    none = F.lit(0)
    rows = (
        session.table(f"{IcebergTable(session, name).full_name}.files")
        .groupBy(F.col(f"partition.{plan.time_column}_hour").alias("hour"))
        .agg(
            F.count_if(is_open),
            F.sum(F.when(is_open, size).otherwise(none)),
            F.count_if(is_closed),
            F.sum(F.when(is_closed, size).otherwise(none)),
        )
        .collect()
    )
    return [Found(*row) for row in rows]


def next_slice(
    found: Sequence[Found], plan: HourFiles, now_hour: int, most_files: int, most_bytes: int
) -> Slice | None:
    """Hours of one kind, open or closed, whichever has more to merge; None: nothing is due.

    Of an hour that is more than a slice, a part is done; the rest waits its turn. A producer whose
    clock is ahead does not close the hours of all others: beyond `now_hour` no hour is the newest.
    """
    if not found:
        return None
    hours = [one.hour for one in found]
    newest = max((hour for hour in hours if hour <= now_hour), default=max(hours))
    is_open = {one.hour: one.hour > newest - plan.open_hours for one in found}
    open_hours = [
        _Hour(one.hour, one.open_files, one.open_bytes) for one in found if is_open[one.hour]
    ]
    closed_hours = [
        _Hour(one.hour, one.closed_files, one.closed_bytes)
        for one in found if not is_open[one.hour]
    ]  # fmt: skip
    kinds = (
        (plan.closed, _due(closed_hours, plan.closed)),
        (plan.open, _due(open_hours, plan.open)),
    )
    small, due = max(kinds, key=lambda kind: sum(one.files for one in kind[1]))
    return _cut(due, small, most_files, most_bytes) if due else None


def _due(hours: Iterable[_Hour], small: SmallFiles) -> list[_Hour]:
    """Those with enough small files, most of them first."""
    due = [one for one in hours if one.files >= small.at_least]
    return sorted(due, key=lambda one: (-one.files, one.hour))


def _cut(due: Sequence[_Hour], small: SmallFiles, most_files: int, most_bytes: int) -> Slice:
    first = due[0]
    if first.files > most_files or first.bytes > most_bytes:
        fitting = most_bytes * first.files // max(1, first.bytes)
        return Slice((first.hour,), small, max(2, min(most_files, fitting)))
    hours: list[int] = []
    files = size = 0
    for one in due:
        if files + one.files <= most_files and size + one.bytes <= most_bytes:
            hours.append(one.hour)
            files, size = files + one.files, size + one.bytes
    return Slice(tuple(hours), small, most_files)


def hours_sql(hours: Iterable[int], time_column: str) -> str:
    """A condition that is true of these hours (since 1970) alone; neighbours become one range."""
    return " OR ".join(
        f"({time_column} >= {_literal(first)} AND {time_column} < {_literal(end)})"
        for first, end in _ranges(hours)
    )


def _ranges(hours: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if ranges and ranges[-1][1] == hour:
            ranges[-1] = (ranges[-1][0], hour + 1)
        else:
            ranges.append((hour, hour + 1))
    return ranges


def _literal(hour: int) -> str:
    return f"TIMESTAMP '{datetime.fromtimestamp(hour * 3_600, UTC):%Y-%m-%d %H:%M:%S}+00:00'"
