"""Whether a Trino answers queries on the lake."""

from __future__ import annotations

from trino.dbapi import connect
from trino.exceptions import Error, TrinoConnectionError

from adlake.contracts.tables import CATALOG
from adlake.io.trino.client import direct_session

QUERY_SECONDS = 10.0


def answers_query(host: str, port: int) -> bool:
    """Whether a query on the lake's catalog returns."""
    try:
        with connect(
            host=host, port=port, user="adlake", catalog=CATALOG, request_timeout=QUERY_SECONDS,
            max_attempts=1, http_session=direct_session(),
        ) as connection:  # fmt: skip
            cursor = connection.cursor()
            cursor.execute(f"SHOW SCHEMAS FROM {CATALOG}")
            return bool(cursor.fetchall())
    except (Error, TrinoConnectionError, OSError):
        return False
