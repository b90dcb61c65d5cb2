"""The table adlake.alert_rules in the control database: rules of KPI alerts, in every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from adlake.contracts.errors import AdlakeError
from adlake.io.postgres.lease import Connect
from adlake.io.sql.control import control_sql

Row = Mapping[str, Any]
"""Column -> value; times are epoch milliseconds."""


class NoRulesTableError(AdlakeError):
    """The control database is older than this code."""

    is_lasting = True


@dataclass(frozen=True)
class StoredRules:
    """The rows, inside one transaction."""

    connection: psycopg.Connection[Any]

    def rows(self) -> list[Row]:
        """Every version, by rule and version."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return list(cursor.execute(control_sql("alert_rules/list")))

    def lock(self) -> None:
        """Until the end of the transaction nobody else adds a version."""
        self.connection.execute(control_sql("alert_rules/lock"))

    def put(self, row: Row) -> None:
        """Add a version; of one that is there its end is moved."""
        end = control_sql("alert_rules/end")
        if self.connection.execute(end, dict(row)).rowcount == 0:
            self.connection.execute(control_sql("alert_rules/insert"), dict(row))


@contextmanager
def stored_rules(connect: Connect) -> Iterator[StoredRules]:
    """What is done inside is done as a whole, or not at all.

    Raises:
        NoRulesTableError: the table is not there.
    """
    try:
        with connect() as connection:
            yield StoredRules(connection)
    except psycopg.errors.UndefinedTable as error:
        raise NoRulesTableError(
            "the catalog database is behind this code: run `make provision`"
        ) from error
