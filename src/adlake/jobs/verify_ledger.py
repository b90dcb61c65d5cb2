"""The offset ledger: every offset from a partition's first to the stamp's next, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adlake.contracts.source import epoch_of_label, source_label, topic_of_label
from adlake.io.sql_files import bind, sql_text
from adlake.io.topic_holes import FindHoles, OffsetRange
from adlake.io.trino import TrinoClient
from adlake.jobs.proof import Failure, PartitionLedger, Pin

MOST_HOLES = 1_000
"""So many gaps are asked about; more are reported as missing."""
OFFSETS_PER_RANGE = 500_000
"""Distinct offsets of a range and a partition are held in memory by Trino."""


def partition_ledgers(trino: TrinoClient, pin: Pin) -> list[PartitionLedger]:
    """What Bronze holds of each partition, by topic and partition."""
    sql = bind(sql_text("proof/offset_ranges"), {"bronze_snapshot": pin.bronze_snapshot})
    ranges = trino.records(sql)
    distinct: Counter[tuple[str, int]] = Counter()
    lowest = min((row["first_offset"] for row in ranges), default=0)
    highest = max((row["next_offset"] for row in ranges), default=0)
    for parameters in _offset_ranges(pin, lowest, highest):
        for topic, partition, count in trino.rows(
            bind(sql_text("proof/distinct_offsets"), parameters)
        ):
            distinct[topic, partition] += count
    return [
        PartitionLedger(
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
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], find_holes: FindHoles
) -> list[PartitionLedger]:
    """The ledgers, with those missing offsets counted as holes that hold no record.

    Only the newest source epoch can be asked about: the broker knows no older one.
    """
    newest = [ledger for ledger in ledgers if ledger.topic == pin.topic]
    if all(_missing(ledger) == 0 for ledger in newest):
        return list(ledgers)
    found = find_holes(missing_ranges(trino, pin, newest, MOST_HOLES))
    return [
        replace(
            ledger,
            hole_ranges=tuple((g.first, g.next) for g in found if g.partition == ledger.partition),
        )
        if ledger.topic == pin.topic
        else ledger
        for ledger in ledgers
    ]


def missing_ranges(
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], row_limit: int
) -> list[OffsetRange]:
    """Ranges that Bronze lacks within what these ledgers hold, of one source epoch."""
    wanted = {(ledger.topic, ledger.partition) for ledger in ledgers}
    return [
        OffsetRange(
            row["kafka_partition"],
            row["kafka_offset"] + 1,
            row["kafka_offset"] + 1 + row["missing_after"],
        )
        for row in offending_offsets(trino, pin, ledgers, row_limit)
        if (row["kafka_topic"], row["kafka_partition"]) in wanted and row["missing_after"]
    ]


def _missing(ledger: PartitionLedger) -> int:
    width = ledger.next_offset - ledger.first_offset
    return width - ledger.distinct_offsets - ledger.holes


def ledger_failures(
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], row_limit: int
) -> list[Failure]:
    """Gaps, repeats and offsets that the stamp contradicts; empty when the ledger is complete."""
    failures = []
    for ledger in ledgers:
        name = f"{ledger.topic} partition {ledger.partition}"
        if missing := _missing(ledger):
            failures.append(Failure(f"Bronze misses {missing:,} offsets of {name}"))
        if repeated := ledger.bronze_rows - ledger.distinct_offsets:
            failures.append(Failure(f"Bronze holds {repeated:,} rows of {name} more than once"))
    if failures:
        rows = offending_offsets(trino, pin, ledgers, row_limit)
        failures[-1] = replace(failures[-1], rows=rows)
    return [*failures, *end_failures(pin, ledgers)]


def head_failures(
    pin: Pin,
    ledgers: Sequence[PartitionLedger],
    begin_offsets: Mapping[int, int],
    find_holes: FindHoles = lambda _ranges: [],
) -> list[Failure]:
    """Records that the broker still has, from before the first one in Bronze."""
    first = {p: max(begin, pin.start_offsets.get(p, 0)) for p, begin in begin_offsets.items()}
    heads = {
        OffsetRange(ledger.partition, first[ledger.partition], ledger.first_offset): ledger
        for ledger in ledgers
        if ledger.topic == pin.topic
        and ledger.first_offset > first.get(ledger.partition, ledger.first_offset)
    }
    without_record = find_holes(list(heads)) if heads else ()
    return [
        Failure(
            f"Bronze misses the head of {ledger.topic} partition {ledger.partition}: the broker "
            f"has offset {head.first:,}, Bronze begins at {head.next:,}"
        )
        for head, ledger in heads.items()
        if head not in without_record
    ]


def completeness_failures(
    trino: TrinoClient,
    pin: Pin,
    ledgers: Sequence[PartitionLedger],
    row_limit: int,
    *,
    with_bronze: bool,
) -> list[Failure]:
    """Batches whose books do not close; `with_bronze` also counts all of Bronze again, at once.

    Offsets that hold no record are in no book: what they explain is no failure.
    """
    if not pin.has_counts:
        return []
    checks = [("the books of the stream do not close", "completeness")]
    if with_bronze:
        checks.append(("Bronze does not hold what a batch counted", "batch_completeness"))
    holes = {ledger.partition: ledger for ledger in ledgers if ledger.hole_ranges}
    most = MOST_HOLES if holes else row_limit
    failures = []
    for problem, name in checks:
        found = trino.records(bind(sql_text(f"checks/{name}"), {"row_limit": most}))
        rows = [row for row in found if not _is_explained(row, pin, holes)]
        if rows:
            failures.append(Failure(problem, rows[:row_limit]))
    return failures


def _is_explained(row: Mapping[str, Any], pin: Pin, holes: Mapping[int, PartitionLedger]) -> bool:
    ledger = holes.get(row.get("kafka_partition", -1))
    if ledger is None or row["kafka_topic"] != pin.topic or "missing" not in row:
        return False
    missing: int = row["missing"]
    return ledger.holes_within(row["first_offset"], row["next_offset"]) == missing


def end_failures(pin: Pin, ledgers: Sequence[PartitionLedger]) -> list[Failure]:
    """Where the stamp and Bronze end at different offsets, and rows of unknown topics."""
    held = {ledger.partition: ledger.next_offset for ledger in ledgers if ledger.topic == pin.topic}
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
    epochs = range(1, epoch_of_label(pin.topic) + 1)
    known = {source_label(topic_of_label(pin.topic), number) for number in epochs}
    other_topics = sorted({ledger.topic for ledger in ledgers} - known)
    return failures + [Failure(f"Bronze holds rows of another topic: {t}") for t in other_topics]


def _is_untouched(pin: Pin, partition: int) -> bool:
    """A partition without records is stamped with its beginning and has no row."""
    return pin.next_offsets[partition] == pin.start_offsets.get(partition, 0)


def offending_offsets(
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], row_limit: int
) -> list[dict[str, Any]]:
    """Rows of checks/bronze_offsets: repeated offsets, and those after which some are missing."""
    rows: list[dict[str, Any]] = []
    lowest = min(ledger.first_offset for ledger in ledgers)
    highest = max(ledger.next_offset for ledger in ledgers)
    for parameters in _offset_ranges(pin, lowest, highest):
        sql = bind(sql_text("checks/bronze_offsets"), {**parameters, "row_limit": row_limit})
        rows.extend(trino.records(sql))
        if len(rows) >= row_limit:
            break
    return rows[:row_limit]


def _offset_ranges(pin: Pin, lowest: int, highest: int) -> Iterator[dict[str, int]]:
    for first in range(lowest, highest, OFFSETS_PER_RANGE):
        yield {
            "bronze_snapshot": pin.bronze_snapshot,
            "first_offset": first,
            "next_offset": first + OFFSETS_PER_RANGE,
        }
