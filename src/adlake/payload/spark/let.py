"""Local names inside one Spark expression."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F


def let(value: Column, body: Callable[[Column], Column]) -> Column:
    """`body(value)` with `value` computed once per row.

    Outside of generated code, where a common part would be computed again at each use, and where
    rare work does not make the generated methods too long for the JVM to compile.
    """
    return F.transform(F.array(value), body)[0]


def let_sql(name: str, value: str, body: str) -> str:
    """The SQL text of `let`: `body` may speak of `name`, which is `value` computed once per row.

    The planner copies the expression behind a column into whatever uses it, also into a lambda,
    where it would run again for each element of an array.
    """
    return f"transform(array({value}), {name} -> {body})[0]"
