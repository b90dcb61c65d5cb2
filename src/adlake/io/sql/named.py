"""SQL files for engines that take values by name."""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import TIMESTAMP_UTC, Dialect, SqlValue
from adlake.io.sql.template import parameters, require, substituted

_TYPE = "timestamp_utc"
"""A parameter that stands for the name of a type, which nobody can bind."""


def rendered_by_name(
    text: str, values: Mapping[str, SqlValue], dialect: Dialect, mark: str
) -> tuple[str, dict[str, SqlValue]]:
    """The statement with `<mark>name` for each parameter, and the values that it names alone.

    Raises:
        SqlFileError: a parameter has no value.
    """
    require(text, {*values, _TYPE})
    statement = substituted(
        text, lambda name: TIMESTAMP_UTC[dialect] if name == _TYPE else f"{mark}{name}"
    )
    return statement, {name: values[name] for name in sorted(parameters(text) - {_TYPE})}
