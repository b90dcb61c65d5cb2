"""Loads the SQL files under `sql/`, binds their parameters and joins them into one query.

A parameter is written `:name` in the file. Values become literals of the right type; nothing but
`SqlText` is ever inserted as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from adlake.contracts.errors import AdlakeError

SQL_ROOT: Final = Path(__file__).resolve().parents[3] / "sql"

_PARAMETER_OR_LITERAL = re.compile(
    r"(?P<skipped>'(?:[^']|'')*'|--[^\n]*)|(?<![:\w]):(?P<name>[a-z_][a-z0-9_]*)"
)
_HEADER = re.compile(r"\A(?:\s*--[^\n]*\n)*\s*")
_RELATION_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class SqlFileError(AdlakeError):
    """A SQL file is missing, or was given other parameters than it names."""


class SqlText(str):
    """A fragment of SQL from this code base, inserted as it is. Never from outside."""

    __slots__ = ()


TIMESTAMP_UTC: Final[Mapping[str, SqlText]] = {
    "trino": SqlText("TIMESTAMP(6) WITH TIME ZONE"),
    "duckdb": SqlText("TIMESTAMPTZ"),
}
"""How each engine spells the type of the times in Gold."""

SqlValue = int | str | Decimal | None


def sql_text(name: str) -> str:
    """Text of `sql/<name>.sql` without a closing semicolon.

    Raises:
        SqlFileError: there is no such file.
    """
    path = SQL_ROOT / f"{name}.sql"
    if not path.is_file():
        raise SqlFileError(f"no SQL file {name}.sql under {SQL_ROOT}")
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")


def parameters(text: str) -> set[str]:
    """Names of the parameters in a SQL text."""
    return {match["name"] for match in _PARAMETER_OR_LITERAL.finditer(text) if match["name"]}


def bind(text: str, values: Mapping[str, SqlValue]) -> str:
    """Replace every `:name` outside literals and comments; values the text does not name are kept.

    Raises:
        SqlFileError: a parameter has no value.
    """
    missing = sorted(parameters(text) - values.keys())
    if missing:
        raise SqlFileError(f"no value for SQL parameter {', '.join(missing)}")

    def replaced(match: re.Match[str]) -> str:
        return match["skipped"] or _literal(values[match["name"]])

    return _PARAMETER_OR_LITERAL.sub(replaced, text)


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
    body = _HEADER.sub("", query)
    if body[:5].upper() == "WITH ":
        return f"WITH {named},\n{body[5:]}"
    return f"WITH {named}\n{body}"


def _literal(value: SqlValue) -> str:
    if isinstance(value, SqlText):
        return value
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None:
        return "NULL"
    return str(value)
