"""Proves Gold: recomputes it from Bronze by the SQL form of the law and compares every column.

Everything is read at one pinned pair of snapshots, so the proof is exact while the stream runs.
Rows are compared in slices of impressions, so memory does not grow with the tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.contracts.registry import LAW_CHECKS
from adlake.contracts.tables import GOLD_LAW_COLUMNS
from adlake.io.sql.files import TIMESTAMP_UTC, SqlValue, bind, sql_text, with_relations
from adlake.io.sql.law import law_parameters
from adlake.io.trino.client import TrinoClient
from adlake.proof.batch_counts import completeness_failures
from adlake.proof.derived import verify_derived
from adlake.proof.pin import pinned_snapshots
from adlake.proof.records import (
    NOT_ASKED,
    Broker,
    RecordsSource,
    dispositions,
    offset_coverage,
    verify_records,
)
from adlake.proof.segment_columns import segment_values
from adlake.proof.truth import LoadTruths, truth_verdict
from adlake.proof.verdict import Failure, LakeFacts, OffsetCoverage, Pin, Proof, Totals

ROWS_PER_SLICE = 250_000
"""Bronze rows compared at once; keeps a query within 400 MB of Trino's memory."""
ROWS_SHOWN = 10

Report = Callable[[str], None]
ReadLaw = Callable[[int], LawConstants]


def verify(
    trino: TrinoClient,
    load_truths: LoadTruths = lambda: [],
    report: Report = lambda _line: None,
    *,
    rows_per_slice: int = ROWS_PER_SLICE,
    rows_shown: int = ROWS_SHOWN,
    read_law: ReadLaw = lambda _version: LAW_V1,
    broker: Broker = NOT_ASKED,
    count_batches: bool = False,
    others: Mapping[str, RecordsSource] = MappingProxyType({}),
) -> Proof:
    """Compare the newest Gold with what its Bronze snapshot demands.

    Args:
        trino: client whose server has the catalog `lakehouse`.
        load_truths: reads the generator's ground truth; called before and after the comparison.
        report: receives a line of progress now and then.
        rows_per_slice: Bronze rows per slice.
        rows_shown: most offending rows fetched per failure.
        read_law: gives the law of the version that Gold's stamp names.
        broker: what only the broker knows.
        count_batches: hold what each batch counted against all of Bronze too.
        others: further tables of records, with who else knows of their records.

    Returns:
        The proof, good or with its failures.

    Raises:
        NothingToVerifyError: there is no stamped Gold snapshot yet.
        TrinoUnreachableError, TrinoQueryError: Trino does not answer or fails.
    """
    started = time.monotonic()
    truths = load_truths()
    pin, failures = pinned_snapshots(trino)
    report(f"gold snapshot {pin.gold_snapshot}, bronze snapshot {pin.bronze_snapshot}")
    report("comparing the offsets of Bronze with the broker's")
    coverages, offset_failures = offset_coverage(trino, pin, broker, rows_shown)
    others_found = [verify_records(trino, name, one, rows_shown) for name, one in others.items()]
    failures += offset_failures + completeness_failures(
        trino, pin, coverages, rows_shown, broker.find_holes, with_bronze=count_batches,
        others=[one.table for one in others_found if one.has_batch],
    )  # fmt: skip
    derived = [
        one for name in LAW_CHECKS
        if (one := verify_derived(trino, name, rows_shown, read_law))
    ]  # fmt: skip
    admitted, rejected = dispositions(trino, pin)
    law = read_law(pin.law_version)
    check = GoldCheck(trino, pin, law, _slice_count(coverages, rows_per_slice), rows_shown)
    report("checking the invariants of the law in Gold")
    failures += check.storage_failures()
    totals, slice_failures = check.compare(report)
    facts = LakeFacts(pin, coverages, admitted, rejected, totals)
    truth, truth_failures = truth_verdict(trino, facts, truths, load_truths)
    return Proof(
        facts=facts,
        columns=len(GOLD_LAW_COLUMNS),
        slices=check.slice_count,
        truth=truth,
        failures=[
            *failures,
            *slice_failures,
            *_count_failures(facts),
            *truth_failures,
            *(failure for one in others_found for failure in one.failures),
            *(failure for one in derived for failure in one.failures),
        ],
        others=[*(one for one in others_found if one.has_batch), *derived],
        seconds=time.monotonic() - started,
        pending=broker.pending,
    )


class GoldCheck:
    """The checks of one pinned Gold snapshot against its Bronze snapshot."""

    def __init__(
        self, trino: TrinoClient, pin: Pin, law: LawConstants, slice_count: int, rows_shown: int
    ) -> None:
        self._trino = trino
        self.slice_count = slice_count
        self._values: dict[str, SqlValue] = (
            law_parameters(law)
            | {
                "gold_snapshot": pin.gold_snapshot,
                "bronze_snapshot": pin.bronze_snapshot,
                "longest_window_ms": law.longest_window_ms,
                "law_version": law.law_version,
                "timestamp_utc": TIMESTAMP_UTC["trino"],
                "slice_count": slice_count,
                "slice": 0,
                "upper_case": UPPER_CASE,
                "lower_case": LOWER_CASE,
                "row_limit": rows_shown,
            }
            | segment_values(trino, pin.bronze_snapshot)
        )

    def storage_failures(self) -> list[Failure]:
        """Invariants of the law, slots and storage columns, each one scan of Gold."""
        checks = (
            ("Gold breaks an invariant of the law", "gold_invariants", ()),
            ("Gold rows lie under a wrong slot", "gold_slots", ("impressions",)),
            ("Gold's storage columns disagree", "gold_storage", ()),
        )
        return [
            Failure(problem, rows)
            for problem, name, relations in checks
            if (rows := self._records(f"checks/{name}", relations, self._values))
        ]

    def compare(self, report: Report) -> tuple[Totals, list[Failure]]:
        """Every slice of Gold against the oracle; offending rows of the first bad slices."""
        totals, failures, began = Totals(), [], time.monotonic()
        for number in range(self.slice_count):
            values = {**self._values, "slice": number}
            found = self._slice_totals(values)
            totals = _sum(totals, found)
            failures += self._slice_failures(values, found)
            left = (time.monotonic() - began) * (self.slice_count / (number + 1) - 1)
            report(
                f"slice {number + 1} of {self.slice_count}: {totals.gold_rows:,} rows compared, "
                f"{totals.differing_rows:,} differ, about {left:.0f} s left"
            )
        return totals, failures[:_MOST_FAILURES]

    def comparison(self, number: SqlValue = 0) -> dict[str, Any]:
        """One slice of Gold against the oracle: sums of both sides and how many rows differ."""
        values = {**self._values, "slice": number}
        return self._records("proof/comparison_totals", ("compared_rows",), values)[0]

    def _slice_totals(self, values: Mapping[str, SqlValue]) -> Totals:
        compared = self.comparison(values["slice"])
        events = self._records("proof/event_totals", ("distinct_events",), values)[0]
        return Totals(**{name: int(value) for name, value in {**compared, **events}.items()})

    def _slice_failures(self, values: Mapping[str, SqlValue], found: Totals) -> list[Failure]:
        failures = []
        if found.differing_rows:
            rows = self._records("checks/gold_equals_oracle", ("compared_rows",), values)
            failures.append(Failure("Gold is not what the law gives for Bronze", rows))
        if found.conversion_micros != found.revenue_micros + found.out_of_window_micros:
            rows = self._records(
                "checks/revenue_conservation", ("gold_slice", "distinct_events"), values
            )
            failures.append(Failure("revenue is not the sum over distinct conversions", rows))
        if found.inexact_headers:
            rows = self._records("checks/bronze_headers", ("admitted_deliveries",), values)
            failures.append(Failure("Bronze's header columns are not those of the payload", rows))
        rows = self._records(
            "checks/gold_events_state", ("stored_events", "event_contents"), values
        )
        if rows:
            failures.append(Failure("Gold's events_state is not what the deliveries give", rows))
        return failures

    def _records(
        self, name: str, relations: Sequence[str], values: Mapping[str, SqlValue]
    ) -> list[dict[str, Any]]:
        return self._trino.records(check_sql(name, relations, values))


def check_sql(name: str, relations: Sequence[str], values: Mapping[str, SqlValue]) -> str:
    """A file of `sql/` with its parameters bound, reading the oracle relations it names."""
    texts = {relation: sql_text(_RELATION_FILES[relation]) for relation in _with_sources(relations)}
    return bind(with_relations(sql_text(name), texts), values)


_RELATION_FILES = {
    "admitted_deliveries": "oracles/admitted_deliveries",
    "distinct_events": "oracles/distinct_events",
    "event_contents": "oracles/event_contents",
    "expected_rows": "oracles/gold_rows",
    "gold_slice": "oracles/gold_slice",
    "compared_rows": "oracles/compared_rows",
    "stored_events": "oracles/stored_events",
    "impressions": "oracles/stored_impressions",
}
_SOURCES = {
    "distinct_events": ("admitted_deliveries",),
    "event_contents": ("admitted_deliveries",),
    "expected_rows": ("event_contents",),
    "compared_rows": ("gold_slice", "expected_rows"),
}
_MOST_FAILURES = 6


def _with_sources(relations: Sequence[str]) -> list[str]:
    """The relations with everything they read, sources first, each once."""
    ordered: list[str] = []
    for relation in relations:
        for name in (*_with_sources(_SOURCES.get(relation, ())), relation):
            if name not in ordered:
                ordered.append(name)
    return ordered


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


def _sum(left: Totals, right: Totals) -> Totals:
    added = {name: value + getattr(left, name) for name, value in asdict(right).items()}
    return replace(left, **added)
