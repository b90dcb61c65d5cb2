"""When and how files of tables are merged and removed: policies for the registry.

Data alone: what a policy means is told where it is applied (`maintenance`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

FEWEST_LEFTOVER_DAYS: Final = 3
"""Files that no snapshot names are removed at this age or later: a file is written before the
commit that names it, so a younger one may belong to a commit that is still being made."""
_MEBIBYTE: Final = 1024 * 1024


class Due(StrEnum):
    """When maintenance merges small files."""

    BATCHES = "batches"
    """Every so many batches, as each one leaves small files among hot rows."""
    EXPIRY = "expiry"
    """After old snapshots were forgotten."""
    SLICES = "slices"
    """As often as those of BATCHES, a bounded part a time: nothing waits for these rows."""


@dataclass(frozen=True)
class SmallFiles:
    """Which files of an hour are worth a merge."""

    below_bytes: int
    """Smaller ones are small."""
    at_least: int
    """So many small ones of one hour are merged, fewer are left as they are."""


@dataclass(frozen=True)
class HourFiles:
    """Targets for a table that is partitioned by the hour of `time_column` and only appended to."""

    time_column: str
    target_bytes: int
    open: SmallFiles
    """Of the newest hours: each batch adds to them, so only the smallest files are merged."""
    closed: SmallFiles
    """Of all others; below half the target, so that two small files always fit into one."""
    open_hours: int
    """The newest hour of the table and those before it that count as open."""


@dataclass(frozen=True)
class Compaction:
    """How small files are merged: when, in which order of rows, with which Iceberg options."""

    due: Due
    sort_order: str = ""
    """Empty: files are merged as they are."""
    options: Mapping[str, str] = field(default_factory=dict)
    hours: HourFiles | None = None
    """With `Due.SLICES` alone."""


HOT_ROWS: Final = MappingProxyType({
    "target-file-size-bytes": str(64 * _MEBIBYTE),
    "min-file-size-bytes": str(24 * _MEBIBYTE),
    "min-input-files": "4",
    "max-concurrent-file-group-rewrites": "2",
    "remove-dangling-deletes": "false",
})  # fmt: skip
"""Of Gold: options of Iceberg for rows that are changed again and again."""

RECORD_FILES: Final = Compaction(
    Due.SLICES,
    # As batches write them: partition by partition of the topic, in the order of its offsets.
    "kafka_topic ASC NULLS LAST, kafka_partition ASC NULLS LAST, kafka_offset ASC NULLS LAST",
    hours=HourFiles(
        "partition_ts", 128 * _MEBIBYTE,
        open=SmallFiles(8 * _MEBIBYTE, 40), closed=SmallFiles(64 * _MEBIBYTE, 8), open_hours=2,
    ),
)  # fmt: skip
"""Of every table of records: each batch adds a file or two to each hour that it touches."""
