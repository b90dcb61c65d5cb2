"""Source epochs in the catalog database: which history of the topic is read, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from adlake.contracts.source import FIRST_EPOCH, IncarnationKind, source_label
from adlake.io.iceberg.stamp import offsets_text, parse_offsets
from adlake.io.postgres.lease import Connect


class AlreadyDeclaredError(Exception):
    """Somebody declared the same number first."""


@dataclass(frozen=True)
class SourceEpoch:
    """One unbroken history of a topic; the first one has no topic id and no start of its own."""

    topic: str
    number: int = FIRST_EPOCH
    topic_id: str = ""
    start_offsets: Mapping[int, int] = field(default_factory=dict)
    """Partition -> first offset read in this epoch."""
    contained_offsets: Mapping[int, int] = field(default_factory=dict)
    """Partition -> first offset of the epoch before that the lake does not contain."""
    finding: str = ""
    reason: str = ""
    declared_by: str = ""
    kind: IncarnationKind | None = None
    """Why it began; None for the first one."""

    @property
    def label(self) -> str:
        """What Bronze calls this history."""
        return source_label(self.topic, self.number)


def source_epochs(connect: Connect, topic: str) -> list[SourceEpoch]:
    """All epochs of a topic, oldest first; at least the first one."""
    with connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT source_epoch, topic_id, start_offsets::text, contained_offsets::text, "
            "finding, reason, declared_by, kind FROM adlake.source_epochs WHERE topic = %s "
            "ORDER BY source_epoch",
            (topic,),
        ).fetchall()
    declared = [
        SourceEpoch(
            topic=topic,
            number=row["source_epoch"],
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
    return [SourceEpoch(topic), *declared]


def newest_source_epoch(connect: Connect, topic: str) -> SourceEpoch:
    """The epoch that is read now."""
    return source_epochs(connect, topic)[-1]


def declare(connect: Connect, epoch: SourceEpoch) -> None:
    """Begin an epoch.

    Raises:
        AlreadyDeclaredError: somebody declared the same number of this topic first.
    """
    try:
        with connect() as connection:
            connection.execute(
                "INSERT INTO adlake.source_epochs (source_epoch, topic, topic_id, start_offsets, "
                "contained_offsets, finding, reason, declared_by, kind) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    epoch.number, epoch.topic, epoch.topic_id, offsets_text(epoch.start_offsets),
                    offsets_text(epoch.contained_offsets), epoch.finding, epoch.reason,
                    epoch.declared_by, epoch.kind or IncarnationKind.DECLARED,
                ),
            )  # fmt: skip
    except UniqueViolation as error:
        raise AlreadyDeclaredError(f"incarnation {epoch.number} of {epoch.topic}") from error
