"""The offset ledger: every offset from a partition's first to the stamp's next, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from adlake.contracts.source import epoch_of_label, source_label, topic_of_label
from adlake.io.kafka.holes import FindHoles, OffsetRange, counted_within, judged
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.bronze_gaps import Gaps, explained_gaps, missing_ranges, offset_ranges
from adlake.proof.records_sql import completeness_sql, records_values
from adlake.proof.verdict import Failure, PartitionLedger, Pin

MOST_BOOKS = 10_000
"""So many places where the books do not close are looked at; that there are more is said."""


def partition_ledgers(trino: TrinoClient, pin: Pin) -> list[PartitionLedger]:
    """What Bronze holds of each partition, by topic and partition."""
    values = {**records_values(pin.records_table), "bronze_snapshot": pin.bronze_snapshot}
    ranges = trino.records(bind(sql_text("proof/offset_ranges"), values))
    distinct: Counter[tuple[str, int]] = Counter()
    lowest = min((row["first_offset"] for row in ranges), default=0)
    highest = max((row["next_offset"] for row in ranges), default=0)
    for parameters in offset_ranges(pin, lowest, highest):
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
    found = []
    for topic in sorted({ledger.topic for ledger in ledgers}):
        ours = [ledger for ledger in ledgers if ledger.topic == topic]
        ask = find_holes if topic == pin.topic else _ask_nobody
        gaps = explained_gaps(trino, pin, ours, ask) if any(map(_missing, ours)) else {}
        for ledger in ours:
            told = gaps.get(ledger.partition, Gaps())
            found.append(replace(ledger, holes=told.empty, lost_ranges=told.lost))
    return found


def _ask_nobody(_ranges: Sequence[OffsetRange]) -> Sequence[OffsetRange]:
    return ()


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
            where = [asdict(gap) for gap in ledger.lost_ranges]
            failures.append(Failure(f"Bronze misses {missing:,} offsets of {name}", where))
        if repeated := ledger.bronze_rows - ledger.distinct_offsets:
            failures.append(Failure(f"Bronze holds {repeated:,} rows of {name} more than once"))
    if failures and not any(failure.rows for failure in failures):
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
    find_holes: FindHoles = lambda _ranges: [],
    *,
    with_bronze: bool,
    others: Sequence[str] = (),
) -> list[Failure]:
    """Batches whose books do not close; `with_bronze` also counts all of Bronze again, at once.

    `others` are further tables of records that the stream keeps books of.
    Books of older drivers do not say which offsets hold no record: the broker is asked for those.
    """
    if not pin.has_counts:
        return []
    checks = [
        (
            "the books of the stream do not close",
            completeness_sql(MOST_BOOKS, (pin.records_table, *others)),
        )
    ]
    if with_bronze:
        batches = bind(sql_text("checks/batch_completeness"), {"row_limit": MOST_BOOKS})
        checks.append(("Bronze does not hold what a batch counted", batches))
    newest = {ledger.partition: ledger for ledger in ledgers if ledger.topic == pin.topic}
    failures = []
    for problem, sql in checks:
        found = trino.records(sql)
        if rows := _unexplained(trino, pin, newest, found, find_holes):
            failures.append(Failure(problem, rows[:row_limit]))
        if len(found) == MOST_BOOKS:
            said = f"{problem}: only the first {MOST_BOOKS:,} places were looked at"
            failures.append(Failure(said))
    return failures


def _unexplained(
    trino: TrinoClient,
    pin: Pin,
    newest: Mapping[int, PartitionLedger],
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
    for parameters in offset_ranges(pin, lowest, highest):
        sql = bind(sql_text("checks/bronze_offsets"), {**parameters, "row_limit": row_limit})
        rows.extend(trino.records(sql))
        if len(rows) >= row_limit:
            break
    return rows[:row_limit]
