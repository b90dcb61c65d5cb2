"""Creates the lake's tables from sql/ddl; safe to run twice."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG, GOLD_STATE, NAMESPACES
from adlake.io.iceberg import IcebergTable

_ROOT = Path(__file__).resolve().parents[3]
DDL_DIR = _ROOT / "sql" / "ddl"


def provision_tables(session: SparkSession) -> None:
    """Create namespaces and tables that do not exist yet."""
    files = sorted(DDL_DIR.glob("*/*.sql"))
    # Asking the catalog costs milliseconds, a statement on a cold session seconds.
    missing = [
        file for file in files
        if not IcebergTable(session, f"{file.parent.name}.{file.stem}").exists()
    ]  # fmt: skip
    for namespace in NAMESPACES if missing else ():
        session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.{namespace}")
    for file in missing:
        session.sql(file.read_text())
    IcebergTable(session, GOLD_STATE).create_first_snapshot()
