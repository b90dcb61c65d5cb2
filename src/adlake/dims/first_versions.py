"""Loads the creatives and users of the simulator from seed files."""

from __future__ import annotations

import logging
from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, DIM_CREATIVES, DIM_USERS
from adlake.io import failpoints
from adlake.io.iceberg.table import IcebergTable

log = logging.getLogger(__name__)


def load_first_versions(session: SparkSession, seed_dir: Path) -> None:
    """Fill empty dimension tables from `<seed_dir>/<table>.parquet`; filled ones stay as they are.

    Args:
        session: connected to the catalog.
        seed_dir: directory with dim_creatives.parquet and dim_users.parquet.
    """
    for table in (DIM_CREATIVES, DIM_USERS):
        seed = seed_dir / f"{table.split('.')[1]}.parquet"
        full_name = f"{CATALOG}.{table}"
        if not seed.exists() or IcebergTable(session, table).row_count():
            continue
        columns = session.table(full_name).columns
        session.read.parquet(f"file://{seed}").select(*columns).writeTo(full_name).append()
        log.info("loaded the first version of %s", table)
        failpoints.reach("dims.after_load")
