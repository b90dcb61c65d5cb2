"""Holds derived tables against what they are made of, by the checks of the registry."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1, ReadLaw
from adlake.contracts.law_checks import LAW_CHECKS, LawCheck
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.contracts.registry import spec_of
from adlake.folders import ADLAKE
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.law_store import law_version_of
from adlake.io.sql.files import TIMESTAMP_UTC, SqlValue, bind, sql_text, with_relations
from adlake.io.sql.law import law_parameters
from adlake.io.trino.client import TableMissingError, TrinoClient, TrinoMemoryError
from adlake.proof.baseline import ProvenTable
from adlake.proof.pin import NothingToVerifyError, head_of, newest_stamp, record_snapshots
from adlake.proof.records_sql import records_values
from adlake.proof.slices import Slice, each_slice
from adlake.proof.verdict import Failure

MOST_SLICES: Final = 256
"""Of a check that can be cut: what needs more does not fit by being cut."""


@dataclass(frozen=True)
class DerivedFacts:
    """What one snapshot of a derived table holds, and where what it is made of says otherwise."""

    table: str
    snapshot: int
    rows: int = 0
    failures: Sequence[Failure] = ()
    made_of: str = "its records"
    not_compared: str = ""
    """Why it was not held against what it is made of; empty: it was."""
    basis: str = ""
    """At which snapshots and under which law it was compared."""
    is_known: bool = False
    """The proof before found it at the same basis; it was not read again."""
    of_snapshot: SqlValue = None
    """Snapshot of the table that it is made of; None: the stamp names none."""

    @property
    def is_proven(self) -> bool:
        """Compared with all that it is made of, and right."""
        return not (self.failures or self.not_compared)

    def lines(self) -> list[str]:
        """One line of the proof."""
        if self.failures:
            verdict = f"otherwise than {self.made_of} say"
        elif self.not_compared:
            verdict = self.not_compared
        else:
            verdict = f"as {self.made_of} give them"
            verdict += ", proven before" * self.is_known
        return [f"also       {self.table} snapshot {self.snapshot}: {self.rows:,} rows, {verdict}"]


def verify_derived(
    trino: TrinoClient,
    table: str,
    rows_shown: int,
    read_law: ReadLaw = lambda _version: LAW_V1,
    *,
    proven: ProvenTable | None = None,
    before: Mapping[str, DerivedFacts] = MappingProxyType({}),
) -> DerivedFacts | None:
    """Compare the newest snapshot of a derived table with what its stamp says it is made of.

    One that was `proven` at the same snapshots under the same law is not read again. Tables that
    were looked at `before` may be stood on.

    Returns:
        None: nothing has reached it yet.
    """
    try:
        snapshots = record_snapshots(trino, table)
        head = head_of(snapshots)
        if head is None:
            return None
        stamp = newest_stamp(snapshots, head)
    except (TableMissingError, NothingToVerifyError):
        return None
    source = spec_of(table).source
    values = _stamped_values(stamp, read_law) | {"table_snapshot": head}
    made_of = f"the rows of {source}" if source else "its records"
    facts = DerivedFacts(
        table, head, made_of=made_of, basis=json.dumps(values, sort_keys=True, default=str),
        of_snapshot=values.get("source_snapshot" if source else "records_snapshot"),
    )  # fmt: skip
    if proven is not None and proven.basis == facts.basis:
        return replace(facts, rows=proven.rows, is_known=True)
    stored = _stored(before, facts)
    # A snapshot that the table names was used by it, and may be an older one.
    values = {f"{_relation(name)}_snapshot": one for name, one in stored.items()} | values
    values["row_limit"] = rows_shown
    not_compared = _expired(trino, table, stamp) if source else ""
    failures, not_compared = _failures(trino, table, values, not_compared, stored)
    counted = bind(sql_text("proof/row_count"), records_values(table) | {"snapshot": head})
    rows = int(trino.records(counted)[0]["row_count"])
    return replace(facts, rows=rows, failures=failures, not_compared=not_compared)


def _stored(before: Mapping[str, DerivedFacts], facts: DerivedFacts) -> dict[str, SqlValue]:
    """Tables that were proven of the same records, with their snapshots."""
    return {
        name: one.snapshot
        for name, one in before.items()
        if one.is_proven and (one.made_of, one.of_snapshot) == (facts.made_of, facts.of_snapshot)
    }


def _failures(
    trino: TrinoClient,
    table: str,
    values: Mapping[str, SqlValue],
    not_compared: str,
    stored: Collection[str],
) -> tuple[list[Failure], str]:
    """What the checks find, and why those that read the source were left out; empty: none was."""
    source = spec_of(table).source
    failures = []
    for check in LAW_CHECKS[table]:
        if not_compared and check.reads_source:
            continue
        try:
            rows = _offending(trino, check, values, stored)
        except TrinoMemoryError:
            if not (source and check.reads_source):
                raise
            not_compared = f"not compared: Trino's memory does not hold all paths of {source}"
            continue
        if rows:
            failures.append(Failure(f"{table}: {check.problem}", rows))
    return failures, not_compared


def _offending(
    trino: TrinoClient, check: LawCheck, values: Mapping[str, SqlValue], stored: Collection[str]
) -> list[dict[str, Any]]:
    """Rows that a check finds: at once, or in as many slices as memory asks for."""
    text = _text(check, stored)

    def found(part: Slice) -> list[dict[str, Any]]:
        return trino.records(bind(text, {**values, **part.values()}))

    most = MOST_SLICES if check.is_sliced else 1
    return [row for _, rows in each_slice(1, found, pieces=4, most=most) for row in rows]


def _text(check: LawCheck, stored: Collection[str]) -> str:
    files = {name.rpartition("/")[2]: name for name in check.relations}
    if check.stands_on in stored:
        stands_on = _relation(check.stands_on)
        after = list(files)[list(files).index(stands_on) + 1 :]
        files = {stands_on: f"stored/{stands_on}"} | {name: files[name] for name in after}
    relations = {name: sql_text(f"oracles/{file}") for name, file in files.items()}
    return with_relations(sql_text(f"checks/{check.file}"), relations)


def _relation(table: str) -> str:
    """Of `gold.name`, what a check calls it."""
    return table.partition(".")[2]


def _stamped_values(stamp: Stamp, read_law: ReadLaw) -> dict[str, SqlValue]:
    """What the stamp says of how the table was made; a check takes what it names."""
    told = stamp.properties
    values: dict[str, SqlValue] = {
        "timestamp_utc": TIMESTAMP_UTC["trino"],
        "upper_case": UPPER_CASE,
        "lower_case": LOWER_CASE,
    }
    if stamps.BRONZE_SNAPSHOT in told:
        values["records_snapshot"] = int(told[stamps.BRONZE_SNAPSHOT])
    if stamps.SOURCE_SNAPSHOT in told:
        values["source_snapshot"] = int(told[stamps.SOURCE_SNAPSHOT])
        values |= law_parameters(read_law(law_version_of(stamp)))
    if stamps.MADE_OF in told:
        made_of = json.loads(told[stamps.MADE_OF])
        values |= {f"{_relation(name)}_snapshot": one for name, one in made_of.items()}
    if stamps.READ_UNTIL_MS in told:
        values["until_ms"] = int(told[stamps.READ_UNTIL_MS])
    if stamps.HALF_LIFE_MS in told:
        values["half_life_ms"] = int(told[stamps.HALF_LIFE_MS])
    return values


def _expired(trino: TrinoClient, table: str, stamp: Stamp) -> str:
    """Why the snapshot that a table is made of cannot be read; empty: it can."""
    made_of = {spec_of(table).source: int(stamp.properties[stamps.SOURCE_SNAPSHOT])}
    made_of |= json.loads(stamp.properties.get(stamps.MADE_OF, "{}"))
    for source, snapshot in made_of.items():
        if snapshot not in record_snapshots(trino, source):
            return (
                f"not compared: {source} snapshot {snapshot}, of which they are made, has expired "
                f"(`{ADLAKE}{spec_of(table).rebuild.removeprefix('adlake')}` makes them anew)"
            )
    return ""
