"""Compares a table of records with what its producers wrote beside the records they sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from adlake.contracts.source import FIRST_INCARNATION, incarnation_of_label, topic_of_label
from adlake.io.kafka.acks import UNPLACED, PartitionAcks
from adlake.io.sql.files import SqlText, bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.records_sql import records_values
from adlake.proof.verdict import Failure, OffsetCoverage, Pin

_MOST_PROBLEMS = 10
ALL_PLACES = "all"


class RecordsTruth(Protocol):
    """The right answer about what one run sent to a topic.

    It is complete for the acknowledged records. Unless `is_exact`, the run may have sent some of
    them again: then its counts are the least that must be there.
    """

    run_id: str
    topic: str
    topic_id: str
    acks: dict[int, PartitionAcks]
    is_exact: bool

    @property
    def deliveries(self) -> int:
        """Records sent."""

    @property
    def rejected(self) -> Mapping[str, int]:
        """Records by the reason they must be rejected for."""

    @property
    def admitted_by(self) -> Mapping[str, Mapping[str, int]]:
        """Header column of the table -> its value -> admitted records that have it."""


LoadRecordsTruths = Callable[[], Sequence[RecordsTruth]]


def records_truth_verdict(
    trino: TrinoClient,
    pin: Pin,
    coverages: Sequence[OffsetCoverage],
    rejected: Mapping[str, int],
    truths: Sequence[RecordsTruth],
) -> tuple[str, list[Failure]]:
    """One sentence, and what differs where the producers' counts say something about this table.

    Args:
        trino: client for the counts by header column.
        pin: the snapshot that is compared, and what it claims to contain.
        coverages: the offsets that it holds.
        rejected: its rejected records by reason.
        truths: every run's truth, read before the snapshot was chosen.
    """
    ours = [one for one in truths if one.topic == topic_of_label(pin.topic)]
    if not ours:
        return "none: no run of the generator is known here", []
    if reason := incomparable(pin, ours):
        return f"not compared: {reason}", []
    held, told = _counts_by_place(pin, coverages, ours)
    unknown = sum(held.values()) - sum(told.values())
    if ALL_PLACES in told and unknown < 0:
        return f"not compared: {-unknown:,} records still in flight", []
    is_all = unknown <= 0 and all(one.is_exact for one in ours)
    problems = [
        *_contradictions(ours),
        *_differences("partition", held, told, is_all=is_all),
        *_differences("rejected", rejected, _sum(one.rejected for one in ours), is_all=is_all),
        *_header_problems(trino, pin, ours, is_all=is_all),
    ]
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        failure = Failure(f"{pin.records_table} is not what its producers sent", shown)
        return f"{len(problems)} counts differ", [failure]
    runs = f"{len(ours)} runs of the generator, {sum(told.values()):,} records"
    if is_all:
        return f"{runs}: every count is equal", []
    return f"{runs}, all there; {max(unknown, 0):,} more are in no run's counts", []


def incomparable(pin: Pin, truths: Sequence[RecordsTruth]) -> str:
    """Why the counts say nothing about this table; empty when they do."""
    if incarnation_of_label(pin.topic) != FIRST_INCARNATION:
        return f"the topic was begun anew, as {pin.topic}"
    if others := [one.run_id for one in truths if one.topic_id not in {"", pin.topic_id}]:
        return f"{others[0]} sent to another topic of this name"
    if left := [one for one in truths if one.is_exact and _unacknowledged(one) > 0]:
        lost = _unacknowledged(left[0])
        return f"{lost:,} records of {left[0].run_id} were never acknowledged: they may be there"
    ends = {p: max(_furthest(one, p) for one in truths) for p in _partitions(truths, {})}
    if behind := sum(max(0, end - pin.next_offsets.get(p, 0)) for p, end in ends.items()):
        return f"{behind:,} records still in flight"
    return ""


def _counts_by_place(
    pin: Pin, coverages: Sequence[OffsetCoverage], truths: Sequence[RecordsTruth]
) -> tuple[Mapping[Any, int], Mapping[Any, int]]:
    """Records held and told of, by partition; all in one where a run knows no partitions."""
    held = {one.partition: one.distinct_offsets for one in coverages if one.topic == pin.topic}
    told = {p: sum(_acknowledged(one, p) for one in truths) for p in _partitions(truths, held)}
    if UNPLACED not in told:
        return held, told
    return {ALL_PLACES: sum(held.values())}, {ALL_PLACES: sum(told.values())}


def _partitions(truths: Sequence[RecordsTruth], held: Mapping[int, int]) -> list[int]:
    return sorted({*held, *(partition for one in truths for partition in one.acks)})


def _acknowledged(truth: RecordsTruth, partition: int) -> int:
    return truth.acks.get(partition, PartitionAcks()).records


def _furthest(truth: RecordsTruth, partition: int) -> int:
    return truth.acks.get(partition, PartitionAcks()).next_offset


def _contradictions(truths: Sequence[RecordsTruth]) -> Iterator[dict[str, Any]]:
    """Runs with more acknowledgements than records that they say they sent."""
    for one in truths:
        if one.is_exact and (surplus := -_unacknowledged(one)) > 0:
            yield {
                "run": one.run_id, "acknowledged": one.deliveries + surplus, "sent": one.deliveries
            }  # fmt: skip


def _unacknowledged(truth: RecordsTruth) -> int:
    return truth.deliveries - sum(acks.records for acks in truth.acks.values())


def _header_problems(
    trino: TrinoClient, pin: Pin, truths: Sequence[RecordsTruth], *, is_all: bool
) -> Iterator[dict[str, Any]]:
    for header in sorted({name for one in truths for name in one.admitted_by}):
        values = {
            **records_values(pin.records_table),
            "bronze_snapshot": pin.bronze_snapshot,
            "kafka_topic": pin.topic,
            "header": SqlText(header),
        }
        rows = trino.records(bind(sql_text("proof/admitted_by_column"), values))
        held = {row["header_value"]: row["deliveries"] for row in rows}
        told = _sum(one.admitted_by.get(header, {}) for one in truths)
        yield from _differences(header, held, told, is_all=is_all)


def _differences(
    name: str, held: Mapping[Any, int], told: Mapping[Any, int], *, is_all: bool
) -> Iterator[dict[str, Any]]:
    """Where the table has less than was sent; with `is_all`, also where it has more."""
    for key in sorted({*held, *told}):
        lake, truth = held.get(key, 0), told.get(key, 0)
        if lake < truth or (is_all and lake != truth):
            yield {name: key, "lake": lake, "truth": truth}


def _sum(parts: Iterator[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return total
