"""Removes files below a table's folder that nothing in its metadata names."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from adlake.contracts.compaction import FEWEST_LEFTOVER_DAYS
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import CATALOG


class TooYoungError(AdlakeError):
    """Files were to be removed that a writer may still be about to commit."""


def remove_leftovers(
    session: SparkSession, name: str, older_than_ms: int, now_ms: int | None = None
) -> int:
    """Remove what killed writers left in the folder of a table; returns how many files.

    Branches, tags and all snapshots count as names, so what any reader may ask for stays.

    Args:
        session: the session whose catalog connection is used.
        name: `namespace.table`.
        older_than_ms: epoch ms; younger files stay.
        now_ms: the time by the wall clock; None: now.

    Raises:
        TooYoungError: `older_than_ms` is not `FEWEST_LEFTOVER_DAYS` ago.
    """
    now_ms = int(time.time() * 1_000) if now_ms is None else now_ms
    if now_ms - older_than_ms < FEWEST_LEFTOVER_DAYS * DAY_MS:
        raise TooYoungError(
            f"files of {name} are removed only when they are {FEWEST_LEFTOVER_DAYS} days old: a "
            "younger one may belong to a commit that is still being made"
        )
    limit = datetime.fromtimestamp(older_than_ms / 1_000, UTC)
    rows = session.sql(
        f"CALL {CATALOG}.system.remove_orphan_files(table => '{CATALOG}.{name}', "
        f"older_than => TIMESTAMP '{limit:%Y-%m-%d %H:%M:%S}+00:00', "
        # By the table's own client: Hadoop has none for an object store.
        "prefix_listing => true)"
    ).collect()
    return len(rows)
