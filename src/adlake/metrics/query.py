"""Runs a metric: one SQL file under `sql/metrics`, its header and its bound parameters.

The header of a file is a contract that this module reads and a test checks::

    -- NAME: what it is.
    -- question: ...   -- grain: ...   -- date basis: ...   -- readers: ...
    -- param NAME TYPE = DEFAULT: description     (`io/sql/header.py`)

What else the header says are remarks. docs/metrics.md is made of all of it.

Every `:name` of the SQL is a parameter of the header, and the other way round. A line

    -- each table: NAME            (or: each last table)

makes a relation NAME for the SQL to read: `sql/fragments/NAME.sql` over each table of the registry,
or over the last table of each pipeline. So no file lists tables. A line

    -- relation NAME

makes one of `sql/fragments/NAME.sql` as it is, for metrics that begin with the same rows; it may
read those named before it, and its parameters are the file's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.contracts.registry import last_table, names_of, pipelines
from adlake.io.sql import trino
from adlake.io.sql.files import SQL_ROOT, SqlText, bind, sql_text, with_relations
from adlake.io.sql.header import MetricParameter, MetricParameterError, declared_parameters
from adlake.io.sql.literals import SqlValue
from adlake.io.sql.template import HEADER
from adlake.io.trino.client import QueryResult, TrinoClient

METRICS_FOLDER: Final = "metrics"
_LISTS: Final = ("history", "snapshots", "files")
"""What Iceberg keeps of a table, and a fragment over each table may read."""
_EACH: Final = re.compile(r"^-- each (last )?table: (\w+)$", re.MULTILINE)
_RELATION: Final = re.compile(r"^-- relation (\w+)$", re.MULTILINE)
_HEADER_FIELDS: Final = ("question", "grain", "date basis", "readers")
_FIELD_LINE: Final = re.compile(
    rf"({'|'.join(_HEADER_FIELDS)}):|param \w+ |include \w+|relation \w+|each (last )?table:"
)


class UnknownMetricError(AdlakeError):
    """No metric has this name."""


class MetricHeaderError(AdlakeError):
    """A metric file lacks a line of its header."""


@dataclass(frozen=True)
class Metric:
    """One file of `sql/metrics`."""

    name: str
    summary: str
    """What it is: the first line."""
    question: str
    grain: str
    date_basis: str
    readers: str
    remarks: str
    """What else the header says, as one paragraph; empty: nothing."""
    parameters: tuple[MetricParameter, ...]
    sql: str

    def bound_values(self, given: Mapping[str, str | None]) -> dict[str, SqlValue]:
        """A value for each parameter of the header, in its order.

        Raises:
            MetricParameterError: an unknown name, or a value of the wrong type.
        """
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                raise MetricParameterError(
                    f"{self.name} has no parameter {name}; it has: {', '.join(known) or 'none'}"
                )
        return {one.name: one.value_of(given.get(one.name)) for one in self.parameters}


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
        summary=_header_field(name, text, name),
        question=fields["question"],
        grain=fields["grain"],
        date_basis=fields["date basis"],
        readers=fields["readers"],
        remarks=_remarks(text),
        parameters=declared_parameters(text),
        sql=_with_relations(text),
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
    return client.query(*trino.rendered(metric.sql, metric.bound_values(given or {})))


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


def _with_relations(text: str) -> str:
    """The query with the relations that its header asks for."""
    every, last = names_of(has_ddl=True), tuple(map(last_table, pipelines()))
    relations = {
        name: "\nUNION ALL\n".join(_over(name, table) for table in (last if is_last else every))
        for is_last, name in _EACH.findall(text)
    }
    relations |= {name: _fragment(name) for name in _RELATION.findall(text)}
    header = HEADER.match(text)
    return (header[0] if header and relations else "") + with_relations(text, relations)


def _over(fragment: str, table: str) -> str:
    """The fragment about one table, named without a catalog as in all metrics."""
    namespace, _, name = table.partition(".")
    lists = {part: SqlText(f'{namespace}."{name}${part}"') for part in _LISTS}
    return bind(_fragment(fragment), {**lists, "name_of_table": table})


def _fragment(name: str) -> str:
    return HEADER.sub("", sql_text(f"fragments/{name}"))


def _remarks(text: str) -> str:
    header = HEADER.match(text)
    lines = [line.removeprefix("-- ") for line in (header[0].splitlines() if header else ())]
    return " ".join(line for line in lines[1:] if line and not _FIELD_LINE.match(line))


def _header_field(name: str, text: str, field: str) -> str:
    found = re.search(rf"^-- {field}: (.+)$", text, re.MULTILINE)
    if not found:
        raise MetricHeaderError(f"sql/{METRICS_FOLDER}/{name}.sql has no line `-- {field}: ...`")
    return found[1]
