"""The kinds of panels of the dashboards; each says what it shows, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Final, cast

from grafana_foundation_sdk.builders import common as build
from grafana_foundation_sdk.builders import dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.table import Options

from tools.grafana.queries import Prom, Sql
from tools.grafana.sources import PROMETHEUS, TRINO

WIDTH: Final = 24
"""Of a dashboard, in the columns of its grid."""
TILE_HEIGHT: Final = 4
HEIGHT: Final = 8
Query = Prom | Sql
Limits = tuple[float, float]
"""From where on a value is a warning, and from where on an alarm."""


def tile(
    title: str, description: str, unit: str, query: Query, limits: Limits | None = None, *,
    width: int = 4,
) -> Builder[Panel]:  # fmt: skip
    """The newest value, large; coloured by its limits."""
    panel = (
        stat.Panel()
        .title(title).description(description).datasource(_source(query))
        .unit(unit).span(width).height(TILE_HEIGHT).no_value("none")
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(_thresholds(limits))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(build.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    )  # fmt: skip
    return _with_queries(panel, [query])


def chart(
    title: str, description: str, unit: str, queries: Sequence[Query], *,
    limits: Limits | None = None, width: int = 12, is_stacked: bool = False,
    as_bars: bool = False,
) -> Builder[Panel]:  # fmt: skip
    """Values over time; a line at each limit."""
    panel = (
        timeseries.Panel()
        .title(title).description(description).datasource(_source(queries[0]))
        .unit(unit).span(width).height(HEIGHT).min(0)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .thresholds(_thresholds(limits))
        .draw_style(common.GraphDrawStyle.BARS if as_bars else common.GraphDrawStyle.LINE)
        .line_width(1).fill_opacity(60 if as_bars else 10)
        .show_points(common.VisibilityMode.AUTO)
        .legend(
            build.VizLegendOptions().show_legend(True).calcs(["lastNotNull", "max"])
            .display_mode(common.LegendDisplayMode.TABLE)
            .placement(common.LegendPlacement.BOTTOM)
        )
        .tooltip(
            build.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
    )  # fmt: skip
    if limits:
        line = build.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(line)
    if is_stacked:
        panel.stacking(build.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    return _with_queries(panel, queries)


def listing(
    title: str, description: str, query: Query, units: Mapping[str, str], width: int = 12
) -> Builder[Panel]:
    """Rows; `units` gives each column of numbers its own, all others are plain counts."""
    panel = (
        table.Panel()
        .title(title).description(description).datasource(_source(query))
        .unit("short").span(width).height(HEIGHT)
        .thresholds(_thresholds(None))
        .cell_height(common.TableCellHeight.SM)
    )  # fmt: skip
    for column, unit in units.items():
        panel.override_by_name(column, [DynamicConfigValue("unit", unit)])
    # What the library still writes and Grafana 13 does not know.
    cast(Options, panel.build().options).footer = None
    return _with_queries(panel, [query])


def alerts(title: str, description: str, width: int = WIDTH) -> Builder[Panel]:
    """The rules of Grafana and of Prometheus that fire or are about to."""
    options = {
        "viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 50,
        "sortOrder": 1, "dashboardAlerts": False, "alertName": "",
        "alertInstanceLabelFilter": "",
        "stateFilter": {
            "firing": True, "pending": True, "noData": True, "normal": False, "error": True,
        },
    }  # fmt: skip
    return (
        dashboard.Panel()
        .type("alertlist").title(title).description(description)
        .options(options).span(width).height(HEIGHT)
    )  # fmt: skip


def _with_queries(panel: Builder[Panel], queries: Sequence[Query]) -> Builder[Panel]:
    """The panel with its queries, by the letters that Grafana calls them."""
    targets: list[Dataquery] = []
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        target = query.build()
        target.ref_id = letter  # type: ignore[attr-defined]
        targets.append(target)
    panel.build().targets = targets
    return panel


def _source(query: Query) -> common.DataSourceRef:
    return TRINO if isinstance(query, Sql) else PROMETHEUS


def _thresholds(limits: Limits | None) -> Builder[ThresholdsConfig]:
    """Green from the bottom on, then yellow, then red; without limits no colour at all."""
    steps = [Threshold(color="green" if limits else "text", value=None)]
    for color, limit in zip(("yellow", "red"), limits or (), strict=False):
        steps.append(Threshold(color=color, value=limit))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
