"""Queries of panels: PromQL as it is, and SQL that shows columns of a metric file.

The plug-in for Trino hands DECIMAL over as text, which no panel can draw and no rule compare: so a
column that is shown as a number is cast to DOUBLE, outside of the metric, as its last step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import prometheus

from adlake.io.sql import grafana
from adlake.io.sql.files import SqlText, SqlValue, with_relations
from adlake.io.sql.header import MetricParameter
from adlake.io.sql.template import HEADER
from adlake.metrics.query import load_metric
from tools.grafana.sources import PROMETHEUS, TRINO

VARIABLE: Final = re.compile(r"\$\{(\w+):sqlstring\}")
AS_TABLE: Final = 1
"""Of the plug-in's formats: rows as they come. Charts read their time from the first column."""
MINUTES_SHOWN: Final = SqlText(
    "date_diff('minute', with_timezone($__timeFrom(), 'UTC'), current_timestamp) + 1"
)
"""For metrics that look back so many minutes from now: as far as the dashboard shows."""


@dataclass(frozen=True)
class Column:
    """One column of a panel."""

    title: str
    expression: str
    """Over the columns of the metric."""
    is_number: bool = True

    @property
    def sql(self) -> str:
        """As it is selected."""
        shown = f"CAST({self.expression} AS double)" if self.is_number else self.expression
        return f'{shown} AS "{self.title}"'


def number(title: str, expression: str) -> Column:
    """A column to draw or compare."""
    return Column(title, expression)


def text(title: str, expression: str) -> Column:
    """A column to read: words or a time."""
    return Column(title, expression, is_number=False)


@dataclass(frozen=True)
class Sql(Builder[Dataquery]):
    """Columns of a metric, as a query of the plug-in for Trino."""

    metric: str
    columns: Sequence[Column]
    order: str = ""
    """Of the rows; a charted time is `1`. The order within the metric does not count outside."""
    fixed: Mapping[str, SqlValue] | None = None
    """Parameters that no variable of the dashboard sets."""

    @property
    def raw_sql(self) -> str:
        """What Grafana sends, before variables and macros are filled in."""
        metric = load_metric(self.metric)
        chosen = ",\n    ".join(column.sql for column in self.columns)
        order = f"\nORDER BY {self.order}" if self.order else ""
        statement = with_relations(
            f"SELECT\n    {chosen}\nFROM shown{order}", {"shown": HEADER.sub("", metric.sql)}
        )
        return grafana.rendered(statement, metric.parameters, self.fixed)

    @property
    def variables(self) -> tuple[MetricParameter, ...]:
        """Parameters that the dashboard has to ask for."""
        asked = set(VARIABLE.findall(self.raw_sql))
        return tuple(one for one in load_metric(self.metric).parameters if one.name in asked)

    def build(self) -> Dataquery:
        """As the library wants it."""
        return TrinoQuery(self)


class TrinoQuery(Dataquery):
    """The plug-in's form of a query; the library has none."""

    def __init__(self, sql: Sql, ref_id: str = "A") -> None:
        self.raw_sql = sql.raw_sql
        self.variables = sql.variables
        self.ref_id = ref_id

    def to_json(self) -> dict[str, object]:
        """As the library's own queries are written."""
        return {
            "refId": self.ref_id, "datasource": TRINO, "rawSQL": self.raw_sql, "format": AS_TABLE,
        }  # fmt: skip


@dataclass(frozen=True)
class Prom(Builder[Dataquery]):
    """One expression of Prometheus."""

    expression: str
    legend: str = ""
    """`{{label}}` stands for a label's value."""
    is_instant: bool = False
    """The newest value alone, for tiles and tables."""

    def build(self) -> Dataquery:
        """As the library wants it."""
        return prometheus.Dataquery(
            expr=self.expression, legend_format=self.legend or None, datasource=PROMETHEUS,
            instant=self.is_instant, range_val=not self.is_instant, ref_id="A",
        )  # fmt: skip
