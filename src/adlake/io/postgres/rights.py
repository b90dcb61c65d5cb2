"""What the role that commits may do in the catalog database; all else is its owner's.

The owner has the schema `adlake`, its triggers and the catalog's own tables. The writer cannot
switch a trigger off, change a function or drop a table, so a driver cannot take its own fence down.

GRANT and REVOKE stand here and in no file: they name roles and tables, which are identifiers, and
no parameter of Postgres can be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

from adlake.io.sql.control import control_sql

READ: Final = "SELECT"
ADD: Final = "SELECT, INSERT"
CHANGE: Final = "SELECT, INSERT, UPDATE"
ALL: Final = "SELECT, INSERT, UPDATE, DELETE"
WRITER_RIGHTS: Final[Mapping[str, str]] = {
    "public.iceberg_tables": ALL,
    "public.iceberg_namespace_properties": ALL,
    "adlake.schema_migrations": READ,
    "adlake.fenced_tables": READ,
    "adlake.leases": CHANGE,
    # Nobody changes a law, its trigger sees to that: the right is for the lock on the table.
    "adlake.law_versions": CHANGE,
    "adlake.operations": CHANGE,
    "adlake.quarantine_fixes": CHANGE,
    "adlake.source_epochs": ADD,
    "adlake.lake": CHANGE,
    "adlake.lake_moves": ADD,
    "adlake.table_heads": ALL,
    "adlake.accepted_losses": ADD,
    "adlake.ingested_files": ADD,
    "adlake.alert_rules": CHANGE,
    "adlake.notifications": CHANGE,
}
"""Every table of the catalog database; a new one without a line here can be used by nobody else."""


def owner_of(writer: str) -> str:
    """Name of the role that owns what this writer uses."""
    return f"{writer}_owner"


def grant_rights(connection: psycopg.Connection, writer: str) -> None:
    """Give the writer exactly these rights on the tables that there are; for their owner."""
    role = sql.Identifier(writer)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA adlake, public TO {}").format(role))
    revoke = "REVOKE ALL ON ALL TABLES IN SCHEMA adlake FROM {}"
    connection.execute(sql.SQL(revoke).format(role))
    for table, rights in WRITER_RIGHTS.items():
        name = sql.Identifier(*table.split("."))
        wanted = {"table_name": table}
        if connection.execute(control_sql("lake/has_table"), wanted).fetchone() == (True,):
            connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(name, role))
            connection.execute(
                sql.SQL("GRANT {} ON {} TO {}").format(
                    sql.SQL(", ").join(map(sql.SQL, rights.split(", "))), name, role
                )
            )
