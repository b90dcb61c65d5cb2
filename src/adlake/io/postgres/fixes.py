"""The table adlake.quarantine_fixes in the catalog database: corrections of rejected deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from adlake.contracts.errors import AdlakeError
from adlake.io.sql.control import control_sql

Connect = Callable[[], psycopg.Connection[Any]]
Position = tuple[str, int, int]
"""(topic, partition, offset) of the rejected delivery."""
RESUBMITTED = "resubmitted"
"""Status of a fix that was published."""
_STORED = "replayed"
"""The same in the table: its status and the names of three columns are older than the word."""


class AlreadyResubmittedError(AdlakeError):
    """A fix of this delivery was published before."""


@dataclass(frozen=True)
class Fix:
    """One correction; times are aware, `payload` is what will be or was published."""

    fix_id: int
    kafka_topic: str
    kafka_partition: int
    kafka_offset: int
    payload: bytes
    impression_id: str
    event_id: str
    fixed_by: str
    why: str
    fixed_at: datetime
    status: str
    resubmitted_at: datetime | None
    resubmitted_partition: int | None
    resubmitted_offset: int | None

    @property
    def position(self) -> Position:
        """The rejected delivery that it corrects."""
        return (self.kafka_topic, self.kafka_partition, self.kafka_offset)


def store_fix(
    connect: Connect, position: Position, payload: bytes, ids: tuple[str, str], *, by: str, why: str
) -> int:
    """Store a fix as pending, in place of one that still waits; returns its id.

    Args:
        connect: opens the catalog database.
        position: the rejected delivery.
        payload: the corrected one.
        ids: its impression_id and event_id.
        by: who corrects.
        why: the reason, for those who ask later.

    Raises:
        AlreadyResubmittedError: the delivery was corrected and published before.
    """
    with connect() as connection:
        done = connection.execute(
            control_sql("quarantine_fixes/resubmitted"), _named(position)
        ).fetchone()
        if done is not None:
            raise AlreadyResubmittedError(
                f"{shown(position)} was corrected by {done[2]} and published as partition "
                f"{done[0]} offset {done[1]}: correct that event at its source, or reject it there"
            )
        connection.execute(control_sql("quarantine_fixes/supersede"), _named(position))
        impression_id, event_id = ids
        fix = {
            **_named(position), "payload": payload, "impression_id": impression_id,
            "event_id": event_id, "fixed_by": by, "why": why,
        }  # fmt: skip
        row = connection.execute(control_sql("quarantine_fixes/insert"), fix).fetchone()
    assert row is not None  # noqa: S101 - INSERT ... RETURNING gives one row
    return int(row[0])


def fixes(connect: Connect) -> list[Fix]:
    """Every fix that counts (pending or resubmitted), oldest first."""
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return [_fix(row) for row in cursor.execute(control_sql("quarantine_fixes/list"))]


def resubmit_pending(
    connect: Connect, publish: Callable[[Sequence[Fix]], Sequence[tuple[int, int]]]
) -> list[Fix]:
    """Publish the pending fixes and mark them; returns them as they are afterwards.

    The rows stay locked meanwhile, so two commands never send the same fix. A crash after the send
    leaves them pending: the next command sends them again, as a second delivery of the same event,
    which the law counts once.

    Args:
        connect: opens the catalog database.
        publish: sends the fixes and returns partition and offset of each, in their order.
    """
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        pending = [
            _fix(row) for row in cursor.execute(control_sql("quarantine_fixes/lock_pending"))
        ]
        written = publish(pending) if pending else []
        resubmitted = []
        for fix, (partition, offset) in zip(pending, written, strict=True):
            sent = {"fix_id": fix.fix_id, "new_partition": partition, "new_offset": offset}
            marked = cursor.execute(control_sql("quarantine_fixes/mark_resubmitted"), sent)
            resubmitted += [_fix(row) for row in marked]
    return resubmitted


def _fix(row: Mapping[str, Any]) -> Fix:
    named = {name.replace(_STORED, RESUBMITTED): value for name, value in row.items()}
    status = RESUBMITTED if row["status"] == _STORED else row["status"]
    return Fix(**{**named, "status": status})


def _named(position: Position) -> dict[str, Any]:
    return dict(zip(("kafka_topic", "kafka_partition", "kafka_offset"), position, strict=True))


def shown(position: Position) -> str:
    """`topic/partition/offset`."""
    return "/".join(map(str, position))
