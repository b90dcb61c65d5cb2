"""Proves a table of records alone: every offset of its topic exactly once, each with a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adlake.io.kafka.holes import FindHoles
from adlake.io.sql.files import SqlText, bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.offset_coverage import (
    coverage_failures,
    head_failures,
    partition_coverages,
    with_holes,
)
from adlake.proof.pin import pinned_records
from adlake.proof.records_sql import EVERYTHING, records_values
from adlake.proof.records_truth import LoadRecordsTruths, records_truth_verdict
from adlake.proof.verdict import Failure, OffsetCoverage, Pin, verdicts_in_words


@dataclass(frozen=True)
class Broker:
    """What only the broker knows: the first offset it holds by partition, and empty offsets."""

    begin_offsets: Mapping[int, int]
    find_holes: FindHoles
    pending: str = ""
    """What waits for an open transaction, as a sentence; no part of the proof."""


NOT_ASKED = Broker({}, lambda _gaps: [])


@dataclass(frozen=True)
class RecordsSource:
    """Who else knows about the records of a table: the broker, and those who sent them."""

    broker: Broker = NOT_ASKED
    load_truths: LoadRecordsTruths = lambda: []


@dataclass(frozen=True)
class RecordsFacts:
    """What one pinned snapshot of a table of records holds; no snapshot: nothing was read yet."""

    table: str
    topic: str = ""
    snapshot: int = 0
    partitions: Sequence[OffsetCoverage] = ()
    admitted: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    truth: str = ""
    """One sentence on what its producers wrote beside it."""
    failures: Sequence[Failure] = ()

    @property
    def has_batch(self) -> bool:
        """Whether a batch ever reached it."""
        return self.snapshot != 0

    def lines(self) -> list[str]:
        """Three lines of the proof."""
        held = sum(one.distinct_offsets for one in self.partitions)
        return [
            f"also       {self.table} snapshot {self.snapshot}: {held:,} offsets of {self.topic} "
            f"in {len(self.partitions)} partitions, each once",
            f"           {verdicts_in_words(self.admitted, self.rejected)}",
            f"           truth: {self.truth}",
        ]


def verify_records(
    trino: TrinoClient, table: str, source: RecordsSource, rows_shown: int
) -> RecordsFacts:
    """Compare the newest snapshot of a table of records with its stamp, the broker and the truth.

    Raises:
        NothingToVerifyError: it has rows, and no stamp says up to which offsets.
    """
    truths = source.load_truths()
    pin = pinned_records(trino, table)
    if pin is None:
        return RecordsFacts(table)
    coverages, failures = offset_coverage(trino, pin, source.broker, rows_shown)
    admitted, rejected = dispositions(trino, pin)
    offsets, verdicts = sum(one.distinct_offsets for one in coverages), sum(rejected.values())
    if offsets != admitted + verdicts:
        problem = f"{table}: {offsets:,} offsets, but {admitted + verdicts:,} verdicts"
        failures.append(Failure(problem))
    truth, differences = records_truth_verdict(trino, pin, coverages, rejected, truths)
    return RecordsFacts(
        table, pin.topic, pin.bronze_snapshot, coverages, admitted, rejected, truth,
        [*failures, *differences],
    )  # fmt: skip


def offset_coverage(
    trino: TrinoClient, pin: Pin, broker: Broker, rows_shown: int
) -> tuple[list[OffsetCoverage], list[Failure]]:
    """What the pinned table of records holds of each partition, and what contradicts it."""
    coverages = with_holes(trino, pin, partition_coverages(trino, pin), broker.find_holes)
    failures = coverage_failures(trino, pin, coverages, rows_shown)
    return coverages, failures + head_failures(
        pin, coverages, broker.begin_offsets, broker.find_holes
    )


def dispositions(
    trino: TrinoClient, pin: Pin, part: SqlText = EVERYTHING
) -> tuple[int, dict[str, int]]:
    """Admitted deliveries, and rejected ones by reason; of a part of the table."""
    values = {
        **records_values(pin.records_table),
        "bronze_snapshot": pin.bronze_snapshot,
        "bronze_part": part,
    }
    sql = bind(sql_text("proof/rejected_reasons"), values)
    counts = {row["reject_reason"]: row["deliveries"] for row in trino.records(sql)}
    return counts.pop(None, 0), counts
