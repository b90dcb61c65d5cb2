"""What came and changed since the last good proof, and whether that is all there is to compare.

A data file of Iceberg is never written twice. So a row that lies in the same file with the same
deletes is the row that was proven, and it need not be read again to be it. What is left are the
deliveries that came, and the files of Gold that came, went or have other deletes. Of the
impressions in them the state that was proven stands for all deliveries until then: the law merges
states (section 3). On a local disk a file that was overwritten in its place is seen by its time; in
another store, or where a disk lost a bit by itself, by a comparison of everything alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_STATE
from adlake.folders import ADLAKE
from adlake.io.iceberg.file_changes import FileChanges
from adlake.io.sql.files import SqlText, SqlValue
from adlake.io.sql.literals import literal
from adlake.proof.baseline import Baseline
from adlake.proof.verdict import GOLD_RECORDS, Pin

MOST_LETTERS: Final = 250_000
"""Of all paths in a query; Trino takes a text of a million letters."""

ChangesOf = Callable[[str, int, int], FileChanges]
"""Table, an earlier snapshot, a later one: the files that differ."""
OverwrittenFile = Callable[[str, int, datetime], str]
"""Table, a snapshot, a moment: a file of it that was written again since; empty: none is seen."""


@dataclass(frozen=True)
class Increment:
    """A proof, and what is to be compared behind it."""

    proven: Baseline
    bronze: FileChanges
    gold: FileChanges

    @property
    def is_nothing(self) -> bool:
        """The tables hold the rows that were proven."""
        return self.bronze.are_none and self.gold.are_none

    @property
    def in_words(self) -> str:
        """How much that is, and what it leaves out."""
        if self.is_nothing:
            return (
                f"no file of Bronze or Gold differs since the proof of {self.proven.at}: neither "
                f"was read again (`{ADLAKE} verify --full` reads them, and sees what a disk lost)"
            )
        files = len(self.gold.before | self.gold.now)
        deliveries = self.bronze.added_rows - self.bronze.removed_rows
        return (
            f"since the proof of {self.proven.at}: {deliveries:,} new deliveries, "
            f"{files:,} files of Gold that came, went or have other deletes, and all events of "
            f"their impressions; other files are those that were proven (`{ADLAKE} verify --full` "
            "reads them again)"
        )

    @property
    def new_records(self) -> SqlText:
        """Condition for the records of Bronze that came.

        `kafka_offset` alone stands in it first: by that Trino leaves out files.
        """
        pin = self.proven.pin
        lowest = min(pin.next_offsets.values(), default=0)
        nexts = " ".join(f"WHEN {p} THEN {offset}" for p, offset in pin.next_offsets.items())
        bound = f"CASE kafka_partition {nexts} ELSE 0 END" if nexts else "0"
        topic = literal(pin.topic, "trino")
        return SqlText(
            f"(kafka_offset >= {lowest} AND kafka_topic = {topic} AND kafka_offset >= {bound})"
        )

    def values(self) -> dict[str, SqlValue]:
        """What the queries about touched impressions are told beside the rest."""
        return {
            "bronze_part": self.new_records,
            "gold_part": SqlText(f'"$path" IN ({_paths(self.gold.now)})'),
            "proven_snapshot": self.proven.pin.gold_snapshot,
            "changed_before": _paths(self.gold.before),
            "changed_now": _paths(self.gold.now),
            "proven_bronze": self.proven.pin.bronze_snapshot,
            "records_before": _paths(self.bronze.before),
            "records_now": _paths(self.bronze.now),
        }


def increment_since(
    proven: Baseline | None,
    pin: Pin,
    law: LawConstants,
    judge: str,
    changes_of: ChangesOf,
    *,
    overwritten: OverwrittenFile,
) -> Increment | str:
    """What is to be compared; or, as a sentence, why that is everything."""
    if proven is None:
        return "no good proof of this lake is kept here"
    if reason := _otherwise(proven, pin, law, judge):
        return reason
    before = proven.pin
    if path := _overwritten(proven, overwritten):
        return f"a file was written again since it was proven: {path}"
    bronze = _changes(changes_of, GOLD_RECORDS, before.bronze_snapshot, pin.bronze_snapshot)
    gold = _changes(changes_of, GOLD_STATE, before.gold_snapshot, pin.gold_snapshot)
    return _unclear(bronze, gold) or Increment(proven, bronze, gold)


def _overwritten(proven: Baseline, overwritten: OverwrittenFile) -> str:
    at, pin = datetime.fromisoformat(proven.at), proven.pin
    read = ((GOLD_RECORDS, pin.bronze_snapshot), (GOLD_STATE, pin.gold_snapshot))
    return next((path for one in read if (path := overwritten(*one, at))), "")


def _otherwise(proven: Baseline, pin: Pin, law: LawConstants, judge: str) -> str:
    """Why the proof before says nothing about the lake as it is; empty: it does."""
    before = proven.pin
    if proven.judge != judge:
        return "another version of adlake made the last proof"
    if proven.law != repr(law):
        return "Gold follows another law than at the last proof"
    if _source(before) != _source(pin):
        return "the topic was begun anew since the last proof"
    if any(pin.next_offsets.get(p, 0) < offset for p, offset in before.next_offsets.items()):
        return "Bronze goes less far than at the last proof"
    return ""


def _unclear(bronze: FileChanges, gold: FileChanges) -> str:
    """Why the files do not say what changed, or that all did; empty: they do."""
    if bronze.doubt:
        return f"{GOLD_RECORDS}: {bronze.doubt}"
    if bronze.has_new_deletes:
        return f"rows of {GOLD_RECORDS} were deleted since the last proof"
    if gold.doubt:
        return f"{GOLD_STATE}: {gold.doubt}"
    for table, changes in ((GOLD_RECORDS, bronze), (GOLD_STATE, gold)):
        if sum(len(path) for path in (*changes.before, *changes.now)) > MOST_LETTERS:
            return f"so many files of {table} changed that nearly everything would be compared"
    return ""


def _source(pin: Pin) -> tuple[str, str, Mapping[int, int], str, bool]:
    return (pin.topic, pin.topic_id, pin.start_offsets, pin.records_table, pin.has_counts)


def _changes(changes_of: ChangesOf, table: str, earlier: int, later: int) -> FileChanges:
    return FileChanges() if earlier == later else changes_of(table, earlier, later)


def _paths(paths: frozenset[str]) -> SqlText:
    return SqlText(", ".join(literal(one, "trino") for one in sorted(paths)) or "''")
