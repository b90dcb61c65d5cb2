"""Proves Gold: recomputes it from Bronze by the SQL form of the law and compares every column.

Everything is read at one pinned pair of snapshots, so the proof is exact while the stream runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from adlake.contracts.law import LAW_V1, LawConstants, ReadLaw
from adlake.contracts.law_checks import LAW_CHECKS, ROWS_PER_SLICE
from adlake.contracts.tables import GOLD_LAW_COLUMNS
from adlake.io.phases import Phases
from adlake.io.trino.client import TrinoClient
from adlake.proof.accounts_truth import LoadAccountsTruths, verify_accounts
from adlake.proof.baseline import Baseline, ProvenTable, fingerprint
from adlake.proof.batch_counts import completeness_failures
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.proof.gold_check import Report
from adlake.proof.increment import ChangesOf, Increment, OverwrittenFile, increment_since
from adlake.proof.pin import pinned_snapshots
from adlake.proof.records import NOT_ASKED, Broker, RecordsFacts, RecordsSource, verify_records
from adlake.proof.since import compare_since
from adlake.proof.truth import CampaignSums, LoadTruths, truth_verdict
from adlake.proof.verdict import Failure, OffsetCoverage, Pin, Proof
from adlake.proof.whole import Asked, Compared, compare_whole

ROWS_SHOWN: Final = 10


def _nobody_looks(_table: str, _snapshot: int, _since: datetime) -> str:
    return ""


@dataclass(frozen=True)
class Verification:
    """The newest Gold held against what its Bronze snapshot demands."""

    trino: TrinoClient
    """Client whose server has the catalog `lakehouse`."""
    load_truths: LoadTruths = lambda: []
    """Reads the generator's ground truth; called before and after the comparison."""
    load_accounts: LoadAccountsTruths = lambda: []
    """Reads what it says of advertisers and customers; called before their tables are pinned."""
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
    proven: Baseline | None = None
    """The last good proof of this lake."""
    file_changes: ChangesOf | None = None
    """Tells the files in which two snapshots differ; None: everything is compared."""
    overwritten: OverwrittenFile = _nobody_looks
    """Tells a proven file that was written again in its place."""

    def prove(self) -> Proof:
        """Compare all there is; or, where the proof before still holds, what changed since.

        Returns:
            The proof, good or with its failures.

        Raises:
            NothingToVerifyError: there is no stamped Gold snapshot yet.
            TrinoUnreachableError, TrinoQueryError: Trino does not answer or fails.
        """
        began, phases = time.monotonic(), Phases()
        truths = self.load_truths()
        judge = fingerprint()
        with phases.timed("snapshots"):
            pin, failures = pinned_snapshots(self.trino)
            law = self.read_law(pin.law_version)
            increment = self._increment(pin, law, judge)
        self.report(f"gold snapshot {pin.gold_snapshot}, bronze snapshot {pin.bronze_snapshot}")
        asked = Asked(
            self.trino, pin, law, self.broker, self.rows_per_slice, self.rows_shown, self.report,
            phases,
        )  # fmt: skip
        compared, scope = self._compared(asked, increment)
        failures += compared.failures
        with phases.timed("other records"):
            records = self._records()
        with phases.timed("batch counts"):
            failures += self._batch_counts(pin, compared.facts.partitions, records)
        with phases.timed("derived tables"):
            derived = self._derived(judge)
        with phases.timed("truth"):
            sums = CampaignSums(self.trino, pin, self._known_sums(increment))
            truth, truth_failures = truth_verdict(sums, compared.facts, truths, self.load_truths)
            accounts = verify_accounts(self.trino, self.load_accounts)
        failures += truth_failures
        failures += [failure for one in records for failure in one.failures]
        failures += [failure for one in derived for failure in one.failures]
        failures += [failure for one in accounts for failure in one.failures]
        return Proof(
            facts=compared.facts,
            columns=len(GOLD_LAW_COLUMNS),
            slices=compared.slices,
            truth=truth,
            failures=failures,
            others=[*(one for one in records if one.has_batch), *derived, *accounts],
            seconds=time.monotonic() - began,
            seconds_by_part=phases.seconds,
            pending=self.broker.pending,
            scope=scope,
            baseline=self._baseline(compared, law, judge, derived, sums),
        )

    def _increment(self, pin: Pin, law: LawConstants, judge: str) -> Increment | str:
        if self.file_changes is None:
            return ""
        return increment_since(
            self.proven, pin, law, judge, self.file_changes, overwritten=self.overwritten
        )

    def _compared(self, asked: Asked, increment: Increment | str) -> tuple[Compared, str]:
        """What was compared, and in a sentence how much that was."""
        if isinstance(increment, str):
            why = f": {increment}" if increment else ""
            return compare_whole(asked), f"everything was compared{why}"
        self.report(f"comparing what changed since the proof of {increment.proven.at}")
        compared = compare_since(asked, increment)
        if not compared.failures:
            return compared, increment.in_words
        found = compared.failures[0].problem
        self.report(f"{found}: comparing everything")
        why = f"what changed since the last proof is not right in itself ({found})"
        return compare_whole(asked), f"everything was compared: {why}"

    def _known_sums(self, increment: Increment | str) -> Sequence[Mapping[str, Any]] | None:
        """Those of the proof before, where Gold holds the same rows."""
        if isinstance(increment, str) or not increment.gold.are_none:
            return None
        return increment.proven.campaign_sums

    def _baseline(
        self,
        compared: Compared,
        law: LawConstants,
        judge: str,
        derived: Sequence[DerivedFacts],
        sums: CampaignSums,
    ) -> Baseline:
        """What the next proof may stand on, if this one is good."""
        facts = compared.facts
        return Baseline(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            judge=judge,
            law=repr(law),
            pin=facts.pin,
            partitions=facts.partitions,
            admitted=facts.admitted,
            rejected=facts.rejected,
            totals=facts.totals,
            segments=compared.segments,
            campaign_sums=sums.known,
            tables={
                one.table: ProvenTable(one.basis, one.rows) for one in derived if one.is_proven
            },
        )

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

    def _derived(self, judge: str) -> list[DerivedFacts]:
        proven = self._proven_tables(judge)
        found: dict[str, DerivedFacts] = {}
        for name in LAW_CHECKS:
            one = verify_derived(
                self.trino, name, self.rows_shown, self.read_law, proven=proven.get(name),
                before=found,
            )  # fmt: skip
            if one is not None:
                found[name] = one
        return list(found.values())

    def _proven_tables(self, judge: str) -> Mapping[str, ProvenTable]:
        """Of the proof before, when the same code made it and it may be used."""
        if self.file_changes is None or self.proven is None:
            return {}
        return self.proven.tables if self.proven.judge == judge else {}
