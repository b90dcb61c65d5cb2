"""Whether something in Metabase still is what the definitions say. Pure."""

from __future__ import annotations

from typing import Any

_NOTHING: tuple[Any, ...] = (None, [], {}, "")


def differs(wanted: Any, present: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether anything that is wanted is not there; what Metabase adds by itself is none."""
    if wanted in _NOTHING and present in _NOTHING:
        return False
    if isinstance(wanted, dict):
        return not isinstance(present, dict) or any(
            differs(value, present.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            not isinstance(present, list)
            or len(wanted) != len(present)
            or any(differs(one, other) for one, other in zip(wanted, present, strict=True))
        )
    return bool(wanted != present)


def dashboard_differs(wanted: dict[str, Any], present: dict[str, Any]) -> bool:
    """As `differs`; the order in which Metabase lists the cards of a dashboard means nothing."""
    return differs(_in_order(wanted), _in_order(present))


def _in_order(dashboard: dict[str, Any]) -> dict[str, Any]:
    cards = sorted(dashboard.get("dashcards") or [], key=lambda one: int(one["id"]))
    return {**dashboard, "dashcards": cards}
