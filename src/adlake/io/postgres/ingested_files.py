"""The table adlake.ingested_files in the control database: files of events that were published."""

from __future__ import annotations

from dataclasses import dataclass

from adlake.io.postgres.lease import Connect
from adlake.io.sql.control import control_sql


@dataclass(frozen=True)
class IngestedFiles:
    """Which contents of which files were published."""

    connect: Connect
    """Opens the control database."""

    def has(self, path: str, sha256: str) -> bool:
        """Whether this content was published from there."""
        with self.connect() as connection:
            file = {"path": path, "sha256": sha256}
            row = connection.execute(control_sql("ingested_files/has"), file).fetchone()
        return row is not None

    def record(self, path: str, sha256: str, row_count: int) -> None:
        """It is now; the same again changes nothing."""
        with self.connect() as connection:
            file = {"path": path, "sha256": sha256, "row_count": row_count}
            connection.execute(control_sql("ingested_files/insert"), file)
