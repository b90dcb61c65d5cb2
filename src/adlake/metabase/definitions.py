"""Reads the files of `metabase/` and refuses what does not fit together, naming file and place.

One file a dashboard (`dashboards/KEY.toml`), one for all collections (`collections.toml`), one that
says how columns are shown (`formats.toml`). A metric is a file of `sql/metrics`.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from adlake.contracts.errors import AdlakeError
from adlake.folders import FILES_ROOT
from adlake.io.sql.header import MetricParameterError
from adlake.metabase.contract import (
    COLUMNS_OF_THE_GRID,
    Card,
    Collection,
    Dashboard,
    Definition,
    Definitions,
    Filter,
    Formats,
)
from adlake.metrics.query import Metric, UnknownMetricError, load_metric, metric_names

DEFINITIONS_ROOT: Final = FILES_ROOT / "metabase"
Defined = TypeVar("Defined", bound=Definition)
_KINDS: Final = {"timestamp": "date", "integer": "number"}


class DefinitionError(AdlakeError):
    """A file of `metabase/` is not as it should be."""


def read_definitions(root: Path = DEFINITIONS_ROOT) -> Definitions:
    """Everything below `root`, checked against each other and against the metrics.

    Raises:
        DefinitionError: the first thing that is wrong, with its file.
    """
    collections = {
        key: _validated(Collection, value, root / "collections.toml", key)
        for key, value in _document(root / "collections.toml").items()
    }
    formats = _validated(Formats, _document(root / "formats.toml"), root / "formats.toml")
    dashboards = {
        file.stem: _validated(Dashboard, _document(file), file)
        for file in sorted((root / "dashboards").glob("*.toml"))
    }
    found = Definitions(collections=collections, dashboards=dashboards, formats=formats)
    for problem in problems(found):
        raise DefinitionError(f"{root.name}: {problem}")
    return found


def metrics_of(definitions: Definitions) -> dict[str, Metric]:
    """The metrics that the cards name, but for those that do not exist."""
    known = set(metric_names())
    names = {card.metric for one in definitions.dashboards.values() for card in one.cards}
    return {name: load_metric(name) for name in sorted(names & known)}


def problems(definitions: Definitions) -> Iterator[str]:
    """What does not fit together, one sentence each."""
    for key, collection in definitions.collections.items():
        if collection.within is not None and not _ends(key, definitions.collections):
            yield f"collection {key} is within {collection.within}, which leads to no root"
    metrics = metrics_of(definitions)
    for key, dashboard in definitions.dashboards.items():
        if dashboard.collection not in definitions.collections:
            yield f"dashboard {key} is in collection {dashboard.collection}, which is not defined"
        found = _of_dashboard(dashboard, definitions, metrics)
        yield from (f"dashboard {key}: {one}" for one in found)


def _ends(key: str, collections: Mapping[str, Collection]) -> bool:
    seen: set[str] = set()
    while key in collections and key not in seen:
        seen.add(key)
        parent = collections[key].within
        if parent is None:
            return True
        key = parent
    return False


def _of_dashboard(
    dashboard: Dashboard, definitions: Definitions, metrics: Mapping[str, Metric]
) -> Iterator[str]:
    keys = [card.key for card in dashboard.cards] + [note.key for note in dashboard.notes]
    names = [one.key for one in dashboard.filters]
    for kind, listed in (("card or note", keys), ("filter", names)):
        yield from (f"two are called {kind} {one}" for one in sorted(_twice(listed)))
    for card in dashboard.cards:
        yield from (f"card {card.key}: {one}" for one in _of_card(card, dashboard, metrics))
        if card.link is not None:
            yield from (f"card {card.key}: {one}" for one in _of_link(card, definitions))
    for one in dashboard.filters:
        yield from (
            f"filter {one.key} {problem}" for problem in _of_filter(one, dashboard, metrics)
        )
    yield from _misplaced(dashboard)


def _of_card(card: Card, dashboard: Dashboard, metrics: Mapping[str, Metric]) -> Iterator[str]:
    try:
        metric = metrics.get(card.metric) or load_metric(card.metric)
        metric.bound_values(card.values)
    except (UnknownMetricError, MetricParameterError) as error:
        yield str(error)
        return
    names = {one.key for one in dashboard.filters}
    yield from (
        f"ignores filter {one}, which is not there" for one in card.ignores if one not in names
    )
    wired = wired_filters(card, metric, dashboard)
    for name in sorted(wired.keys() & card.values.keys()):
        yield f"{name} is fixed by values and set by filter {wired[name].key}: ignore the filter"
    if card.chart not in {"scalar", "table"} and not (card.x and card.y):
        yield f"a {card.chart} needs x and y, columns of {card.metric}"


def _of_link(card: Card, definitions: Definitions) -> Iterator[str]:
    link = card.link
    if link is not None:
        target = definitions.dashboards.get(link.dashboard)
        if target is None:
            yield f"links to dashboard {link.dashboard}, which is not defined"
        elif link.filter not in {one.key for one in target.filters}:
            yield f"links to filter {link.filter}, which dashboard {link.dashboard} has not"


def _of_filter(one: Filter, dashboard: Dashboard, metrics: Mapping[str, Metric]) -> Iterator[str]:
    reached = [
        (card, parameter)
        for card in dashboard.cards
        if card.metric in metrics and one.key not in card.ignores
        for parameter in metrics[card.metric].parameters
        if parameter.name in one.parameters
    ]
    if not reached:
        yield f"sets {', '.join(one.parameters)}, which no card has"
    for card, parameter in reached:
        kind = _KINDS.get(parameter.type_name, "text")
        if kind != one.kind:
            yield f"is a {one.kind}, and {parameter.name} of card {card.key} wants a {kind}"
    if (one.values_from is None) != (one.values_of is None):
        yield "wants values_from and values_of together"
    if one.values_from and one.values_from not in {card.key for card in dashboard.cards}:
        yield f"offers values of card {one.values_from}, which is not there"


def wired_filters(card: Card, metric: Metric, dashboard: Dashboard) -> dict[str, Filter]:
    """Parameter of the card's metric -> the filter of the dashboard that sets it."""
    names = {parameter.name for parameter in metric.parameters}
    return {
        name: one
        for one in dashboard.filters
        if one.key not in card.ignores
        for name in one.parameters
        if name in names
    }


def _misplaced(dashboard: Dashboard) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    places = [(card.key, card.place) for card in dashboard.cards if card.place is not None]
    for key, place in (*places, *((note.key, note.place) for note in dashboard.notes)):
        if place.column + place.width > COLUMNS_OF_THE_GRID:
            yield f"{key} is wider than the grid of {COLUMNS_OF_THE_GRID} columns"
        cells = itertools.product(
            range(place.column, place.column + place.width),
            range(place.row, place.row + place.height),
        )
        others = {other for cell in cells if (other := taken.setdefault(cell, key)) != key}
        yield from (f"{key} lies on {other}" for other in sorted(others))


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"cannot read {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{file} is no TOML: {error}") from None


def _validated(kind: type[Defined], value: Any, file: Path, key: str = "") -> Defined:  # noqa: ANN401
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in (*([key] if key else []), *first["loc"]))
        raise DefinitionError(f"{file}, {where or 'top'}: {first['msg']}") from None
