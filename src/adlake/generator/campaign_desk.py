"""The campaign side of a worker: sends the updates of the simulated campaigns as they fall due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adlake.generator.campaign_updates import CampaignUpdates
from adlake.generator.publishing import Publisher

STEP_MS: Final = 60_000
"""Of simulated time: it is looked no more often."""


class CampaignDesk:
    """Publishes what is due; what a killed run sent and did not save is sent again, unchanged."""

    def __init__(self, publisher: Publisher, updates: CampaignUpdates) -> None:
        self.publisher = publisher
        self._updates = updates
        self.until_ms = -1
        """What was due until then is sent."""

    def follow(self, now_ms: int, stop: Callable[[], bool]) -> None:
        """Publish what is due by `now_ms`, unless that is only a moment later than before."""
        if self.until_ms >= 0 and now_ms < self.until_ms + STEP_MS:
            return
        records = self._updates.due(self.until_ms, now_ms)
        if records:
            self.publisher.publish(records, stop)
        if not stop():
            self.until_ms = now_ms
