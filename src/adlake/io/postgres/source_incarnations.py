"""Source incarnations in the control database: which history of a topic is read, since when.

The table that keeps them, adlake.source_epochs, is older than the word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from adlake.contracts.source import FIRST_INCARNATION, IncarnationKind, source_label
from adlake.io.iceberg.stamp import offsets_text, parse_offsets
from adlake.io.postgres.lease import Connect
from adlake.io.sql.control import control_sql


class AlreadyDeclaredError(Exception):
    """Somebody declared the same number first."""


@dataclass(frozen=True)
class SourceIncarnation:
    """One unbroken history of a topic; the first one has no topic id and no start of its own."""

    topic: str
    number: int = FIRST_INCARNATION
    topic_id: str = ""
    start_offsets: Mapping[int, int] = field(default_factory=dict)
    """Partition -> first offset read in this incarnation."""
    contained_offsets: Mapping[int, int] = field(default_factory=dict)
    """Partition -> first offset of the incarnation before that the lake does not contain."""
    finding: str = ""
    reason: str = ""
    declared_by: str = ""
    kind: IncarnationKind | None = None
    """Why it began; None for the first one."""

    @property
    def label(self) -> str:
        """What Bronze calls this history."""
        return source_label(self.topic, self.number)


def source_incarnations(connect: Connect, topic: str) -> list[SourceIncarnation]:
    """All incarnations of a topic, oldest first; at least the first one."""
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(control_sql("source_incarnations/list"), {"topic": topic}).fetchall()
    declared = [
        SourceIncarnation(
            topic=topic,
            number=row["number"],
            topic_id=row["topic_id"],
            start_offsets=parse_offsets(row["start_offsets"]),
            contained_offsets=parse_offsets(row["contained_offsets"]),
            finding=row["finding"],
            reason=row["reason"],
            declared_by=row["declared_by"],
            kind=IncarnationKind(row["kind"]),
        )
        for row in rows
    ]
    return [SourceIncarnation(topic), *declared]


def newest_incarnation(connect: Connect, topic: str) -> SourceIncarnation:
    """The incarnation that is read now."""
    return source_incarnations(connect, topic)[-1]


def declare(connect: Connect, begun: SourceIncarnation) -> None:
    """Begin an incarnation.

    Raises:
        AlreadyDeclaredError: somebody declared the same number of this topic first.
    """
    row = {
        "number": begun.number, "topic": begun.topic, "topic_id": begun.topic_id,
        "start_offsets": offsets_text(begun.start_offsets),
        "contained_offsets": offsets_text(begun.contained_offsets),
        "finding": begun.finding, "reason": begun.reason, "declared_by": begun.declared_by,
        "kind": begun.kind or IncarnationKind.DECLARED,
    }  # fmt: skip
    try:
        with connect() as connection:
            connection.execute(control_sql("source_incarnations/insert"), row)
    except UniqueViolation as error:
        raise AlreadyDeclaredError(f"incarnation {begun.number} of {begun.topic}") from error
