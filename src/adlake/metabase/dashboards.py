"""A dashboard of the definitions as the body for Metabase, beside what its users added. Pure.

A change of a dashboard replaces all its cards and filters at once. So what is not ours goes along
unchanged: cards without our key, filters without our prefix, the wires from such a filter to a card
of ours, tabs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from adlake.metabase.cards import card_key, offered_words
from adlake.metabase.contract import Card, Dashboard, Filter, Note, Place
from adlake.metabase.definitions import wired_filters
from adlake.metabase.identity import filter_id, is_own_filter
from adlake.metabase.marks import Mark, described, digest_of
from adlake.metrics.query import Metric

Json = dict[str, Any]

OWN_KEY: Final = "adlake.key"
"""In the settings of each card on a dashboard that is ours."""
_TYPES: Final = {
    "date": ("date/single", "date"),
    "number": ("number/=", "number"),
    "text": ("string/=", "string"),
}
_KEPT: Final = (
    "id", "card_id", "dashboard_tab_id", "row", "col", "size_x", "size_y", "parameter_mappings",
    "visualization_settings", "series", "inline_parameters", "action_id",
)  # fmt: skip
"""What Metabase wants to hear again of a card that stays as it is."""


def dashboard_body(
    key: str,
    dashboard: Dashboard,
    metrics: Mapping[str, Metric],
    ids: Mapping[Mark, int],
    present: Json,
) -> Json:
    """What Metabase is told of a dashboard.

    Args:
        key: of the dashboard.
        dashboard: its definition.
        metrics: at least those of its cards.
        ids: of all collections, cards and dashboards that are ours.
        present: the dashboard as Metabase has it.
    """
    own = _own_body(key, dashboard, metrics, ids)
    mark = Mark("dashboard", key)
    return {
        **own,
        "description": described(mark, dashboard.description, digest_of(own)),
        **_beside_others(own, present),
    }


def _own_body(
    key: str, dashboard: Dashboard, metrics: Mapping[str, Metric], ids: Mapping[Mark, int]
) -> Json:
    """What the definition says, whatever is on the dashboard."""
    return {
        "name": dashboard.title,
        "description": dashboard.description,
        "collection_id": ids[Mark("collection", dashboard.collection)],
        "archived": False,
        "parameters": [_parameter(key, one, dashboard, metrics, ids) for one in dashboard.filters],
        "dashcards": [*_cards(key, dashboard, metrics, ids), *map(_note, dashboard.notes)],
    }


def _beside_others(own_body: Json, present: Json) -> Json:
    """Our cards and filters, with those of others and the tabs."""
    placed = sorted(present.get("dashcards") or [], key=lambda one: int(one["id"]))
    own: dict[str, Json] = {}
    others = [
        one
        for one in placed
        if (key := own_key(one)) is None or own.setdefault(key, one) is not one
    ]
    tabs = present.get("tabs") or []
    found: Json = {
        "parameters": [*own_body["parameters"], *_foreign_filters(present)],
        "dashcards": [
            *(
                _placed(card, own, tabs, -number)
                for number, card in enumerate(own_body["dashcards"], start=1)
            ),
            *map(_kept, others),
        ],
    }
    if tabs:
        found["tabs"] = [{"id": one["id"], "name": one["name"]} for one in tabs]
    return found


def own_key(dashcard: Json) -> str | None:
    """The key of a card on a dashboard, also of a user's copy of it; None: a user put it there."""
    key = (dashcard.get("visualization_settings") or {}).get(OWN_KEY)
    return key if isinstance(key, str) else None


def _cards(
    key: str, dashboard: Dashboard, metrics: Mapping[str, Metric], ids: Mapping[Mark, int]
) -> Iterator[Json]:
    for card in dashboard.cards:
        if card.place is None:
            continue
        number = ids[Mark("card", card_key(key, card))]
        wired = wired_filters(card, metrics[card.metric], dashboard)
        yield _grid(card.place) | {
            "card_id": number,
            "parameter_mappings": [
                {
                    "parameter_id": filter_id(one.key),
                    "card_id": number,
                    "target": ["variable", ["template-tag", name]],
                }
                for name, one in sorted(wired.items())
            ],
            "visualization_settings": {OWN_KEY: card.key} | _click(card, ids),
        }


def _note(note: Note) -> Json:
    display = "heading" if note.is_heading else "text"
    return _grid(note.place) | {
        "card_id": None,
        "parameter_mappings": [],
        "visualization_settings": {
            OWN_KEY: note.key,
            "virtual_card": {
                "name": None, "display": display, "visualization_settings": {},
                "dataset_query": {}, "archived": False,
            },
            "text": note.text,
        },
    }  # fmt: skip


def _grid(place: Place) -> Json:
    return {
        "row": place.row, "col": place.column, "size_x": place.width, "size_y": place.height,
    }  # fmt: skip


def _click(card: Card, ids: Mapping[Mark, int]) -> Json:
    link = card.link
    if link is None:
        return {}
    target = filter_id(link.filter)
    behavior = {
        "type": "link",
        "linkType": "dashboard",
        "targetId": ids[Mark("dashboard", link.dashboard)],
        "parameterMapping": {
            target: {
                "id": target,
                "source": {"type": "column", "id": link.column, "name": link.column},
                "target": {"type": "parameter", "id": target},
            }
        },
    }
    column = json.dumps(["name", link.column], separators=(",", ":"))
    return {"column_settings": {column: {"click_behavior": behavior}}}


def _placed(card: Json, own: Mapping[str, Json], tabs: list[Json], new_id: int) -> Json:
    """A card of ours under the id that it has already, on the tab where it lies."""
    key = own_key(card)
    before = own.get(key or "", {})
    first_tab = tabs[0]["id"] if tabs else None
    foreign = [
        one
        for one in before.get("parameter_mappings") or []
        if not is_own_filter(str(one.get("parameter_id")))
    ]
    return card | {
        "id": before.get("id", new_id),
        "dashboard_tab_id": before.get("dashboard_tab_id", first_tab),
        "parameter_mappings": [*card["parameter_mappings"], *foreign],
        "series": before.get("series") or [],
        "inline_parameters": before.get("inline_parameters") or [],
    }


def _kept(dashcard: Json) -> Json:
    return {name: dashcard[name] for name in _KEPT if name in dashcard}


def _foreign_filters(present: Json) -> Iterable[Json]:
    return [one for one in present.get("parameters") or [] if not is_own_filter(str(one.get("id")))]


def _parameter(
    key: str,
    one: Filter,
    dashboard: Dashboard,
    metrics: Mapping[str, Metric],
    ids: Mapping[Mark, int],
) -> Json:
    type_name, section = _TYPES[one.kind]
    found: Json = {
        "id": filter_id(one.key),
        "name": one.title,
        "slug": one.key,
        "type": type_name,
        "sectionId": section,
    }
    if one.kind != "date":
        found["isMultiSelect"] = False
    if one.default is not None:
        found["default"] = _default(one.kind, one.default)
    if one.values_from is not None:
        source = ids[Mark("card", f"{key}/{one.values_from}")]
        return found | {
            "values_query_type": "list",
            "values_source_type": "card",
            "values_source_config": {
                "card_id": source,
                "value_field": ["field", one.values_of, {"base-type": "type/Text"}],
            },
        }
    return found | offered_words(_type_set_by(one, dashboard, metrics))


def _default(kind: str, text: str) -> Any:  # noqa: ANN401 - JSON
    """As Metabase keeps it: a list, but for dates."""
    if kind == "date":
        return text
    return [int(text) if kind == "number" else text]


def _type_set_by(one: Filter, dashboard: Dashboard, metrics: Mapping[str, Metric]) -> str:
    """The type of the first parameter that a filter sets."""
    types = (
        parameter.type_name
        for card in dashboard.cards
        if one.key not in card.ignores
        for parameter in metrics[card.metric].parameters
        if parameter.name in one.parameters
    )
    return next(types, "varchar")
