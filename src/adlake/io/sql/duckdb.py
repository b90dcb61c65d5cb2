"""SQL files for DuckDB: `$name`, with the values by name."""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import TIMESTAMP_UTC, SqlValue
from adlake.io.sql.template import parameters, require, substituted


def rendered(text: str, values: Mapping[str, SqlValue]) -> tuple[str, dict[str, SqlValue]]:
    """The statement and its values, those alone that it names: DuckDB refuses others.

    Raises:
        SqlFileError: a parameter has no value.
    """
    require(text, {*values, "timestamp_utc"})
    named = parameters(text) - {"timestamp_utc"}
    statement = substituted(
        text, lambda name: TIMESTAMP_UTC["duckdb"] if name == "timestamp_utc" else f"${name}"
    )
    return statement, {name: values[name] for name in sorted(named)}
