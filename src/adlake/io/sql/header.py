"""Parameters that a SQL file declares in its header.

One line each::

    -- param NAME TYPE = DEFAULT: description

TYPE is `timestamp` (ISO 8601, UTC when no zone is given), `varchar`, `integer` or a list of words
`minute|hour|day`. DEFAULT `NULL` means "no value".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.io.sql.literals import SqlValue

_PARAMETER: Final = re.compile(r"^-- param (\w+) ([\w|]+) = ([^:]+): (.+)$", re.MULTILINE)


class MetricParameterError(AdlakeError):
    """A parameter is unknown to the metric, or its value cannot be read."""


@dataclass(frozen=True)
class MetricParameter:
    """One declared parameter."""

    name: str
    type_name: str
    default: str | None
    description: str

    def value_of(self, text: str | None) -> SqlValue:
        """The value to bind for what a user wrote (None: the default).

        Raises:
            MetricParameterError: the text is no value of the type.
        """
        given = self.default if text is None else text
        if given is None:
            return None
        try:
            return self._parsed(given)
        except ValueError:
            raise MetricParameterError(
                f"{self.name}={given!r} is no {self.type_name} ({self.description})"
            ) from None

    def _parsed(self, text: str) -> SqlValue:
        if "|" in self.type_name:
            if text not in self.type_name.split("|"):
                raise ValueError(text)
            return text
        if self.type_name == "integer":
            return int(text)
        if self.type_name == "timestamp":
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return text


def declared_parameters(text: str) -> tuple[MetricParameter, ...]:
    """The parameters of a header, in its order."""
    return tuple(
        MetricParameter(found[1], found[2], None if found[3] == "NULL" else found[3], found[4])
        for found in _PARAMETER.finditer(text)
    )
