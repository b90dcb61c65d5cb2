"""SQL files for Trino: `?`, with the values in the order of their places."""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import TIMESTAMP_UTC, SqlValue
from adlake.io.sql.template import require, substituted


def rendered(text: str, values: Mapping[str, SqlValue]) -> tuple[str, list[SqlValue]]:
    """The statement and what to bind; a value used twice is bound twice.

    Raises:
        SqlFileError: a parameter has no value.
    """
    require(text, {*values, "timestamp_utc"})
    bound: list[SqlValue] = []

    def placeholder(name: str) -> str:
        if name == "timestamp_utc":
            return TIMESTAMP_UTC["trino"]
        bound.append(values[name])
        return "?"

    return substituted(text, placeholder), bound
