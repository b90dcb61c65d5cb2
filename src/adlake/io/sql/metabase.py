"""SQL files for Metabase questions on Trino: `{{name}}` and its template tags.

Metabase binds what a person chose, and runs no question whose variable has no value unless the
variable stands inside `[[...]]`, which then vanishes whole. So an optional parameter is written as
an expression that is whole either way: `coalesce([[{{name}}, ]]NULL, NULL)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from adlake.io.sql.header import MetricParameter
from adlake.io.sql.literals import TIMESTAMP_UTC
from adlake.io.sql.template import SqlFileError, require, substituted

_TAG_TYPES: Final = {"integer": "number", "timestamp": "date"}


def rendered(text: str, declared: Iterable[MetricParameter]) -> tuple[str, dict[str, Any]]:
    """The native query and its `template-tags`.

    Raises:
        SqlFileError: a parameter is not declared, or the text has Metabase's own brackets.
    """
    known = {parameter.name: parameter for parameter in declared}
    require(text, {*known, "timestamp_utc"})
    if any(bracket in text for bracket in ("[[", "{{", "]]", "}}")):
        raise SqlFileError("Metabase would read [[ ]] or {{ }} in this SQL as its own")

    def placeholder(name: str) -> str:
        if name == "timestamp_utc":
            return TIMESTAMP_UTC["trino"]
        has_default = known[name].default is not None
        return f"{{{{{name}}}}}" if has_default else f"coalesce([[{{{{{name}}}}}, ]]NULL, NULL)"

    tags = {name: _tag(parameter) for name, parameter in known.items()}
    return substituted(text, placeholder), tags


def _tag(parameter: MetricParameter) -> dict[str, Any]:
    tag: dict[str, Any] = {
        "name": parameter.name,
        "display-name": parameter.name.replace("_", " ").capitalize(),
        "type": _TAG_TYPES.get(parameter.type_name, "text"),
    }
    if parameter.default is not None:
        # Always with a value, so that the bare variable never lacks one.
        tag |= {"default": parameter.default, "required": True}
    return tag
