"""The offset ledger: every offset from a partition's first to the stamp's next, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adlake.io.sql_files import bind, sql_text
from adlake.io.trino import TrinoClient
from adlake.jobs.proof import Failure, PartitionLedger, Pin

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


def ledger_failures(
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], row_limit: int
) -> list[Failure]:
    """Gaps, repeats and offsets that the stamp contradicts; empty when the ledger is complete."""
    failures = []
    for ledger in ledgers:
        expected = ledger.next_offset - ledger.first_offset
        name = f"{ledger.topic} partition {ledger.partition}"
        if missing := expected - ledger.distinct_offsets:
            failures.append(Failure(f"Bronze misses {missing:,} offsets of {name}"))
        if repeated := ledger.bronze_rows - ledger.distinct_offsets:
            failures.append(Failure(f"Bronze holds {repeated:,} rows of {name} more than once"))
    if failures:
        rows = offending_offsets(trino, pin, ledgers, row_limit)
        failures[-1] = replace(failures[-1], rows=rows)
    return [*failures, *_end_failures(pin, ledgers)]


def head_failures(
    ledgers: Sequence[PartitionLedger], begin_offsets: Mapping[int, int]
) -> list[Failure]:
    """Records that the broker still has, from before the first one in Bronze."""
    return [
        Failure(
            f"Bronze misses the head of {ledger.topic} partition {ledger.partition}: the broker "
            f"begins at {begin_offsets[ledger.partition]:,}, Bronze at {ledger.first_offset:,}"
        )
        for ledger in ledgers
        if ledger.first_offset > begin_offsets.get(ledger.partition, ledger.first_offset)
    ]


def completeness_failures(
    trino: TrinoClient, pin: Pin, row_limit: int, *, with_bronze: bool
) -> list[Failure]:
    """Batches whose books do not close; `with_bronze` also counts all of Bronze again, at once."""
    if not pin.has_counts:
        return []
    checks = [("the books of the stream do not close", "completeness")]
    if with_bronze:
        checks.append(("Bronze does not hold what a batch counted", "batch_completeness"))
    return [
        Failure(problem, rows)
        for problem, name in checks
        if (rows := trino.records(bind(sql_text(f"checks/{name}"), {"row_limit": row_limit})))
    ]


def _end_failures(pin: Pin, ledgers: Sequence[PartitionLedger]) -> list[Failure]:
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
    other_topics = sorted({ledger.topic for ledger in ledgers} - {pin.topic})
    return failures + [Failure(f"Bronze holds rows of another topic: {t}") for t in other_topics]


def _is_untouched(pin: Pin, partition: int) -> bool:
    """A partition without records is stamped with its beginning and has no row."""
    return pin.next_offsets[partition] == 0


def offending_offsets(
    trino: TrinoClient, pin: Pin, ledgers: Sequence[PartitionLedger], row_limit: int
) -> list[dict[str, object]]:
    """Rows of checks/bronze_offsets: repeated offsets, and those after which some are missing."""
    rows: list[dict[str, object]] = []
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
