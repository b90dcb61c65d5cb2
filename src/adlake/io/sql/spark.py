"""SQL files for Spark, which knows `:name` itself: `session.sql(statement, args=values)`.

The text of a view takes no parameters: `bind` of `io/sql/files.py` writes literals there.
"""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import TIMESTAMP_UTC, SqlValue
from adlake.io.sql.template import parameters, require, substituted


def rendered(text: str, values: Mapping[str, SqlValue]) -> tuple[str, dict[str, SqlValue]]:
    """The statement and its arguments, those alone that it names.

    Raises:
        SqlFileError: a parameter has no value.
    """
    require(text, {*values, "timestamp_utc"})
    named = parameters(text) - {"timestamp_utc"}
    statement = substituted(
        text, lambda name: TIMESTAMP_UTC["spark"] if name == "timestamp_utc" else f":{name}"
    )
    return statement, {name: values[name] for name in sorted(named)}
