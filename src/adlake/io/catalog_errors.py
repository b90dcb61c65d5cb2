"""Says in one sentence what is wrong with the catalog database, and what to do."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError


def catalog_trouble(error: BaseException) -> str | None:
    """The sentence for an error of the catalog database, whoever raised it; None for others."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if not isinstance(error, psycopg.Error):
        return None
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, psycopg.errors.InvalidPassword) or "password authentication" in str(error):
        return f"the catalog database refuses this password: {said}"
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return f"the catalog database is of an older version ({said}): `make provision` renews it"
    if isinstance(error, psycopg.OperationalError):
        return (
            f"the catalog database does not answer ({said}): `make up` starts it, "
            "`make logs NAME=postgres` says why it ended"
        )
    return f"the catalog database: {said}"
