"""Creates the lake's tables from sql/ddl; safe to run twice."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import SparkSession

from adlake.contracts.registry import Filling, names_of
from adlake.contracts.tables import CATALOG, FORMER_COLUMNS, LATER_COLUMNS, NAMESPACES
from adlake.folders import FILES_ROOT
from adlake.io.iceberg.table import IcebergTable

DDL_DIR = FILES_ROOT / "sql" / "ddl"


def provision_tables(session: SparkSession) -> None:
    """Create namespaces and tables that do not exist yet, add columns that older ones lack."""
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
    for name, columns in LATER_COLUMNS.items():
        _add_columns(session, name, columns)
    for name in names_of(filling=Filling.MERGE):
        IcebergTable(session, name).create_first_snapshot()


def _add_columns(session: SparkSession, name: str, columns: Sequence[str]) -> None:
    """As sql/ddl defines them, a line each; rows of before hold NULL there."""
    schema = IcebergTable(session, name).java_table().schema()
    lacking = [column for column in columns if schema.findField(column) is None]
    if not lacking:
        return
    text = (DDL_DIR / f"{name.replace('.', '/')}.sql").read_text()
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    added = ", ".join(line for line in lines if line.partition(" ")[0] in lacking)
    session.sql(f"ALTER TABLE {CATALOG}.{name} ADD COLUMNS ({added})")


def drop_former_columns(table: IcebergTable) -> None:
    """Take off an older table what sql/ddl does not define any more; its snapshots keep it."""
    schema = table.java_table().schema()
    held = [one for one in FORMER_COLUMNS.get(table.name, ()) if schema.findField(one) is not None]
    if held:
        table.session.sql(f"ALTER TABLE {table.full_name} DROP COLUMNS ({', '.join(held)})")
