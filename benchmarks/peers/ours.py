"""adlake itself: the batch path of the engine, as `benchmarks/batches.py` drives it.

The lake lies in a folder without the catalog's database, so that it can be copied like those of
the peers; without Kafka, lease and maintenance. It keeps every record in Bronze, and channel and
region in Gold, which no peer does.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.tables import CATALOG, GOLD_STATE
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.spark.session import CatalogAccess, build_session, connect_catalog
from benchmarks.large_gold import append_day
from benchmarks.peers.shape import MONEY, ROW_COLUMNS, TIMES
from tests.fixtures.engine import attribution_processor, stamp_filled_gold
from tests.fixtures.sessions import resources_of

MEMORY = "4g"
"""Of the JVM, for each peer that has one."""


class Adlake:
    """A lake in a folder, and a session on it."""

    def __init__(self, folder: Path) -> None:
        self.session = build_session("peers", resources_of(MEMORY))
        access = CatalogAccess("hadoop", "", "", SecretStr(""), f"file://{folder}")
        connect_catalog(self.session, access)
        self.versions = {"spark": self.session.version}

    def preload(self, days: list[Path]) -> None:
        provision_tables(self.session)
        for day in days:
            append_day(read(self.session, day))
        stamp_filled_gold(self.session)

    def open(self) -> None:
        self._processor = attribution_processor(self.session)

    def process(self, records: Path, number: int) -> None:
        self._processor.process(read(self.session, records).drop("ingest_ms"), number)

    def roas(self) -> tuple[str, str]:
        return roas_of(self.session, f"{CATALOG}.{GOLD_STATE}")

    def write_rows(self, target: Path) -> None:
        write_rows(self.session.table(f"{CATALOG}.{GOLD_STATE}"), target)

    def close(self) -> None:
        self.session.stop()


def read(session: SparkSession, *paths: Path) -> DataFrame:
    """Files or folders of deliveries."""
    return session.read.parquet(*(f"file://{path}" for path in paths))


def roas_of(session: SparkSession, table: str) -> tuple[str, str]:
    """Spend and revenue of the impressions of a table."""
    row = session.sql(
        f"SELECT sum(cost) AS spend, sum(revenue) AS revenue FROM {table} "
        "WHERE impression_time IS NOT NULL"
    ).first()
    assert row is not None  # noqa: S101 - a sum has one row
    return str(row.spend), str(row.revenue)


def write_rows(rows: DataFrame, target: Path, lacking: dict[str, str] | None = None) -> None:
    """Rows in the form of ROW_COLUMNS; `lacking`: SQL of columns that the table does not have."""
    held = {
        **{name: f"CAST({name} * 1000000 AS BIGINT)" for name in MONEY},
        **{name: f"unix_millis({name})" for name in TIMES},
        **(lacking or {}),
    }
    told = rows.selectExpr(*(f"{held.get(name, name)} AS {name}" for name in ROW_COLUMNS))
    told.coalesce(1).write.mode("overwrite").parquet(f"file://{target}")
