"""The rows that Iceberg's JDBC catalog keeps in Postgres, when a lake moves to another place."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg.rows import dict_row

from adlake.io.postgres.lease import state_lease_of
from adlake.io.sql.control import control_sql


def move_catalog(connection: psycopg.Connection, moved: Callable[[str], str]) -> None:
    """Give every place in these rows another one; each is fenced, so under its own lease.

    Args:
        connection: its transaction takes all rows or none.
        moved: the new place of an old one.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(control_sql("catalog/tables")).fetchall():
            state_lease_of(connection, row["table_namespace"], row["table_name"])
            for place in ("metadata_location", "previous_metadata_location"):
                row[place] = None if row[place] is None else moved(row[place])
            cursor.execute(control_sql("catalog/move_table"), row)
        for row in cursor.execute(control_sql("catalog/namespace_properties")).fetchall():
            state_lease_of(connection, row["namespace"])
            row["property_value"] = moved(row["property_value"])
            cursor.execute(control_sql("catalog/move_namespace_property"), row)
