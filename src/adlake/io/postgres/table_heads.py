"""What the catalog database knows of Bronze and Gold beside the tables themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from adlake.io.postgres.lease import Connect, this_holder
from adlake.io.sql.control import control_sql

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableHead:
    """One table at one moment; sequence numbers are Iceberg's, 0 for a table without snapshot."""

    table_uuid: str
    last_sequence: int
    """The highest ever given: a roll back does not lower it."""
    head_sequence: int
    """Of the head of main."""
    rows: int
    """By the head's summary; rows that delete files hide still count."""


@dataclass(frozen=True)
class RecordedHead:
    """What was recorded, with the offsets (JSON text) that the table contained then."""

    head: TableHead
    source_label: str
    next_offsets: str


def recorded_heads(connect: Connect) -> dict[str, RecordedHead]:
    """`namespace.table` -> what was recorded of it last."""
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(control_sql("table_heads/list")).fetchall()
    return {
        row["name"]: RecordedHead(
            TableHead(
                row["table_uuid"], row["last_sequence"], row["head_sequence"], row["row_count"]
            ),
            row["source_label"],
            row["next_offsets"],
        )
        for row in rows
    }


def accept_loss(
    connect: Connect, name: str, recorded: RecordedHead, why: Mapping[str, str]
) -> None:
    """Forget what was recorded of a table, and keep that, the finding and the reason for ever."""
    loss = {
        **_named(name), "recorded": Jsonb(asdict(recorded)), "finding": why["finding"],
        "reason": why["reason"], "accepted_by": this_holder(),
    }  # fmt: skip
    with connect() as connection:
        connection.execute(control_sql("accepted_losses/insert"), loss)
        connection.execute(control_sql("table_heads/delete"), _named(name))


class HeadsRecorder:
    """Records heads on a connection of its own; what fails is recorded after the next batch.

    A record that is older than its table is harmless, so nothing waits for the disk.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: psycopg.Connection | None = None

    def record(self, heads: Mapping[str, RecordedHead]) -> None:
        """Replace what is known of these tables; about a millisecond."""
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._connection.execute("SET synchronous_commit = off")
            for name, one in heads.items():
                self._connection.execute(control_sql("table_heads/upsert"), _values(name, one))
            self._connection.commit()
        except psycopg.Error as error:
            log.warning("heads are recorded after the next batch: %s", error)
            self.close()

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _named(name: str) -> dict[str, str]:
    namespace, _, table = name.partition(".")
    return {"table_namespace": namespace, "table_name": table}


def _values(name: str, one: RecordedHead) -> dict[str, str | int]:
    head = one.head
    return {
        **_named(name), "table_uuid": head.table_uuid, "last_sequence": head.last_sequence,
        "head_sequence": head.head_sequence, "row_count": head.rows,
        "source_label": one.source_label, "next_offsets": one.next_offsets,
    }  # fmt: skip
