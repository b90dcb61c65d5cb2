"""Looks for transitions of incidents every few seconds and hands them to the couriers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from adlake.alerts.courier import Courier, Pending
from adlake.alerts.messages import Row, notices_of
from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import Notice

log = logging.getLogger(__name__)
JOIN_SECONDS: Final = 6.0
"""For the requests that are under way when the process is told to stop."""


@dataclass(frozen=True)
class Pace:
    """How often and how far back it looks."""

    every_seconds: float
    look_back: timedelta
    fresh: timedelta
    """People are not told first of what is older."""


@dataclass
class Notifier:
    """A thread that asks the lake, and one for each channel. None of them ever ends the process."""

    incidents: Callable[[datetime], Sequence[Row]]
    """Incidents with a transition since a moment. Raises AdlakeError."""
    couriers: Sequence[Courier]
    pace: Pace
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _trouble: str = ""
    """As it was told last: one outage is told once."""
    _known: dict[tuple[object, ...], tuple[Notice, ...]] = field(default_factory=dict)
    """Rows of the last look: most are there again, unchanged."""

    def start(self) -> None:
        """Begin to look; without a channel there is nothing to look for."""
        if not self.couriers:
            return
        for one in self.couriers:
            one.start()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the threads; a request that is under way has some seconds."""
        self._stopping.set()
        for one in self.couriers:
            one.stop()
        deadline = time.monotonic() + JOIN_SECONDS
        for one in self.couriers:
            one.join(max(0.0, deadline - time.monotonic()))

    def look(self) -> None:
        """One look at the incidents; what goes wrong is told and comes again."""
        now = self.now()
        since = now - self.pace.look_back
        try:
            rows = self.incidents(since)
        except AdlakeError as error:
            self._say(str(error))
            return
        self._say("")
        known = self._known
        self._known = {
            key: known[key] if key in known else self._notices_of(row)
            for row in rows
            for key in (tuple(row.items()),)
        }
        notices = sorted(
            (one for told in self._known.values() for one in told),
            key=lambda one: (one.at, one.incident_id, one.transition),
        )
        pending = Pending(tuple(notices), since, now - self.pace.fresh)
        for one in self.couriers:
            one.offer(pending)

    def _notices_of(self, row: Row) -> tuple[Notice, ...]:
        try:
            return notices_of(row)
        except (KeyError, TypeError, ValueError) as error:
            # One row that cannot be told must not keep the others from being told.
            log.warning("an incident cannot be told (%s)", type(error).__name__)
            return ()

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("notifications wait: %s", trouble)
        elif self._trouble and not trouble:
            log.warning("notifications go on")
        self._trouble = trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as error:
                # A bug here must not end the API.
                log.warning("notifications: unexpected %s", type(error).__name__)
            self._stopping.wait(self.pace.every_seconds)
