"""Creates the lake's tables from sql/ddl and its views from sql/views; safe to run twice."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, GOLD_STATE, NAMESPACES
from adlake.io.iceberg import IcebergTable
from adlake.io.views import provision_views

_ROOT = Path(__file__).resolve().parents[3]
DDL_DIR = _ROOT / "sql" / "ddl"


def provision_tables(session: SparkSession) -> None:
    """Create namespaces, tables and views that do not exist yet; renew views that changed."""
    for namespace in NAMESPACES:
        session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.{namespace}")
    for file in sorted(DDL_DIR.glob("*/*.sql")):
        session.sql(file.read_text())
    IcebergTable(session, GOLD_STATE).create_first_snapshot()
    provision_views(session)
