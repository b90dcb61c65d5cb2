"""Loads the SQL files under `sql/`, writes values into them and joins them into one query.

A parameter is written `:name` in the file. `io/sql/` has a renderer for each reader that can bind;
`bind` writes literals, for what none can: the text of a view, a table, a snapshot, a type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adlake.folders import FILES_ROOT
from adlake.io.sql.literals import TIMESTAMP_UTC, Dialect, SqlText, SqlValue, literal
from adlake.io.sql.template import (
    HEADER,
    SqlFileError,
    expanded,
    parameters,
    require,
    substituted,
)

__all__ = [
    "SQL_ROOT", "TIMESTAMP_UTC", "SqlFileError", "SqlText", "SqlValue", "bind", "has_sql_file",
    "parameters", "sql_text", "with_relations",
]  # fmt: skip

SQL_ROOT: Final = FILES_ROOT / "sql"

_RELATION_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def sql_text(name: str) -> str:
    """Text of `sql/<name>.sql`, fragments in place, without a closing semicolon.

    Raises:
        SqlFileError: there is no such file, or no such fragment.
    """
    return expanded(_read(name), lambda fragment: _read(f"fragments/{fragment}"))


def has_sql_file(name: str) -> bool:
    """Whether there is a file `sql/<name>.sql`."""
    return (SQL_ROOT / f"{name}.sql").is_file()


def bind(text: str, values: Mapping[str, SqlValue], dialect: Dialect = "trino") -> str:
    """Literals for every `:name`; values the text does not name are left out.

    Raises:
        SqlFileError: a parameter has no value.
    """
    require(text, set(values))
    return substituted(text, lambda name: literal(values[name], dialect))


def with_relations(query: str, relations: Mapping[str, str]) -> str:
    """One query in which `query` reads the named relations; a later one may read those before it.

    Args:
        query: a SELECT, with or without its own WITH.
        relations: name -> SELECT text, in order of use.
    """
    if bad_names := [name for name in relations if not _RELATION_NAME.fullmatch(name)]:
        raise SqlFileError(f"not a relation name: {bad_names[0]}")
    if not relations:
        return query
    named = ",\n".join(f"{name} AS (\n{text}\n)" for name, text in relations.items())
    body = HEADER.sub("", query)
    if body[:5].upper() == "WITH ":
        return f"WITH {named},\n{body[5:]}"
    return f"WITH {named}\n{body}"


def _read(name: str) -> str:
    path = SQL_ROOT / f"{name}.sql"
    if not path.is_file():
        raise SqlFileError(f"no SQL file {name}.sql under {SQL_ROOT}")
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")
