"""Folders below a place, listed and removed by a table's own FileIO."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from pyspark.sql import SparkSession

from adlake.io.iceberg.folders import folders_in, remove_folder
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.session import CatalogAccess, connect_catalog

pytestmark = pytest.mark.spark


def test_folders_are_those_that_hold_files_and_one_goes_alone(
    spark: SparkSession, tmp_path: Path
) -> None:
    session = spark.newSession()
    warehouse = f"file://{tmp_path}/lake"
    connect_catalog(session, CatalogAccess("hadoop", "", "", SecretStr(""), warehouse))
    session.sql("CREATE NAMESPACE lakehouse.gold")
    session.sql("CREATE TABLE lakehouse.gold.rows (id INT) USING iceberg")
    table = IcebergTable(session, "gold.rows").java_table()
    root = f"{warehouse}/gold/rows_replay"
    assert folders_in(table, root) == set()
    for name in ("one", "one/deep", "two", "two_more"):
        folder = tmp_path / "lake" / "gold" / "rows_replay" / name
        folder.mkdir(parents=True)
        (folder / "file.parquet").write_bytes(b"rows")
    assert folders_in(table, root) == {"one", "two", "two_more"}
    remove_folder(table, f"{root}/two")
    assert folders_in(table, root) == {"one", "two_more"}
