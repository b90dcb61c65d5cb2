"""Runs a metric: one SQL file under `sql/metrics`, its header and its bound parameters.

The header of a file is a contract that this module reads and a test checks::

    -- NAME: what it is.
    -- question: ...   -- grain: ...   -- date basis: ...   -- readers: ...
    -- param NAME TYPE = DEFAULT: description

TYPE is `timestamp` (ISO 8601, UTC when no zone is given), `varchar`, `integer` or a list of words
`minute|hour|day`. DEFAULT `NULL` means "no value". Parameters stand in the header in the order of
their `?` in the SQL.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.io.sql_files import SQL_ROOT, sql_text
from adlake.io.trino import QueryResult, TrinoClient

METRICS_FOLDER: Final = "metrics"
BoundValue = datetime | str | int | None

_PARAMETER = re.compile(r"^-- param (\w+) ([\w|]+) = ([^:]+): (.+)$", re.MULTILINE)
_HEADER_FIELDS: Final = ("question", "grain", "date basis", "readers")


class UnknownMetricError(AdlakeError):
    """No metric has this name."""


class MetricParameterError(AdlakeError):
    """A parameter is unknown to the metric, or its value cannot be read."""


class MetricHeaderError(AdlakeError):
    """A metric file lacks a line of its header."""


@dataclass(frozen=True)
class MetricParameter:
    """One `?` of a metric."""

    name: str
    type_name: str
    default: str | None
    description: str

    def value_of(self, text: str | None) -> BoundValue:
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

    def _parsed(self, text: str) -> BoundValue:
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


@dataclass(frozen=True)
class Metric:
    """One file of `sql/metrics`."""

    name: str
    question: str
    grain: str
    date_basis: str
    readers: str
    parameters: tuple[MetricParameter, ...]
    sql: str

    def bound_values(self, given: Mapping[str, str | None]) -> list[BoundValue]:
        """Values in the order of the `?`.

        Raises:
            MetricParameterError: an unknown name, or a value of the wrong type.
        """
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                raise MetricParameterError(
                    f"{self.name} has no parameter {name}; it has: {', '.join(known) or 'none'}"
                )
        return [parameter.value_of(given.get(parameter.name)) for parameter in self.parameters]


def metric_names() -> list[str]:
    """Names of all metrics, sorted."""
    return sorted(path.stem for path in (SQL_ROOT / METRICS_FOLDER).glob("*.sql"))


def load_metric(name: str) -> Metric:
    """Read one metric file.

    Raises:
        UnknownMetricError: there is none; the message lists near matches.
        MetricHeaderError: its header is incomplete.
    """
    names = metric_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"
        raise UnknownMetricError(f"no metric is called {name!r}; {hint}")
    text = sql_text(f"{METRICS_FOLDER}/{name}")
    fields = {field: _header_field(name, text, field) for field in _HEADER_FIELDS}
    return Metric(
        name=name,
        question=fields["question"],
        grain=fields["grain"],
        date_basis=fields["date basis"],
        readers=fields["readers"],
        parameters=tuple(
            MetricParameter(found[1], found[2], None if found[3] == "NULL" else found[3], found[4])
            for found in _PARAMETER.finditer(text)
        ),
        sql=text,
    )


def run_metric(
    client: TrinoClient, name: str, given: Mapping[str, str | None] | None = None
) -> QueryResult:
    """Run a metric on Trino; rows are fetched as they are read.

    Args:
        client: connection whose default catalog holds the lake.
        name: file name under `sql/metrics` without `.sql`.
        given: parameter -> text; parameters left out take their default.
    """
    metric = load_metric(name)
    return client.query(metric.sql, metric.bound_values(given or {}))


def parsed_assignments(assignments: list[str]) -> dict[str, str]:
    """`["a=1", "b=x=y"]` -> `{"a": "1", "b": "x=y"}`.

    Raises:
        MetricParameterError: an item has no `=`.
    """
    pairs = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise MetricParameterError(f"--param {assignment!r} is not of the form name=value")
        pairs[name] = value
    return pairs


def _header_field(name: str, text: str, field: str) -> str:
    found = re.search(rf"^-- {field}: (.+)$", text, re.MULTILINE)
    if not found:
        raise MetricHeaderError(f"sql/{METRICS_FOLDER}/{name}.sql has no line `-- {field}: ...`")
    return found[1]
