"""Compares everything: all of Bronze, all of Gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adlake.contracts.law import LawConstants
from adlake.io.phases import Phases
from adlake.io.trino.client import TrinoClient
from adlake.proof.gold_check import GoldCheck, Report
from adlake.proof.offset_coverage import (
    coverage_failures,
    head_failures,
    partition_coverages,
    with_holes,
)
from adlake.proof.records import Broker, dispositions
from adlake.proof.segment_columns import Segments, first_segments
from adlake.proof.slices import slice_count
from adlake.proof.verdict import Failure, LakeFacts, OffsetCoverage, Pin


@dataclass(frozen=True)
class Asked:
    """Whom a proof asks, about what, and how."""

    trino: TrinoClient
    pin: Pin
    law: LawConstants
    broker: Broker
    rows_per_slice: int
    rows_shown: int
    report: Report
    phases: Phases


@dataclass(frozen=True)
class Compared:
    """Bronze and Gold at the pinned snapshots, and what is wrong with them."""

    facts: LakeFacts
    segments: Segments
    slices: int
    failures: Sequence[Failure]


def compare_whole(asked: Asked) -> Compared:
    """Every delivery and every row."""
    trino, pin, phases = asked.trino, asked.pin, asked.phases
    asked.report("comparing the offsets of Bronze with the broker's")
    with phases.timed("offsets"):
        coverages, failures = judged_offsets(asked, partition_coverages(trino, pin))
    with phases.timed("verdicts"):
        admitted, rejected = dispositions(trino, pin)
        segments = first_segments(trino, pin.bronze_snapshot)
    slices = slice_count(sum(one.bronze_rows for one in coverages), asked.rows_per_slice)
    check = GoldCheck(trino, pin, asked.law, slices, asked.rows_shown, segments=segments)
    asked.report("checking the invariants of the law in Gold")
    with phases.timed("invariants"):
        failures += check.storage_failures()
    with phases.timed("slices"):
        totals, slices, slice_failures = check.compare(asked.report)
    facts = LakeFacts(pin, coverages, admitted, rejected, totals)
    return Compared(facts, segments, slices, [*failures, *slice_failures, *count_failures(facts)])


def judged_offsets(
    asked: Asked, found: Sequence[OffsetCoverage]
) -> tuple[list[OffsetCoverage], list[Failure]]:
    """What Bronze holds of each partition, with the holes, and what contradicts it."""
    trino, pin, broker = asked.trino, asked.pin, asked.broker
    coverages = with_holes(trino, pin, found, broker.find_holes)
    failures = coverage_failures(trino, pin, coverages, asked.rows_shown)
    heads = head_failures(pin, coverages, broker.begin_offsets, broker.find_holes)
    return coverages, failures + heads


def count_failures(facts: LakeFacts) -> list[Failure]:
    """Counts of deliveries that contradict each other."""
    disposed = facts.admitted + sum(facts.rejected.values())
    failures = []
    if disposed != facts.offsets:
        problem = f"{facts.offsets:,} offsets, but {disposed:,} deliveries admitted or rejected"
        failures.append(Failure(problem))
    if facts.totals.deliveries != facts.admitted:
        problem = f"{facts.admitted:,} deliveries admitted, {facts.totals.deliveries:,} compared"
        failures.append(Failure(problem))
    return failures
