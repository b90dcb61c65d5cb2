"""Parts of an API whose servers are doubles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adlake.api.parts import Parts
from adlake.contracts.errors import AdlakeError
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from tests.unit.api.test_events import NOW_MS, BrokerDouble


@dataclass
class LakeDouble:
    """Answers metrics with given rows, and remembers what it was asked."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    is_away: bool = False

    def metric(self, name: str, given: Mapping[str, str]) -> list[dict[str, Any]]:
        if self.is_away:
            raise AdlakeError("no Trino answers: start it with `make up`")
        self.asked.append((name, dict(given)))
        return self.rows.get(name, [])

    def knows(self, campaign_id: str) -> bool:
        if self.is_away:
            raise AdlakeError("no Trino answers: start it with `make up`")
        return campaign_id in self.known


def parts_with(lake: LakeDouble | None = None) -> Parts:
    """All of them, at the test's moment."""
    some = lake or LakeDouble()
    return Parts(
        publisher=BrokerDouble(),
        topics={AD_TOPIC: "ads", BUSINESS_TOPIC: "business"},
        ask_kafka=lambda: None,
        ask_trino=lambda: 12.0,
        ask_metric=some.metric,
        knows_campaign=some.knows,
        now_ms=lambda: NOW_MS,
    )
