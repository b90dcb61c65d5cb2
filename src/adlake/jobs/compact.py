"""Keeps the hot slots of Gold in few files, so that batch time stays flat.

Each batch leaves small data files and delete files behind. Between batches, small files of the
same partition are merged into one sorted by slot; files with many deleted rows are rewritten.
Runs in the streaming driver, never beside a MERGE on the same files.
"""

from __future__ import annotations

import logging
import time

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, GOLD_STATE
from adlake.io.iceberg import IcebergTable

log = logging.getLogger(__name__)

_HOT_OPTIONS = {
    "target-file-size-bytes": str(64 * 1024 * 1024),
    "min-file-size-bytes": str(24 * 1024 * 1024),
    "min-input-files": "4",
    "max-concurrent-file-group-rewrites": "2",
    "remove-dangling-deletes": "false",
}


def compact_hot_slots(session: SparkSession) -> None:
    """Merge Gold's small files, one commit."""
    started = time.time()
    options = ", ".join(f"'{key}', '{value}'" for key, value in _HOT_OPTIONS.items())
    row = session.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{GOLD_STATE}', "
        f"strategy => 'sort', sort_order => 'slot ASC NULLS LAST, impression_id ASC NULLS LAST', "
        f"options => map({options}))"
    ).collect()[0]
    IcebergTable(session, GOLD_STATE).reset_staging()
    log.info(
        "compacted %d files into %d in %.2f s",
        row.rewritten_data_files_count, row.added_data_files_count, time.time() - started,
    )  # fmt: skip
