"""Maintenance of one Iceberg table.

Every commit writes the list of all snapshots anew, so a table that keeps them for ever makes each
batch a little slower than the one before.
"""

from __future__ import annotations

from pyspark.sql import SparkSession

from adlake.io.iceberg.table import IcebergTable


def expire_snapshots(session: SparkSession, name: str, older_than_ms: int, keep: int) -> int:
    """Forget old snapshots and delete the files that only they used; returns how many went.

    The newest stamped snapshot, the only memory of the stream, always stays.

    Args:
        session: the session whose catalog connection is used.
        name: `namespace.table`.
        older_than_ms: epoch ms; younger snapshots stay.
        keep: this many of the newest stay whatever their age.
    """
    iceberg = IcebergTable(session, name)
    stamp = iceberg.newest_stamp()
    table = iceberg.java_table()
    if stamp is None:
        return 0
    stamped_ms = int(table.snapshot(stamp.snapshot_id).timestampMillis())
    before = table.snapshots().size()
    limit = min(older_than_ms, stamped_ms)
    table.expireSnapshots().expireOlderThan(limit).retainLast(keep).commit()
    table.refresh()
    return int(before - table.snapshots().size())
