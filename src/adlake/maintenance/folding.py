"""Folds a table of sums: rows of one key become one, so that readers add up few.

Each batch appends a small file of what it changed. Once there are several, they are added to the
folded rows of the days that they touch, by one commit; sums stay the same at any time.
"""

from __future__ import annotations

import logging
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.contracts.registry import TableSpec
from adlake.contracts.tables import FOLDED_DAY
from adlake.io.iceberg.table import ONE_FILE_AT_A_TIME, IcebergTable

log = logging.getLogger(__name__)

FEWEST_FILES = 8
"""Of batches; fewer are left as they are."""


def fold(session: SparkSession, spec: TableSpec, fewest_files: int = FEWEST_FILES) -> int:
    """Fold what batches appended; returns how many of their files there were."""
    name, started = IcebergTable(session, spec.name).full_name, time.monotonic()
    loose = int(session.table(f"{name}.files").where(f"partition.{FOLDED_DAY} IS NULL").count())
    if loose < max(1, fewest_files):
        return 0
    rows, day_sql = session.table(name), f"CAST({spec.folded_by} AS DATE)"
    # A few dates, no rows.
    touched = (
        rows.where(f"{FOLDED_DAY} IS NULL").selectExpr(f"{day_sql} AS day").distinct().collect()
    )
    days = ", ".join(f"DATE '{row.day}'" for row in touched)
    of_those = f"{FOLDED_DAY} IS NULL" + (f" OR {FOLDED_DAY} IN ({days})" if days else "")
    types = {column.name: column.dataType for column in rows.schema}
    folded = (
        rows.where(of_those).groupBy(*spec.key)
        .agg(*(F.sum(column).cast(types[column]).alias(column) for column in spec.sums))
        .where(" OR ".join(f"{column} <> 0" for column in spec.sums))
        .withColumn(FOLDED_DAY, F.expr(day_sql))
        .repartition(FOLDED_DAY).sortWithinPartitions(FOLDED_DAY, *spec.key)
    )  # fmt: skip
    folded.writeTo(name).options(**ONE_FILE_AT_A_TIME).overwrite(F.expr(of_those))
    log.info(
        "%s: folded %d files of batches into %d days in %.2f s", spec.name,
        loose, len(touched), time.monotonic() - started,
    )  # fmt: skip
    return loose
