"""SQL files for Grafana panels and alerts on Trino.

Grafana splices text, it binds nothing: so every variable comes through its own quoting,
`${name:sqlstring}`, and is cast to its type by Trino. `since` and `until` are the time range of the
dashboard, by the Trino plug-in's macros, which alert rules know too: rules know no variables.
`$__timeFilter(column)` is not used: it takes in the end of the range, and its times have no zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from adlake.io.sql.header import MetricParameter
from adlake.io.sql.literals import TIMESTAMP_UTC, SqlValue, literal
from adlake.io.sql.template import require, substituted

_RANGE: Final = {
    "since": "with_timezone($__timeFrom(), 'UTC')",
    "until": "with_timezone($__timeTo(), 'UTC')",
}


def rendered(
    text: str, declared: Iterable[MetricParameter], fixed: Mapping[str, SqlValue] | None = None
) -> str:
    """The query of a panel, or of an alert rule when every other parameter is `fixed`.

    A variable must have one value; an empty one means the parameter's default.

    Raises:
        SqlFileError: a parameter is not declared.
    """
    known = {parameter.name: parameter for parameter in declared}
    require(text, {*known, "timestamp_utc"})

    def placeholder(name: str) -> str:
        if name == "timestamp_utc":
            return TIMESTAMP_UTC["trino"]
        if fixed and name in fixed:
            return literal(fixed[name], "trino")
        if name in _RANGE and known[name].type_name == "timestamp":
            return _RANGE[name]
        return _variable(known[name])

    return substituted(text, placeholder)


def _variable(parameter: MetricParameter) -> str:
    types = {"integer": "BIGINT", "timestamp": TIMESTAMP_UTC["trino"]}
    given = f"nullif(${{{parameter.name}:sqlstring}}, '')"
    typed = f"CAST({given} AS {types.get(parameter.type_name, 'VARCHAR')})"
    if parameter.default is None:
        return typed
    return f"coalesce({typed}, {literal(parameter.value_of(None), 'trino')})"
