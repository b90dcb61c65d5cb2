"""SQL files for Spark, which knows `:name` itself: `session.sql(statement, args=values)`.

The text of a view takes no parameters: `bind` of `io/sql/files.py` writes literals there.
"""

from __future__ import annotations

from collections.abc import Mapping

from adlake.io.sql.literals import SqlValue
from adlake.io.sql.named import rendered_by_name


def rendered(text: str, values: Mapping[str, SqlValue]) -> tuple[str, dict[str, SqlValue]]:
    """The statement and its arguments, those alone that it names.

    Raises:
        SqlFileError: a parameter has no value.
    """
    return rendered_by_name(text, values, "spark", ":")
