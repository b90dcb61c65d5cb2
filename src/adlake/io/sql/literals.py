"""Values as SQL literals, for what no reader can bind: views, table names, snapshots, types."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

from adlake.io.sql.template import SqlFileError


class SqlText(str):
    """A fragment of SQL from this code base, inserted as it is. Never from outside."""

    __slots__ = ()


Dialect = Literal["spark", "trino", "duckdb"]
SqlValue = int | str | Decimal | datetime | None

TIMESTAMP_UTC: Final[dict[Dialect, SqlText]] = {
    "spark": SqlText("TIMESTAMP"),
    "trino": SqlText("TIMESTAMP(6) WITH TIME ZONE"),
    "duckdb": SqlText("TIMESTAMPTZ"),
}
"""How each engine spells the type of the times in the lake; in files it is `:timestamp_utc`."""


def literal(value: SqlValue, dialect: Dialect) -> str:
    """One value as a literal of its type, in the dialect that will read it.

    Raises:
        SqlFileError: the type has no exact literal (a float), or a time has no zone.
    """
    match value:
        case SqlText():
            return value
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
            # A minus after another one would begin a comment.
            return f"({digits})" if digits.startswith("-") else digits
        case str():
            return _quoted(value, dialect)
        case datetime() if value.tzinfo is not None:
            text = value.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
            return f"CAST('{text}' AS {TIMESTAMP_UTC[dialect]})"
    raise SqlFileError(f"{value!r} has no exact SQL literal")


def _quoted(text: str, dialect: Dialect) -> str:
    # Spark alone reads a backslash inside quotes as the start of an escape.
    escaped = text.replace("\\", "\\\\") if dialect == "spark" else text
    quote = "\\'" if dialect == "spark" else "''"
    return "'" + escaped.replace("'", quote) + "'"
