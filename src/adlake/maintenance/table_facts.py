"""What the newest commit of a table says of its size: small files, deletes that reads apply."""

from __future__ import annotations

from typing import Final

from pyspark.sql import SparkSession

from adlake.contracts import gauges
from adlake.contracts.gauges import Metric
from adlake.io.iceberg.table import IcebergTable
from adlake.io.prometheus.meters import Meters

_TOTALS: Final[dict[Metric, str]] = {
    gauges.TABLE_ROWS: "total-records",
    gauges.DATA_FILES: "total-data-files",
    gauges.DATA_BYTES: "total-files-size",
    gauges.DELETE_FILES: "total-delete-files",
    gauges.DELETED_ROWS: "total-position-deletes",
}


def tell_sizes(session: SparkSession, table: str, meters: Meters) -> None:
    """Take the totals that Iceberg keeps in each commit; nothing of a table without one."""
    totals = IcebergTable(session, table).totals()
    for metric, name in _TOTALS.items():
        if name in totals:
            meters.put(metric, totals[name], table=table)
