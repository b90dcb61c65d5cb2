"""Statements on the catalog database, by the name of their file under `sql/control`."""

from __future__ import annotations

from functools import cache

from adlake.io.sql.files import sql_text
from adlake.io.sql.postgres import rendered


@cache
def control_sql(name: str) -> bytes:
    """The statement of `sql/control/<name>.sql` with psycopg's named parameters.

    Raises:
        SqlFileError: there is no such file.
    """
    return rendered(sql_text(f"control/{name}")).encode()
