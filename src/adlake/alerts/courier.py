"""Tells the notices of one channel, each once, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adlake.contracts.gauges import NOTIFICATIONS_FAILED, NOTIFICATIONS_SENT
from adlake.contracts.notices import ChannelName, Notice, Outcome
from adlake.io.notify.channel import WAITS_SECONDS, Channel, told
from adlake.io.postgres.driver import DatabaseError
from adlake.io.postgres.notifications import ChannelLog, Logged, NotificationLog
from adlake.io.prometheus.meters import Meters

log = logging.getLogger(__name__)
MOST_FAILURES: Final = 3
"""Notices of a round that fail and may pass later: then the channel is away, the rest waits."""
TO_PROGRAMS: Final = frozenset({ChannelName.KAFKA})
"""They are told everything, however old, and for as long as it takes."""


@dataclass(frozen=True)
class Patience:
    """How much is tried."""

    rounds: int
    """Of requests to people for one notice."""
    waits_seconds: Sequence[float] = WAITS_SECONDS
    """Before each further request of a round."""


@dataclass(frozen=True)
class Pending:
    """What was found in one look at the incidents."""

    notices: tuple[Notice, ...]
    """Of all incidents that are looked at, oldest first."""
    since: datetime
    """Older transitions are not looked at."""
    fresh_since: datetime
    """People are not told first of older ones."""


@dataclass
class Courier:
    """One channel and its thread; who offers it something to tell never waits for it."""

    channel: Channel
    notifications: NotificationLog
    patience: Patience
    meters: Meters
    _unlogged: dict[tuple[str, str], tuple[Notice, Outcome]] = field(default_factory=dict)
    """Told, and the database was away when it was to be written down."""
    _pending: Pending | None = None
    _news: threading.Condition = field(default_factory=threading.Condition)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _trouble: str = ""
    """As it was told last: one outage is told once."""

    def start(self) -> None:
        """Begin to wait for something to tell."""
        self.meters.add(NOTIFICATIONS_SENT, 0, channel=self.channel.name)
        self.meters.add(NOTIFICATIONS_FAILED, 0, channel=self.channel.name)
        name = f"notify-{self.channel.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def offer(self, pending: Pending) -> None:
        """What there is to tell now."""
        with self._news:
            self._pending = pending
            self._news.notify()

    def stop(self) -> None:
        """Begin no further request."""
        self._stopping.set()
        with self._news:
            self._news.notify()

    def join(self, timeout_seconds: float) -> None:
        """Wait until the last request is written down, or the time is up."""
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def deliver(self, pending: Pending) -> None:
        """One round: tell what is not told yet, and write down what became of it.

        Raises:
            DatabaseError: the control database is away; nothing is told without it.
        """
        with self.notifications.alone(self.channel.name) as known:
            if known is None:
                return  # another process tells this channel
            self._write_down(known)
            logged = known.since(pending.since)
            failures = 0
            for notice in untold(pending, self.channel.name, logged, self.patience.rounds):
                outcome = told(self.channel, notice, self._stopping, self.patience.waits_seconds)
                before = logged.get((notice.incident_id, notice.transition))
                self._keep(known, notice, outcome, before)
                failures += not outcome.is_sent and outcome.may_pass_later
                if failures == MOST_FAILURES or self._stopping.is_set():
                    return

    def _keep(
        self, known: ChannelLog, notice: Notice, outcome: Outcome, before: Logged | None
    ) -> None:
        key = (notice.incident_id, str(notice.transition))
        self._unlogged[key] = (notice, outcome)
        rounds = 1 + (before.rounds if before else 0)
        self._tell_of(notice, outcome, is_final=self._is_final(outcome, rounds))
        known.record(notice, outcome, is_final=self._is_final(outcome, rounds))
        del self._unlogged[key]

    def _write_down(self, known: ChannelLog) -> None:
        """First of all, what could not be written down before: it is not told again."""
        for key, (notice, outcome) in tuple(self._unlogged.items()):
            known.record(notice, outcome, is_final=self._is_final(outcome, 1))
            del self._unlogged[key]

    def _is_final(self, outcome: Outcome, rounds: int) -> bool:
        if outcome.is_sent or not outcome.may_pass_later:
            return True
        return self.channel.name not in TO_PROGRAMS and rounds >= self.patience.rounds

    def _tell_of(self, notice: Notice, outcome: Outcome, *, is_final: bool) -> None:
        name = self.channel.name
        if outcome.is_sent:
            self.meters.add(NOTIFICATIONS_SENT, channel=name)
            log.info("%s: sent %s", name, notice.key)
            return
        self.meters.add(NOTIFICATIONS_FAILED, channel=name)
        what = "given up" if is_final else "comes again"
        log.warning(
            "notification channel %s: %s (%s) after %d requests: %s", name, notice.key, what,
            outcome.attempts, outcome.reason,
        )  # fmt: skip

    def _run(self) -> None:
        while (pending := self._next()) is not None:
            trouble = ""
            try:
                self.deliver(pending)
            except DatabaseError as error:
                said = str(error).strip() or type(error).__name__
                trouble = f"for the control database ({said.splitlines()[0]})"
            except Exception as error:
                # A bug here must stop neither the other channels nor the API.
                trouble = f"after an unexpected {type(error).__name__}"
            if trouble and trouble != self._trouble:
                log.warning("notification channel %s waits %s", self.channel.name, trouble)
            self._trouble = trouble
        self.channel.close()

    def _next(self) -> Pending | None:
        with self._news:
            while self._pending is None and not self._stopping.is_set():
                self._news.wait()
            pending, self._pending = self._pending, None
        return None if self._stopping.is_set() else pending


def untold(
    pending: Pending,
    channel: ChannelName,
    logged: dict[tuple[str, str], Logged],
    most_rounds: int,
) -> Iterable[Notice]:
    """What this channel is still to be told.

    People are told of no transition that is older than a day (`fresh_since`) when it is seen first;
    one that was tried before goes on.
    """
    for notice in pending.notices:
        known = logged.get((notice.incident_id, str(notice.transition)))
        if notice.at < pending.since:
            continue
        if known is not None:
            if not known.is_sent and not known.is_final:
                yield notice
        elif channel in TO_PROGRAMS or (
            notice.is_for(channel) and notice.at >= pending.fresh_since
        ):
            yield notice
