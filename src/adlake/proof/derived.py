"""Holds derived tables against their records, each by the checks that the registry names for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adlake.contracts import stamps
from adlake.contracts.registry import LAW_CHECKS
from adlake.io.sql.files import TIMESTAMP_UTC, SqlValue, bind, sql_text, with_relations
from adlake.io.trino.client import TableMissingError, TrinoClient
from adlake.proof.pin import NothingToVerifyError, head_of, newest_stamp, record_snapshots
from adlake.proof.records_sql import records_values
from adlake.proof.verdict import Failure


@dataclass(frozen=True)
class DerivedFacts:
    """What one snapshot of a derived table holds, and where its records say otherwise."""

    table: str
    snapshot: int
    rows: int
    failures: Sequence[Failure] = ()

    def lines(self) -> list[str]:
        """One line of the proof."""
        verdict = "otherwise than its records say" if self.failures else "as its records give them"
        return [f"also       {self.table} snapshot {self.snapshot}: {self.rows:,} rows, {verdict}"]


def verify_derived(trino: TrinoClient, table: str, rows_shown: int) -> DerivedFacts | None:
    """Compare the newest snapshot of a derived table with the records that its stamp names.

    Returns:
        None: no batch has reached it yet.
    """
    try:
        snapshots = record_snapshots(trino, table)
        head = head_of(snapshots)
        if head is None:
            return None
        stamp = newest_stamp(snapshots, head)
    except (TableMissingError, NothingToVerifyError):
        return None
    values: dict[str, SqlValue] = {
        "table_snapshot": head,
        "records_snapshot": int(stamp.properties[stamps.BRONZE_SNAPSHOT]),
        "timestamp_utc": TIMESTAMP_UTC["trino"],
        "row_limit": rows_shown,
    }
    failures = []
    for check in LAW_CHECKS[table]:
        relations = {name: sql_text(f"oracles/{name}") for name in check.relations}
        text = with_relations(sql_text(f"checks/{check.file}"), relations)
        if rows := trino.records(bind(text, values)):
            failures.append(Failure(f"{table}: {check.problem}", rows))
    counted = bind(sql_text("proof/row_count"), records_values(table) | {"snapshot": head})
    return DerivedFacts(table, head, int(trino.records(counted)[0]["row_count"]), failures)
