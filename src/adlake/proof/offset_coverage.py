"""Offset coverage: every offset from a partition's first to the stamp's next, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from adlake.contracts.source import incarnation_of_label, source_label, topic_of_label
from adlake.io.kafka.holes import FindHoles, OffsetRange
from adlake.io.sql.files import SqlText, bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.bronze_gaps import Gaps, explained_gaps, offset_ranges
from adlake.proof.records_sql import EVERYTHING, records_values
from adlake.proof.verdict import Failure, OffsetCoverage, Pin


def partition_coverages(
    trino: TrinoClient, pin: Pin, part: SqlText = EVERYTHING
) -> list[OffsetCoverage]:
    """What Bronze, or a part of it, holds of each partition, by topic and partition."""
    values = {
        **records_values(pin.records_table),
        "bronze_snapshot": pin.bronze_snapshot,
        "bronze_part": part,
    }
    ranges = trino.records(bind(sql_text("proof/offset_ranges"), values))
    distinct: Counter[tuple[str, int]] = Counter()
    lowest = min((row["first_offset"] for row in ranges), default=0)
    highest = max((row["next_offset"] for row in ranges), default=0)
    for parameters in offset_ranges(pin, lowest, highest):
        for topic, partition, count in trino.rows(
            bind(sql_text("proof/distinct_offsets"), {**parameters, "bronze_part": part})
        ):
            distinct[topic, partition] += count
    return [
        OffsetCoverage(
            topic=row["kafka_topic"],
            partition=row["kafka_partition"],
            first_offset=row["first_offset"],
            next_offset=row["next_offset"],
            bronze_rows=row["bronze_rows"],
            distinct_offsets=distinct[row["kafka_topic"], row["kafka_partition"]],
        )
        for row in ranges
    ]


def with_holes(
    trino: TrinoClient, pin: Pin, coverages: Sequence[OffsetCoverage], find_holes: FindHoles
) -> list[OffsetCoverage]:
    """The coverage, with those missing offsets counted as holes that hold no record.

    Only the newest source incarnation can be asked about: the broker knows no older one.
    """
    found: list[OffsetCoverage] = []
    for topic in sorted({one.topic for one in coverages}):
        ours = [one for one in coverages if one.topic == topic]
        ask = find_holes if topic == pin.topic else _ask_nobody
        if not any(map(_missing, ours)):
            found += ours
            continue
        gaps = explained_gaps(trino, pin, ours, ask)
        for coverage in ours:
            told = gaps.get(coverage.partition, Gaps())
            found.append(replace(coverage, holes=told.empty, lost_ranges=told.lost))
    return found


def _ask_nobody(_ranges: Sequence[OffsetRange]) -> Sequence[OffsetRange]:
    return ()


def _missing(coverage: OffsetCoverage) -> int:
    return coverage.width - coverage.distinct_offsets - coverage.holes


def coverage_failures(
    trino: TrinoClient, pin: Pin, coverages: Sequence[OffsetCoverage], row_limit: int
) -> list[Failure]:
    """Gaps, repeats and offsets that the stamp contradicts; empty when the coverage is complete."""
    failures = []
    for coverage in coverages:
        name = f"{coverage.topic} partition {coverage.partition}"
        if missing := _missing(coverage):
            where = [asdict(gap) for gap in coverage.lost_ranges]
            failures.append(Failure(f"Bronze misses {missing:,} offsets of {name}", where))
        if repeated := coverage.bronze_rows - coverage.distinct_offsets:
            failures.append(Failure(f"Bronze holds {repeated:,} rows of {name} more than once"))
    if failures and not any(failure.rows for failure in failures):
        rows = offending_offsets(trino, pin, coverages, row_limit)
        failures[-1] = replace(failures[-1], rows=rows)
    return [*failures, *end_failures(pin, coverages)]


def head_failures(
    pin: Pin,
    coverages: Sequence[OffsetCoverage],
    begin_offsets: Mapping[int, int],
    find_holes: FindHoles = lambda _ranges: [],
) -> list[Failure]:
    """Records that the broker still has, from before the first one in Bronze."""
    first = {p: max(begin, pin.start_offsets.get(p, 0)) for p, begin in begin_offsets.items()}
    heads = {
        OffsetRange(one.partition, first[one.partition], one.first_offset): one
        for one in coverages
        if one.topic == pin.topic and one.first_offset > first.get(one.partition, one.first_offset)
    }
    without_record = find_holes(list(heads)) if heads else ()
    return [
        Failure(
            f"Bronze misses the head of {one.topic} partition {one.partition}: the broker "
            f"has offset {head.first:,}, Bronze begins at {head.next:,}"
        )
        for head, one in heads.items()
        if head not in without_record
    ]


def end_failures(pin: Pin, coverages: Sequence[OffsetCoverage]) -> list[Failure]:
    """Where the stamp and Bronze end at different offsets, and rows of unknown topics."""
    held = {one.partition: one.next_offset for one in coverages if one.topic == pin.topic}
    failures = [
        Failure(
            f"{pin.topic} partition {partition}: the stamp says that offsets below "
            f"{pin.next_offsets.get(partition, 0):,} are contained, Bronze ends before "
            f"{held.get(partition, 0):,}"
        )
        for partition in sorted({*held, *pin.next_offsets})
        if held.get(partition) != pin.next_offsets.get(partition)
        and (partition in held or not _is_untouched(pin, partition))
    ]
    incarnations = range(1, incarnation_of_label(pin.topic) + 1)
    known = {source_label(topic_of_label(pin.topic), number) for number in incarnations}
    other_topics = sorted({one.topic for one in coverages} - known)
    return failures + [Failure(f"Bronze holds rows of another topic: {t}") for t in other_topics]


def _is_untouched(pin: Pin, partition: int) -> bool:
    """A partition without records is stamped with its beginning and has no row."""
    return pin.next_offsets[partition] == pin.start_offsets.get(partition, 0)


def offending_offsets(
    trino: TrinoClient, pin: Pin, coverages: Sequence[OffsetCoverage], row_limit: int
) -> list[dict[str, Any]]:
    """Rows of checks/bronze_offsets: repeated offsets, and those after which some are missing."""
    rows: list[dict[str, Any]] = []
    lowest = min(one.first_offset for one in coverages)
    highest = max(one.next_offset for one in coverages)
    for parameters in offset_ranges(pin, lowest, highest):
        sql = bind(sql_text("checks/bronze_offsets"), {**parameters, "row_limit": row_limit})
        rows.extend(trino.records(sql))
        if len(rows) >= row_limit:
            break
    return rows[:row_limit]
