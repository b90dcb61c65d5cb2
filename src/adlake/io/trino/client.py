"""Queries on Trino: one thin adapter over its client, with streamed rows and clear errors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import trino

from adlake.contracts.address import LOOPBACK, Address
from adlake.contracts.errors import AdlakeError
from adlake.contracts.tables import CATALOG

Row = tuple[Any, ...]

_RETRIES = 3
_NO_NODE = "NO_NODES_AVAILABLE"
_NODE_SECONDS = 10.0
"""Right after its start Trino has no node for a table: it looks for its own every 5 seconds."""
_NO_MEMORY = ("EXCEEDED_LOCAL_MEMORY_LIMIT", "EXCEEDED_GLOBAL_MEMORY_LIMIT")
_MISSING = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND")


class TrinoUnreachableError(AdlakeError):
    """No Trino answers at the address."""


class TrinoQueryError(AdlakeError):
    """Trino refused or failed a query."""


class TrinoMemoryError(TrinoQueryError):
    """The query needs more memory than Trino may give it."""


class TableMissingError(TrinoQueryError):
    """The query names a table that does not exist (yet)."""


class ColumnMissingError(TrinoQueryError):
    """The query names a column that the table does not have (yet)."""


@dataclass(frozen=True)
class QueryResult:
    """Column names and the rows, fetched as they are read (once)."""

    columns: tuple[str, ...]
    rows: Iterator[Row]

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as column -> value."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


class TrinoClient:
    """A Trino server and the user and catalog to query it with.

    Values come as Python types: DECIMAL as Decimal, times with time zone as aware datetime (UTC).
    """

    def __init__(self, connection: trino.dbapi.Connection, address: str) -> None:
        self._connection = connection
        self._address = address

    def query(self, sql: str, params: Sequence[Any] = ()) -> QueryResult:
        """Run one statement; `?` in it stands for `params` in order.

        Raises:
            TrinoUnreachableError: no server answers.
            TrinoQueryError: the statement failed; the message is Trino's own.
        """
        cursor = self._connection.cursor()
        with _clear_errors(self._address):
            _execute(cursor, sql, list(params) if params else None)
        columns = tuple(column.name for column in cursor.description or ())
        return QueryResult(columns, self._fetched(cursor))

    def rows(self, sql: str, params: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of `query`, streamed."""
        return self.query(sql, params).rows

    def records(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of a small result as column -> value."""
        return list(self.query(sql, params).records())

    def one(self, sql: str, params: Sequence[Any] = ()) -> dict[str, Any]:
        """The only row of a result as column -> value.

        Raises:
            TrinoQueryError: the result has no row, or more than one.
        """
        records = self.records(sql, params)
        if len(records) != 1:
            raise TrinoQueryError(f"expected one row from Trino, got {len(records)}")
        return records[0]

    def __enter__(self) -> TrinoClient:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _fetched(self, cursor: trino.dbapi.Cursor) -> Iterator[Row]:
        with _clear_errors(self._address):
            while (row := cursor.fetchone()) is not None:
                yield tuple(row)


def connect(
    port: int,
    host: str = LOOPBACK,
    user: str = "adlake",
    catalog: str = CATALOG,
    session_properties: Mapping[str, str] | None = None,
) -> TrinoClient:
    """A client for the server at host:port; nothing is sent before the first query."""
    connection = trino.dbapi.connect(
        http_session=direct_session(),
        host=host,
        port=port,
        user=user,
        catalog=catalog,
        source="adlake",
        timezone="UTC",
        max_attempts=_RETRIES,
        legacy_prepared_statements=False,  # else each new client probes the server first
        session_properties=dict(session_properties or {}),
    )
    return TrinoClient(connection, str(Address(host, port)))


def direct_session() -> requests.Session:
    """HTTP without proxies, `.netrc` or certificates of the environment or the system."""
    session = requests.Session()
    session.trust_env = False
    return session


def _execute(cursor: trino.dbapi.Cursor, sql: str, params: list[Any] | None) -> None:
    deadline = time.monotonic() + _NODE_SECONDS
    while True:
        try:
            cursor.execute(sql, params)
        except trino.exceptions.TrinoQueryError as error:
            if error.error_name != _NO_NODE or time.monotonic() > deadline:
                raise
            time.sleep(_NODE_SECONDS / 10)
        else:
            return


@contextmanager
def _clear_errors(address: str) -> Iterator[None]:
    try:
        yield
    except (requests.exceptions.RequestException, trino.exceptions.TrinoConnectionError) as error:
        raise TrinoUnreachableError(
            f"no Trino answers at {address}: start it with `make up`"
        ) from error
    except trino.exceptions.TrinoQueryError as error:
        message = f"{error.error_name}: {' '.join(error.message.split())}"
        if error.error_name in _MISSING:
            raise TableMissingError(
                f"{message}. If the lake is new: the stream makes the tables when it starts "
                "(`make status`), its first batch fills them"
            ) from error
        if error.error_name in _NO_MEMORY:
            raise TrinoMemoryError(message) from error
        if error.error_name == "COLUMN_NOT_FOUND":
            raise ColumnMissingError(message) from error
        raise TrinoQueryError(message) from error
    except trino.exceptions.Error as error:
        raise TrinoQueryError(str(error)) from error
