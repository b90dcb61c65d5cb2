"""Loads the first version of the dimension tables from seed files."""

from __future__ import annotations

import logging
from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, DIM_CAMPAIGNS, DIM_CREATIVES, DIM_USERS
from adlake.io import failpoints
from adlake.io.iceberg.table import IcebergTable

log = logging.getLogger(__name__)

_END_OF_TIME = "TIMESTAMP '9999-12-31 00:00:00'"


def load_first_versions(session: SparkSession, seed_dir: Path) -> None:
    """Fill empty dimension tables from `<seed_dir>/<table>.parquet`; filled ones stay as they are.

    Args:
        session: connected to the catalog.
        seed_dir: directory with dim_campaigns.parquet, dim_creatives.parquet, dim_users.parquet.
    """
    for table in (DIM_CAMPAIGNS, DIM_CREATIVES, DIM_USERS):
        seed = seed_dir / f"{table.split('.')[1]}.parquet"
        full_name = f"{CATALOG}.{table}"
        if not seed.exists() or IcebergTable(session, table).row_count():
            continue
        session.read.parquet(f"file://{seed}").createOrReplaceTempView("seed_rows")
        columns = session.table(full_name).columns
        first_version = {
            "campaign_key": "CAST(row_number() OVER (ORDER BY campaign_id) AS BIGINT)",
            "end_ts": _END_OF_TIME,
            "is_current": "TRUE",
        }
        selected = ", ".join(f"{first_version.get(name, name)} AS {name}" for name in columns)
        insert = f"INSERT INTO {full_name} SELECT {selected} FROM seed_rows"  # noqa: S608 - own names
        session.sql(insert)
        session.catalog.dropTempView("seed_rows")
        log.info("loaded the first version of %s", table)
        failpoints.reach("dims.after_load")
