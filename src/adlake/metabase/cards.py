"""A card of the definitions as the body of a question of Metabase. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from adlake.io.sql import metabase
from adlake.metabase.contract import Card, Formats
from adlake.metabase.identity import stable_uuid
from adlake.metrics.query import Metric

Json = dict[str, Any]

_PARAMETER_TYPES: Final = {"date": "date/single", "number": "number/=", "text": "string/="}
"""Type of a template tag -> type of the widget that sets it."""
_NUMBER_STYLES: Final[dict[str, Json]] = {
    "percent": {"number_style": "percent", "decimals": 2},
    "money": {"number_style": "decimal", "decimals": 2},
    "ratio": {"number_style": "decimal", "decimals": 3},
    "seconds": {"number_style": "decimal", "decimals": 1, "suffix": " s"},
}


def card_key(dashboard: str, card: Card) -> str:
    """Key of a card among all cards."""
    return f"{dashboard}/{card.key}"


def card_body(key: str, card: Card, metric: Metric, formats: Formats, database: int) -> Json:
    """What Metabase is told of a question, but for its collection and its mark."""
    query, tags = tagged_query(key, card, metric)
    return {
        "name": card.title,
        "description": _description(metric),
        "type": "question",
        "display": card.chart,
        "dataset_query": {
            "type": "native",
            "database": database,
            "native": {"query": query, "template-tags": tags},
        },
        "parameters": [_parameter(tag, metric) for tag in tags.values()],
        "visualization_settings": visualization_settings(card, formats),
    }


def tagged_query(key: str, card: Card, metric: Metric) -> tuple[str, dict[str, Json]]:
    """The metric for Metabase; what the card fixes is the default of its tag."""
    query, tags = metabase.rendered(metric.sql, metric.parameters)
    for name, tag in tags.items():
        tag["id"] = stable_uuid(f"{key}/{name}")
        if name in card.values:
            tag |= {"default": card.values[name], "required": True}
    return query, tags


def visualization_settings(card: Card, formats: Formats) -> Json:
    """How the answer is drawn: axes or columns, and the formats of all columns."""
    found: Json = {}
    match card.chart:
        case "scalar":
            found = {"scalar.field": card.y[0]} if card.y else {}
        case "table":
            found = (
                {"table.columns": [{"name": name, "enabled": True} for name in card.columns]}
                if card.columns
                else {}
            )
        case "pie":
            found = {"pie.dimension": [card.x], "pie.metric": card.y[0]}
        case "funnel":
            found = {"funnel.dimension": card.x, "funnel.metric": card.y[0]}
        case _:
            found = {"graph.dimensions": [card.x], "graph.metrics": list(card.y)}
    return found | {"column_settings": _column_settings(formats)} | card.settings


def _column_settings(formats: Formats) -> Json:
    return {
        json.dumps(["name", column], separators=(",", ":")): _NUMBER_STYLES[style]
        for style, columns in formats
        for column in columns
    }


def _description(metric: Metric) -> str:
    grain = metric.grain[:1].upper() + metric.grain[1:]
    return f"{metric.question}\n{grain}. Date basis: {metric.date_basis}."


def _parameter(tag: Json, metric: Metric) -> Json:
    """The widget above a question for one of its tags."""
    name = tag["name"]
    found: Json = {
        "id": tag["id"],
        "name": tag["display-name"],
        "slug": name,
        "type": _PARAMETER_TYPES[tag["type"]],
        "target": ["variable", ["template-tag", name]],
    }
    if "default" in tag:
        found |= {"default": tag["default"], "required": True}
    [declared] = [one for one in metric.parameters if one.name == name]
    return found | offered_words(declared.type_name)


def offered_words(type_name: str) -> Json:
    """The list of words that a parameter of the type `a|b|c` offers; nothing for other types."""
    if "|" not in type_name:
        return {}
    return {
        "values_query_type": "list",
        "values_source_type": "static-list",
        "values_source_config": {"values": [[word] for word in type_name.split("|")]},
    }
