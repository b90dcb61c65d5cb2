"""Holds a pinned snapshot of Gold against what its Bronze snapshot demands, slice by slice.

The expectation is the SQL form of the law over Bronze (`sql/oracles`). Rows are compared in slices
of impressions, so memory does not grow with the tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from adlake.contracts.law import LawConstants
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.io.sql.files import TIMESTAMP_UTC, SqlValue, bind, sql_text, with_relations
from adlake.io.sql.law import law_parameters
from adlake.io.trino.client import TrinoClient
from adlake.proof.segment_columns import segment_values
from adlake.proof.verdict import Failure, Pin, Totals

Report = Callable[[str], None]


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


def _sum(left: Totals, right: Totals) -> Totals:
    added = {name: value + getattr(left, name) for name, value in asdict(right).items()}
    return replace(left, **added)
