"""What every process of the benchmark agrees on; of the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

ROW_COLUMNS: Final = (
    "impression_id", "campaign_id", "creative_id", "user_id", "geo_country", "platform",
    "is_clicked", "is_converted", "impression_time", "click_time", "conversion_time", "cost",
    "revenue", "eligible", "late_by_ms", "is_late", "revenue_out_of_window", "last_updated_ts",
)  # fmt: skip
"""The 18 of the law, as a peer gives its rows back: times in epoch ms, money in whole micros."""
IDS: Final = ("event_id", "impression_id", "campaign_id", "creative_id", "user_id")
"""Of an event, by the law."""
MONEY: Final = ("cost", "revenue", "revenue_out_of_window")
TIMES: Final = ("impression_time", "click_time", "conversion_time", "last_updated_ts")
"""Of ROW_COLUMNS, like MONEY."""
WINDOW_MS: Final = 604_800_000
LATE_MS: Final = 3_600_000
FUTURE_MS: Final = 300_000
OLDEST_MS: Final = 1_420_070_400_000
"""Of the law, its version 1."""
DAY_OF_ID: Final = "substr(impression_id, 5, 8)"
"""`yyyymmdd` of an id of the generator, in the SQL of every peer."""
CONTENT: Final = (
    "ts_ms", "type_rank", "micros", "campaign_id", "creative_id", "user_id", "geo_country",
    "platform", "ingest_ms",
)  # fmt: skip
"""Of an event, in the order of the law: the smallest of all deliveries of an event id counts."""


class Peer(Protocol):
    """An engine with a table of its own in a folder of its own."""

    versions: dict[str, str]

    def preload(self, days: list[Path]) -> None:
        """Make the tables and fill them; each folder holds the admitted deliveries of a day."""

    def open(self) -> None:
        """The tables are there."""

    def process(self, records: Path, number: int) -> None:
        """One batch: read the file of JSON payloads, judge, keep each record, bring rows up."""

    def roas(self) -> tuple[str, str]:
        """Spend and revenue of all impressions; the question that is timed."""

    def write_rows(self, target: Path) -> None:
        """Every row as Parquet, in ROW_COLUMNS."""

    def close(self) -> None:
        """Nothing of it runs afterwards."""


def day_folders(traffic: Path) -> list[Path]:
    """The preloaded deliveries, a folder for each day of impressions."""
    return sorted((traffic / "preload").glob("day=*"))


def batch_files(traffic: Path) -> list[Path]:
    """The batches, in order."""
    return sorted((traffic / "batches").glob("*.parquet"))


def bytes_in(folder: Path) -> int:
    """Of all files."""
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
