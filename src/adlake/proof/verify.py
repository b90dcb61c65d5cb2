"""Proves Gold: recomputes it from Bronze by the SQL form of the law and compares every column.

Everything is read at one pinned pair of snapshots, so the proof is exact while the stream runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adlake.contracts.law import LAW_V1, ReadLaw
from adlake.contracts.registry import LAW_CHECKS
from adlake.contracts.tables import GOLD_LAW_COLUMNS
from adlake.io.trino.client import TrinoClient
from adlake.proof.batch_counts import completeness_failures
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.proof.gold_check import GoldCheck, Report
from adlake.proof.pin import pinned_snapshots
from adlake.proof.records import (
    NOT_ASKED,
    Broker,
    RecordsFacts,
    RecordsSource,
    dispositions,
    offset_coverage,
    verify_records,
)
from adlake.proof.truth import LoadTruths, truth_verdict
from adlake.proof.verdict import Failure, LakeFacts, OffsetCoverage, Pin, Proof

ROWS_PER_SLICE: Final = 250_000
"""Bronze rows compared at once; keeps a query within 400 MB of Trino's memory."""
ROWS_SHOWN: Final = 10


@dataclass(frozen=True)
class Verification:
    """The newest Gold held against what its Bronze snapshot demands."""

    trino: TrinoClient
    """Client whose server has the catalog `lakehouse`."""
    load_truths: LoadTruths = lambda: []
    """Reads the generator's ground truth; called before and after the comparison."""
    report: Report = lambda _line: None
    """Receives a line of progress now and then."""
    rows_per_slice: int = ROWS_PER_SLICE
    rows_shown: int = ROWS_SHOWN
    """Most offending rows fetched per failure."""
    read_law: ReadLaw = lambda _version: LAW_V1
    """Gives the law of the version that Gold's stamp names."""
    broker: Broker = NOT_ASKED
    """What only the broker knows."""
    count_batches: bool = False
    """Hold what each batch counted against all of Bronze too."""
    others: Mapping[str, RecordsSource] = field(default_factory=dict)
    """Further tables of records, with who else knows of their records."""

    def prove(self) -> Proof:
        """Compare all there is.

        Returns:
            The proof, good or with its failures.

        Raises:
            NothingToVerifyError: there is no stamped Gold snapshot yet.
            TrinoUnreachableError, TrinoQueryError: Trino does not answer or fails.
        """
        started = time.monotonic()
        truths = self.load_truths()
        pin, pin_failures = pinned_snapshots(self.trino)
        self.report(f"gold snapshot {pin.gold_snapshot}, bronze snapshot {pin.bronze_snapshot}")
        coverages, offset_failures = self._offsets(pin)
        records = self._records()
        count_failures = self._batch_counts(pin, coverages, records)
        derived = self._derived()
        facts, slices, gold_failures = self._gold(pin, coverages)
        truth, truth_failures = truth_verdict(self.trino, facts, truths, self.load_truths)
        return Proof(
            facts=facts,
            columns=len(GOLD_LAW_COLUMNS),
            slices=slices,
            truth=truth,
            failures=[
                *pin_failures, *offset_failures, *count_failures, *gold_failures, *truth_failures,
                *(failure for one in records for failure in one.failures),
                *(failure for one in derived for failure in one.failures),
            ],
            others=[*(one for one in records if one.has_batch), *derived],
            seconds=time.monotonic() - started,
            pending=self.broker.pending,
        )  # fmt: skip

    def _offsets(self, pin: Pin) -> tuple[list[OffsetCoverage], list[Failure]]:
        self.report("comparing the offsets of Bronze with the broker's")
        return offset_coverage(self.trino, pin, self.broker, self.rows_shown)

    def _records(self) -> list[RecordsFacts]:
        return [
            verify_records(self.trino, table, source, self.rows_shown)
            for table, source in self.others.items()
        ]

    def _batch_counts(
        self, pin: Pin, coverages: Sequence[OffsetCoverage], records: Sequence[RecordsFacts]
    ) -> list[Failure]:
        return completeness_failures(
            self.trino, pin, coverages, self.rows_shown, self.broker.find_holes,
            with_bronze=self.count_batches, others=[one.table for one in records if one.has_batch],
        )  # fmt: skip

    def _derived(self) -> list[DerivedFacts]:
        return [
            one for name in LAW_CHECKS
            if (one := verify_derived(self.trino, name, self.rows_shown, self.read_law))
        ]  # fmt: skip

    def _gold(
        self, pin: Pin, coverages: Sequence[OffsetCoverage]
    ) -> tuple[LakeFacts, int, list[Failure]]:
        """What Gold holds, in how many slices it was compared, and what is wrong with it."""
        admitted, rejected = dispositions(self.trino, pin)
        check = GoldCheck(
            self.trino, pin, self.read_law(pin.law_version),
            _slice_count(coverages, self.rows_per_slice), self.rows_shown,
        )  # fmt: skip
        self.report("checking the invariants of the law in Gold")
        storage_failures = check.storage_failures()
        totals, slice_failures = check.compare(self.report)
        facts = LakeFacts(pin, coverages, admitted, rejected, totals)
        failures = [*storage_failures, *slice_failures, *_count_failures(facts)]
        return facts, check.slice_count, failures


def _slice_count(coverages: Sequence[OffsetCoverage], rows_per_slice: int) -> int:
    return max(1, -(-sum(one.bronze_rows for one in coverages) // rows_per_slice))


def _count_failures(facts: LakeFacts) -> list[Failure]:
    disposed = facts.admitted + sum(facts.rejected.values())
    failures = []
    if disposed != facts.offsets:
        problem = f"{facts.offsets:,} offsets, but {disposed:,} deliveries admitted or rejected"
        failures.append(Failure(problem))
    if facts.totals.deliveries != facts.admitted:
        problem = f"{facts.admitted:,} deliveries admitted, {facts.totals.deliveries:,} compared"
        failures.append(Failure(problem))
    return failures
