"""Says in one sentence what is wrong with the catalog database, and what to do."""

from __future__ import annotations

import re

import psycopg
from sqlalchemy.exc import DBAPIError


def catalog_trouble(error: BaseException) -> str | None:
    """The sentence for an error of the catalog database, whoever raised it; None for others."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if not isinstance(error, psycopg.Error):
        return None
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, psycopg.errors.InvalidPassword):
        return _refused(said)
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return f"the catalog database is of an older version ({said}): `make provision` renews it"
    if isinstance(error, psycopg.OperationalError) and not _is_password(str(error)):
        return _away(said)
    return catalog_sentence(str(error).strip() or said)


def catalog_sentence(said: str) -> str:
    """The sentence for what PostgreSQL or one of its drivers said, also through Java."""
    first = said.splitlines()[0]
    if _is_password(said):
        return _refused(first)
    if _AWAY.search(said):
        return _away(first)
    return f"the catalog database: {first}"


_AWAY = re.compile(
    r"connection|terminating|I/O error|starting up|shutting down|recovery mode|Failed to connect"
    r"|not yet accepting|too many clients",
    re.IGNORECASE,
)


def _is_password(said: str) -> bool:
    return "password authentication" in said


def _refused(said: str) -> str:
    return f"the catalog database refuses this password: {said}"


def _away(said: str) -> str:
    return (
        f"the catalog database does not answer ({said}): `make up` starts it, "
        "`make logs NAME=postgres` says why it ended"
    )
