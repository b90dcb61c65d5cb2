"""Whether Bronze and Gold are still what was recorded of them; a loss is a named stop.

Without this, a table that somebody dropped would be made anew and filled with what Kafka still has,
and nobody would hear of it. What moves a head on purpose does not count as a loss: replay and its
undo, compaction and expiry commit new snapshots, and a roll back leaves the table and its highest
sequence number as they were (the stream reads or repairs again what is missing).
"""

from __future__ import annotations

from collections.abc import Callable

from adlake.contracts.errors import AdlakeError
from adlake.contracts.registry import Filling, names_of, spec_of
from adlake.folders import ADLAKE
from adlake.io.postgres.lease import Connect
from adlake.io.postgres.table_heads import RecordedHead, TableHead, accept_loss, recorded_heads

RECORDED_TABLES = names_of(has_recorded_head=True)
Look = Callable[[str], TableHead | None]
"""The head of a table now; None when the catalog does not know the table."""

_ACCEPT = ADLAKE + ' lake accept {name} --reason "..."'
_WAYS_ON = {
    Filling.APPEND: "restore it from a backup, or go on with what Kafka still has",
    Filling.MERGE: "restore it from a backup, or let the next start build it again from Bronze",
}
_REBUILD = f"build its rows again by `{ADLAKE} replay --publish`, then"


class TableLostError(AdlakeError):
    """A table is gone, another one, or emptier than what was recorded of it."""


class NothingToAcceptError(AdlakeError):
    """The table is what was recorded of it: accepting would only hide the next loss."""


def refuse_lost_tables(connect: Connect, look: Look) -> None:
    """Compare each recorded table with what is there.

    Raises:
        TableLostError: names the table, what was recorded, and the way on.
    """
    for name, recorded in recorded_heads(connect).items():
        if found := finding(name, recorded.head, look(name)):
            raise TableLostError(f"{found}: {way_on(name, look(name), recorded.head)}")


def finding(name: str, recorded: TableHead, present: TableHead | None) -> str:
    """What is wrong with a table, empty when nothing is."""
    known = f"{recorded.rows:,} rows up to sequence number {recorded.head_sequence} were recorded"
    if present is None:
        return f"{name} is gone; {known}"
    if present.table_uuid != recorded.table_uuid:
        return f"{name} is another table than the one recorded, with {present.rows:,} rows; {known}"
    if present.last_sequence < recorded.last_sequence:
        return f"{name} is older than recorded, at {present.last_sequence}; {known}"
    was_changed_since = present.head_sequence > recorded.head_sequence
    lost_rows = spec_of(name).filling is Filling.APPEND and present.rows < recorded.rows
    is_empty = present.rows == 0 < recorded.rows
    if was_changed_since and (lost_rows or is_empty):
        return f"{name} holds only {present.rows:,} rows; {known}"
    return ""


def way_on(name: str, present: TableHead | None, recorded: TableHead) -> str:
    """What an operator can do about a lost table."""
    is_same = present is not None and present.table_uuid == recorded.table_uuid
    # Its stamps are still there, so nothing would be repaired at the next start.
    filling = spec_of(name).filling
    how = _REBUILD if is_same and filling is Filling.MERGE else f"{_WAYS_ON[filling]}:"
    return f"{how} `{_ACCEPT.format(name=name)}`"


def accept(connect: Connect, look: Look, name: str, reason: str) -> str:
    """Go on without what is lost of a table; returns the finding that was accepted.

    Raises:
        NothingToAcceptError: nothing is recorded, or nothing is wrong.
    """
    recorded = recorded_heads(connect).get(name)
    found = finding(name, recorded.head, look(name)) if recorded else ""
    if recorded is None or not found:
        tables = " and ".join(RECORDED_TABLES)
        raise NothingToAcceptError(
            f"nothing is lost of {name}: it is what was recorded of it (recorded are {tables})"
        )
    accept_loss(connect, name, recorded, {"finding": found, "reason": reason})
    return found


def shown(name: str, recorded: RecordedHead) -> str:
    """One line for a person."""
    head = recorded.head
    return (
        f"{name}: {head.rows:,} rows, sequence number {head.head_sequence}, contains "
        f"{recorded.source_label} up to {recorded.next_offsets}"
    )
