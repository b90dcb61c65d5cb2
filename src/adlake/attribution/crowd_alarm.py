"""Says once that an impression id gathers the events of strangers (law, section 5)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from adlake.attribution.crowds import Crowd
from adlake.contracts.law import CROWDED_EVENTS
from adlake.folders import ADLAKE
from adlake.io.output import printable

log = logging.getLogger(__name__)

MOST_REMEMBERED: Final = 1_000
"""Ids warned of in a run; of further ones the metric alone speaks, so that memory is bounded."""
MOST_SHOWN: Final = 64
"""Characters of an id: the worst is named on one line."""


class CrowdAlarm:
    """One line for a batch that touches a crowded impression, if it says anything new."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def look(self, crowds: Sequence[Crowd]) -> None:
        """Warn when an id is crowded for the first time, or has twice the events last told.

        Args:
            crowds: of one batch, largest first.
        """
        news = [crowd for crowd in crowds if self._is_news(crowd)]
        if not news:
            return
        self._told |= {crowd.impression_id: crowd.events for crowd in news}
        others = f" ({len(news) - 1} more ids in this batch)" if len(news) > 1 else ""
        log.warning(
            "impression %s has %d events%s: a real one has fewer than %d. Nothing is dropped, but "
            "each batch that adds one reads them all: look for a producer that sends a default id, "
            f"such as \"undefined\"; `{ADLAKE} query crowded_impressions` lists them",
            shown_id(news[0].impression_id), news[0].events, others, CROWDED_EVENTS,
        )  # fmt: skip

    def _is_news(self, crowd: Crowd) -> bool:
        if crowd.impression_id in self._told:
            return crowd.events >= 2 * self._told[crowd.impression_id]
        return len(self._told) < MOST_REMEMBERED


def shown_id(impression_id: str) -> str:
    """An id in quotes, safe for a log: one line, nothing that steers a screen, not too long."""
    cut = impression_id[:MOST_SHOWN]
    return f'"{printable(cut)}"{"..." if len(cut) < len(impression_id) else ""}'
