"""What the dashboards have around their panels: rows, variables, links, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import TimeZoneUtc
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableModel,
    VariableOption,
)

from adlake.io.sql.header import MetricParameter
from tools.grafana.queries import TrinoQuery

TAG: Final = "adlake"
SCHEMA_VERSION: Final = 42
"""Of the JSON, as Grafana 12 and 13 write it; an older one is migrated each time it is loaded."""


@dataclass(frozen=True)
class Row:
    """A heading and the panels under it."""

    title: str
    panels: Sequence[Builder[Panel]]


@dataclass(frozen=True)
class Frame:
    """A dashboard without its panels."""

    uid: str
    title: str
    description: str
    since: str
    """Where its time begins, as Grafana says it: `now-1h`."""
    refresh: str


def dashboard(frame: Frame, rows: Sequence[Row]) -> Dashboard:
    """The whole, with places and numbers of its panels, and a variable for what its SQL asks."""
    builder = (
        build.Dashboard(frame.title).uid(frame.uid).description(frame.description)
        .tags([TAG]).timezone(TimeZoneUtc).time(frame.since, "now").refresh(frame.refresh)
        .tooltip(DashboardCursorSync.CROSSHAIR).readonly()
        .link(
            build.DashboardLink("adlake").type(DashboardLinkType.DASHBOARDS).tags([TAG])
            .as_dropdown(True).keep_time(True)
        )
        .variables([_variable(parameter) for parameter in _asked(rows)])
    )  # fmt: skip
    for row in rows:
        builder.with_row(build.Row(row.title))
        for panel in row.panels:
            builder.with_panel(panel)
    made = builder.build()
    made.schema_version = SCHEMA_VERSION
    for number, placed in enumerate(made.panels or (), start=1):
        placed.id_val = number
    for variable in (made.templating and made.templating.list_val) or ():
        # The library writes what variables of intervals alone have.
        variable.auto = variable.auto_min = variable.auto_count = None
    return made


def _asked(rows: Sequence[Row]) -> list[MetricParameter]:
    """Each parameter that the SQL of some panel leaves to the dashboard, once.

    Raises:
        ValueError: two metrics mean different things by one name.
    """
    asked: dict[str, MetricParameter] = {}
    for target in _targets(rows):
        for parameter in target.variables:
            known = asked.setdefault(parameter.name, parameter)
            if (known.type_name, known.default) != (parameter.type_name, parameter.default):
                raise ValueError(f"two metrics differ in what {parameter.name} is")
    return list(asked.values())


def _targets(rows: Sequence[Row]) -> Iterator[TrinoQuery]:
    for row in rows:
        for panel in row.panels:
            for target in panel.build().targets or ():
                if isinstance(target, TrinoQuery):
                    yield target


def _variable(parameter: MetricParameter) -> Builder[VariableModel]:
    """A choice where the parameter is one of some words, else a box to write in."""
    label = parameter.name.removesuffix("_id").replace("_", " ")
    default = parameter.default or ""
    current = VariableOption(text=default, value=default)
    if "|" in parameter.type_name:
        words = parameter.type_name.split("|")
        return (
            build.CustomVariable(parameter.name).label(label).values(",".join(words))
            .description(parameter.description).current(current)
            .options([
                VariableOption(selected=one == default, text=one, value=one) for one in words
            ])
        )  # fmt: skip
    return (
        build.TextBoxVariable(parameter.name).label(label).default_value(default)
        .description(parameter.description).current(current)
        .options([VariableOption(selected=True, text=default, value=default)])
    )  # fmt: skip
