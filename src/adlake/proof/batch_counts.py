"""Batch counts: what each batch of the stream counted, held against offsets, commits and Bronze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adlake.io.kafka.holes import FindHoles, OffsetRange, counted_within, judged
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.bronze_gaps import missing_ranges
from adlake.proof.records_sql import completeness_sql, records_values
from adlake.proof.verdict import Failure, OffsetCoverage, Pin

MOST_MISMATCHES = 10_000
"""So many places where counts do not agree are looked at; that there are more is said."""


def completeness_failures(
    trino: TrinoClient,
    pin: Pin,
    coverages: Sequence[OffsetCoverage],
    row_limit: int,
    find_holes: FindHoles = lambda _ranges: [],
    *,
    with_bronze: bool,
    others: Sequence[str] = (),
) -> list[Failure]:
    """Where the batch counts do not agree; `with_bronze` also counts all of Bronze again, at once.

    `others` are further tables of records whose batches are counted.
    Counts of older drivers do not say which offsets hold no record: the broker is asked for those.
    """
    if not pin.has_counts:
        return []
    checks = [
        (
            "the batch counts of the stream do not agree",
            completeness_sql(MOST_MISMATCHES, (pin.records_table, *others)),
        )
    ]
    if with_bronze:
        batches = bind(sql_text("checks/batch_completeness"), {"row_limit": MOST_MISMATCHES})
        checks.append(("Bronze does not hold what a batch counted", batches))
        for table in others:
            held = {**records_values(table), "row_limit": MOST_MISMATCHES}
            problem = f"{table} does not hold what a batch counted"
            checks.append((problem, bind(sql_text("checks/held_batches"), held)))
    newest = {coverage.partition: coverage for coverage in coverages if coverage.topic == pin.topic}
    failures = []
    for problem, sql in checks:
        found = trino.records(sql)
        if rows := _unexplained(trino, pin, newest, found, find_holes):
            failures.append(Failure(problem, rows[:row_limit]))
        if len(found) == MOST_MISMATCHES:
            said = f"{problem}: only the first {MOST_MISMATCHES:,} places were looked at"
            failures.append(Failure(said))
    return failures


def _unexplained(
    trino: TrinoClient,
    pin: Pin,
    newest: Mapping[int, OffsetCoverage],
    rows: Sequence[dict[str, Any]],
    find_holes: FindHoles,
) -> list[dict[str, Any]]:
    """Those of the gaps that are more than offsets without a record."""
    asked = {
        _range_of(row): row["missing"]
        for row in rows
        if row["kafka_topic"] == pin.topic
        and row["kafka_partition"] in newest
        and row.get("missing", 0) > 0
    }
    around = [
        replace(
            newest[partition],
            first_offset=min(one.first for one in asked if one.partition == partition),
            next_offset=max(one.next for one in asked if one.partition == partition),
        )
        for partition in sorted({one.partition for one in asked})
    ]
    gaps = judged(missing_ranges(trino, pin, around), find_holes) if around else ()
    explained = counted_within(asked, (gap for gap, is_hole in gaps if is_hole))
    return [row for row in rows if explained[_range_of(row)] != asked.get(_range_of(row), -1)]


def _range_of(row: Mapping[str, Any]) -> OffsetRange:
    return OffsetRange(row["kafka_partition"], row["first_offset"], row["next_offset"])
