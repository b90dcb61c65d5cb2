"""Holds a pinned snapshot of Gold against what its Bronze snapshot demands, slice by slice.

The expectation is the SQL form of the law over Bronze (`sql/oracles`). Rows are compared in slices
of impressions, so memory does not grow with the tables. One query reads a slice of both tables;
only where that finds rows unequal, others say what it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from adlake.contracts.law import LawConstants
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.io.sql.files import TIMESTAMP_UTC, SqlValue
from adlake.io.sql.law import law_parameters
from adlake.io.trino.client import TrinoClient
from adlake.proof.records_sql import EVERYTHING
from adlake.proof.relations import WHOLE, stored_text
from adlake.proof.segment_columns import Segments, first_segments
from adlake.proof.slices import Slice, each_slice
from adlake.proof.verdict import Failure, Pin, Totals

Report = Callable[[str], None]


class GoldCheck:
    """The checks of one pinned Gold snapshot against its Bronze snapshot."""

    def __init__(
        self, trino: TrinoClient, pin: Pin, law: LawConstants, slice_count: int, rows_shown: int,
        *, segments: Segments | None = None,
    ) -> None:  # fmt: skip
        segments = segments or first_segments(trino, pin.bronze_snapshot)
        self._trino = trino
        self._slice_count = slice_count
        self._values = check_values(pin, law, slice_count) | segments.values()
        self._values["row_limit"] = rows_shown

    def storage_failures(self) -> list[Failure]:
        """Invariants of the law and slots, each one scan of Gold."""
        checks = (
            ("Gold breaks an invariant of the law", "gold_invariants", ()),
            ("Gold rows lie under a wrong slot", "gold_slots", ("impressions",)),
        )
        return [
            Failure(problem, rows)
            for problem, name, relations in checks
            if (rows := self._records(f"checks/{name}", relations, self._values))
        ]

    def compare(self, report: Report) -> tuple[Totals, int, list[Failure]]:
        """Every slice of Gold against the oracle: the totals, how many slices, what is wrong.

        Offending rows are those of the first bad slices.
        """
        totals, failures, began = Totals(), list[Failure](), time.monotonic()
        unequal = slices = 0
        for share, (found, unequal_rows, wrong) in each_slice(self._slice_count, self._slice):
            slices += 1
            totals = summed(totals, found)
            unequal += unequal_rows
            failures += wrong
            left = (time.monotonic() - began) * (1 / share - 1)
            report(
                f"{share:.0%} of the impressions: {totals.gold_rows:,} rows compared, "
                f"{totals.differing_rows:,} differ, about {left:.0f} s left"
            )
        storage = self._storage_columns() if unequal else []
        return totals, slices, [*storage, *failures[:_MOST_FAILURES]]

    def _slice(self, part: Slice) -> tuple[Totals, int, list[Failure]]:
        values = {**self._values, **part.values()}
        found, unequal_rows = self._slice_totals(values)
        return found, unequal_rows, self._slice_failures(values, found, unequal_rows)

    def _storage_columns(self) -> list[Failure]:
        """What is wrong with the storage columns; equal rows store what the oracle gives."""
        rows = self._records("checks/gold_storage", (), self._values)
        return [Failure("Gold's storage columns disagree", rows)] if rows else []

    def comparison(self, number: SqlValue = 0) -> dict[str, Any]:
        """One slice of Gold against the oracle: sums of both sides and how many rows differ."""
        values = {**self._values, "slice": number}
        return self._records("proof/comparison_totals", ("compared_rows",), values)[0]

    def _slice_totals(self, values: Mapping[str, SqlValue]) -> tuple[Totals, int]:
        """The sums of a slice, and how many of its rows are not equal to the last letter."""
        row = self._records("proof/slice_totals", ("stored_rows", "expected_rows"), values)[0]
        unequal_rows = int(row.pop("unequal_rows"))
        if unequal_rows:
            row["differing_rows"] = self.comparison(values["slice"])["differing_rows"]
        return Totals(**{name: int(value) for name, value in row.items()}), unequal_rows

    def _slice_failures(
        self, values: Mapping[str, SqlValue], found: Totals, unequal_rows: int
    ) -> list[Failure]:
        failures = []
        if found.differing_rows:
            rows = self._records("checks/gold_equals_oracle", ("compared_rows",), values)
            failures.append(Failure("Gold is not what the law gives for Bronze", rows))
        if not found.is_conserved:
            rows = self._records(
                "checks/revenue_conservation", ("gold_slice", "distinct_events"), values
            )
            failures.append(Failure("revenue is not the sum over distinct conversions", rows))
        if found.inexact_headers:
            rows = self._records("checks/bronze_headers", ("admitted_deliveries",), values)
            failures.append(Failure("Bronze's header columns are not those of the payload", rows))
        if unequal_rows:
            rows = self._records(
                "checks/gold_events_state", ("stored_events", "event_contents"), values
            )
            if rows:
                problem = "Gold's events_state is not what the deliveries give"
                failures.append(Failure(problem, rows))
        return failures

    def _records(
        self, name: str, relations: Sequence[str], values: Mapping[str, SqlValue]
    ) -> list[dict[str, Any]]:
        return self._trino.records(WHOLE.query(name, relations, values))


def check_values(pin: Pin, law: LawConstants, slice_count: int) -> dict[str, SqlValue]:
    """What the files of the oracle are told, of everything that the pinned snapshots hold."""
    return law_parameters(law) | {
        "gold_snapshot": pin.gold_snapshot,
        "gold_part": EVERYTHING,
        "bronze_snapshot": pin.bronze_snapshot,
        "bronze_part": EVERYTHING,
        "longest_window_ms": law.longest_window_ms,
        "law_version": law.law_version,
        "timestamp_utc": TIMESTAMP_UTC["trino"],
        "slice_count": slice_count,
        "slice": 0,
        "upper_case": UPPER_CASE,
        "lower_case": LOWER_CASE,
        "stored_text": stored_text(),
    }


_MOST_FAILURES = 6


def summed(left: Totals, right: Totals) -> Totals:
    """Both together."""
    added = {name: value + getattr(left, name) for name, value in asdict(right).items()}
    return replace(left, **added)
