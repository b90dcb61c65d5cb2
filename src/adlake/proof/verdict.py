"""What `verify` found: the facts of one pinned pair of snapshots, printed as a short proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from adlake.contracts.registry import records_of, spec_of
from adlake.contracts.tables import GOLD_STATE
from adlake.io.kafka.holes import OffsetRange
from adlake.io.phases import shown

if TYPE_CHECKING:
    from adlake.proof.baseline import Baseline

Record = Mapping[str, Any]

GOLD_RECORDS = records_of(spec_of(GOLD_STATE).pipeline)
"""The table of the records that Gold is made of."""
GOLD_COPIES = "gold_copies"
EXPECTED_COPIES = "expected_copies"


@dataclass(frozen=True)
class Pin:
    """The pair of snapshots that a proof is about, and the offsets they claim to contain."""

    gold_snapshot: int
    bronze_snapshot: int
    topic: str
    topic_id: str
    next_offsets: Mapping[int, int]
    """Partition -> first offset not contained, by Gold's stamp."""
    start_offsets: Mapping[int, int] = field(default_factory=dict)
    """Partition -> first offset of this source incarnation; empty in the first one."""
    has_counts: bool = False
    """Bronze's commits say what their batches counted: the table of batch counts has rows."""
    law_version: int = 1
    """Of the law that Gold's rows were made with, by its stamp."""
    records_table: str = GOLD_RECORDS
    """The table that `bronze_snapshot` is of."""


@dataclass(frozen=True)
class OffsetCoverage:
    """Offsets of one partition in Bronze; `next_offset` is the first one not contained."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    bronze_rows: int
    distinct_offsets: int
    holes: int = 0
    """Offsets that hold no record: transaction marks and aborted records, as the broker says."""
    lost_ranges: tuple[OffsetRange, ...] = ()
    """The first ones that Bronze lacks and that the broker does not call empty."""

    @property
    def width(self) -> int:
        """Offsets from the first to the last, those that Bronze lacks included."""
        return self.next_offset - self.first_offset


@dataclass(frozen=True)
class Totals:
    """Sums over all slices."""

    gold_rows: int = 0
    expected_rows: int = 0
    differing_rows: int = 0
    impressions: int = 0
    clicked: int = 0
    converted: int = 0
    revenue_micros: int = 0
    out_of_window_micros: int = 0
    deliveries: int = 0
    inexact_headers: int = 0
    events: int = 0
    conversions: int = 0
    conversion_micros: int = 0

    @property
    def is_conserved(self) -> bool:
        """The value of distinct conversions is what was attributed and what was not."""
        return self.conversion_micros == self.revenue_micros + self.out_of_window_micros


@dataclass(frozen=True)
class LakeFacts:
    """What the pinned snapshots hold."""

    pin: Pin
    partitions: Sequence[OffsetCoverage]
    admitted: int
    rejected: Mapping[str, int]
    """Deliveries by reject reason."""
    totals: Totals

    @property
    def offsets(self) -> int:
        """Distinct offsets in Bronze."""
        return sum(one.distinct_offsets for one in self.partitions)


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong, with the first offending rows."""

    problem: str
    rows: Sequence[Record] = ()


class HasLines(Protocol):
    """Something that a proof shows beside Gold."""

    def lines(self) -> list[str]:
        """As text."""


@dataclass(frozen=True)
class Proof:
    """Everything that was compared; good when nothing failed."""

    facts: LakeFacts
    columns: int
    """Columns of Gold that were compared."""
    slices: int
    truth: str
    """One sentence on the generator's ground truth."""
    failures: Sequence[Failure] = ()
    seconds: float = 0.0
    seconds_by_part: Mapping[str, float] = field(default_factory=dict)
    pending: str = ""
    """What the broker has and nobody may read yet, as a sentence; empty: nothing."""
    others: Sequence[HasLines] = ()
    """Other tables of records that were proven along."""
    scope: str = ""
    """One sentence on how much was compared."""
    baseline: Baseline | None = None
    """What the next proof may stand on (proof.baseline), if this one is good."""

    @property
    def is_good(self) -> bool:
        """No check failed."""
        return not self.failures

    def lines(self) -> list[str]:
        """The proof as text, failures last."""
        return [*self._facts(), *self._verdict()]

    def _facts(self) -> list[str]:
        facts, totals = self.facts, self.facts.totals
        total_micros = totals.revenue_micros + totals.out_of_window_micros
        return [
            f"snapshots  gold {facts.pin.gold_snapshot}, bronze {facts.pin.bronze_snapshot}",
            f"topic      {facts.pin.topic} ({facts.pin.topic_id})",
            *(
                f"offsets    partition {p.partition}: {p.first_offset:,} to {p.next_offset - 1:,}, "
                f"{p.bronze_rows:,} rows{f', {p.holes:,} offsets without a record' * bool(p.holes)}"
                for p in facts.partitions
            ),
            f"deliveries {verdicts_in_words(facts.admitted, facts.rejected)}",
            f"events     {totals.events:,} distinct, {totals.conversions:,} of them conversions",
            f"gold       {totals.gold_rows:,} rows, {self.columns} columns each, against "
            f"{totals.expected_rows:,} from the SQL form of the law: "
            f"{totals.differing_rows:,} differ",
            f"of these   {totals.impressions:,} with an impression, {totals.clicked:,} clicked, "
            f"{totals.converted:,} converted",
            f"revenue    {money(totals.revenue_micros)} attributed + "
            f"{money(totals.out_of_window_micros)} out of window = {money(total_micros)}; "
            f"distinct conversions {money(totals.conversion_micros)}",
            f"truth      {self.truth}",
            *([f"pending    {self.pending}"] if self.pending else ()),
            *(line for one in self.others for line in one.lines()),
            *([f"scope      {self.scope}"] if self.scope else ()),
            *([f"time       {took}"] if (took := shown(self.seconds_by_part, digits=1)) else ()),
        ]

    def _verdict(self) -> list[str]:
        time_spent = f"{self.seconds:.1f} s, {self.slices} slices"
        if self.is_good:
            return [f"PROVEN     every check holds ({time_spent})"]
        lines = [f"FAILED     {len(self.failures)} checks do not hold ({time_spent})"]
        for failure in self.failures:
            lines.append(f"- {failure.problem}")
            lines.extend(f"    {line}" for line in offending_lines(failure.rows))
        return lines


def verdicts_in_words(admitted: int, rejected_by_reason: Mapping[str, int]) -> str:
    """`3 = 2 admitted + 1 rejected (BAD_ID 1)`."""
    rejected = sum(rejected_by_reason.values())
    reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(rejected_by_reason.items()))
    shown = f" ({reasons})" if reasons else ""
    return f"{admitted + rejected:,} = {admitted:,} admitted + {rejected:,} rejected{shown}"


def money(micros: int) -> str:
    """Micros as units with six decimals, exact at any size."""
    whole, fraction = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{whole:,}.{fraction:06d}"


def offending_lines(rows: Sequence[Record]) -> list[str]:
    """Offending rows as text; two sides of one key are shown by the columns that differ."""
    if rows and GOLD_COPIES in rows[0]:
        return _side_by_side(rows)
    return [", ".join(f"{name} {_shown(value)}" for name, value in row.items()) for row in rows]


def _side_by_side(rows: Sequence[Record]) -> list[str]:
    by_key: dict[tuple[Any, ...], list[Record]] = {}
    for row in rows:
        by_key.setdefault((row["impression_id"], row.get("event_id")), []).append(row)
    return [line for key, sides in by_key.items() for line in _difference(key, sides)]


def _difference(key: tuple[Any, ...], sides: Sequence[Record]) -> list[str]:
    name = " event ".join(str(part) for part in key if part is not None)
    gold = [row for row in sides if row[GOLD_COPIES] > row[EXPECTED_COPIES]]
    expected = [row for row in sides if row[GOLD_COPIES] < row[EXPECTED_COPIES]]
    if len(gold) == len(expected) == 1:
        return [
            f"{name}: {column} is {_shown(value)}, expected {_shown(expected[0][column])}"
            for column, value in gold[0].items()
            if column not in {GOLD_COPIES, EXPECTED_COPIES} and value != expected[0][column]
        ]
    surplus = [
        f"{name}: in Gold {row[GOLD_COPIES]} times, expected {row[EXPECTED_COPIES]}: {_row(row)}"
        for row in gold
    ]
    return surplus + [f"{name}: missing from Gold: {_row(row)}" for row in expected]


def _row(row: Record) -> str:
    keys = {"impression_id", "event_id", GOLD_COPIES, EXPECTED_COPIES}
    return ", ".join(f"{name} {_shown(value)}" for name, value in row.items() if name not in keys)


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    return repr(value) if isinstance(value, str) else str(value)
