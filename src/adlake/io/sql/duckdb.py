"""SQL files for DuckDB: `$name`, with the values by name."""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import SqlValue
from adlake.io.sql.named import rendered_by_name


def rendered(text: str, values: Mapping[str, SqlValue]) -> tuple[str, dict[str, SqlValue]]:
    """The statement and its values, those alone that it names: DuckDB refuses others.

    Raises:
        SqlFileError: a parameter has no value.
    """
    return rendered_by_name(text, values, "duckdb", "$")
