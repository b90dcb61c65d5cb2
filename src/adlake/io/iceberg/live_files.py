"""The files of one snapshot with the least value of a column, from Iceberg's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adlake.io.iceberg.table import IcebergTable

_DATA: Final = 0
"""Iceberg's number of a file that holds rows; others hold deletes."""


def least_by_file(table: IcebergTable, snapshot_id: int, column: str) -> Mapping[str, int | None]:
    """Path -> epoch ms of the least time in a column; None: the statistics do not tell.

    Files are never written twice: one that two snapshots name holds the same rows in both, but for
    deletes. Those are files of their own, and do not tell the times of the rows they are about.
    """
    files = f"{table.full_name}.files VERSION AS OF {int(snapshot_id)}"
    bound = f"readable_metrics.{column}.lower_bound"
    least = f"CASE WHEN content = {_DATA} THEN unix_millis({bound}) END"
    found = table.session.sql(f"SELECT file_path, {least} AS least_ms FROM {files}")  # noqa: S608
    # Names of files, no rows.
    return {row.file_path: row.least_ms for row in found.collect()}
