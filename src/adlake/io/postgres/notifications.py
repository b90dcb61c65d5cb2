"""The table adlake.notifications in the control database: who was told what, on which channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import Notice, Outcome, Sending
from adlake.io.postgres.errors import catalog_trouble
from adlake.io.sql.control import control_sql

LOCK_CLASS: Final = 1_853_125_236
"""Of the advisory locks; another one than that of the migrations."""


class UnreadNotificationsError(AdlakeError):
    """The control database does not answer, or is older than this code."""


@dataclass(frozen=True)
class Logged:
    """What became of one notice on one channel; times are aware."""

    incident_id: str
    transition: str
    state: str
    is_final: bool
    attempts: int
    rounds: int
    response_code: int | None
    reason: str
    sent_at: datetime | None

    @property
    def is_sent(self) -> bool:
        """The receiver has it."""
        return self.state == Sending.SENT


@dataclass(frozen=True)
class LoggedOnChannel(Logged):
    """The same for who looks at all channels."""

    channel: str
    transition_at: datetime
    """Cutoff of the verdict, by the clock of the events."""
    changed_at: datetime
    """Of the newest round of requests."""


class ChannelLog:
    """The rows of one channel, for the only process that tells it."""

    def __init__(self, connection: psycopg.Connection[Any], channel: str) -> None:
        self._connection = connection
        self._channel = channel

    def since(self, moment: datetime) -> dict[tuple[str, str], Logged]:
        """Incident and transition -> what became of it, of transitions from this moment on."""
        asked = {"channel": self._channel, "since": moment}
        with self._connection.cursor(row_factory=class_row(Logged)) as cursor:
            rows = cursor.execute(control_sql("notifications/list"), asked)
            return {(one.incident_id, one.transition): one for one in rows}

    def record(self, notice: Notice, outcome: Outcome, *, is_final: bool) -> None:
        """Write down a round of requests."""
        self._connection.execute(
            control_sql("notifications/insert"),
            {
                "incident_id": notice.incident_id, "transition": str(notice.transition),
                "channel": self._channel, "transition_at": notice.at,
                "state": str(outcome.sending), "is_final": is_final,
                "attempts": outcome.attempts, "response_code": outcome.code,
                "reason": outcome.reason,
            },
        )  # fmt: skip


@dataclass(frozen=True)
class NotificationLog:
    """Who was told what."""

    connect: Callable[[], psycopg.Connection[Any]]
    """Opens the control database."""

    def newest(self, state: Sending, most: int, *, is_final: bool) -> list[LoggedOnChannel]:
        """Notifications of a state, those whose outcome was written last first.

        Args:
            state: how the newest round of requests ended.
            most: rows.
            is_final: whether it is not tried again, as whatever was sent.

        Raises:
            UnreadNotificationsError: the database does not answer, or has no such table.
        """
        asked = {"state": str(state), "is_final": is_final, "most": most}
        try:
            with self.connect() as connection:
                cursor = connection.cursor(row_factory=class_row(LoggedOnChannel))
                return list(cursor.execute(control_sql("notifications/newest"), asked))
        except psycopg.Error as error:
            raise UnreadNotificationsError(catalog_trouble(error)) from None

    @contextmanager
    def alone(self, channel: str) -> Iterator[ChannelLog | None]:
        """The log of a channel while nobody else tells it; None: somebody does.

        The lock lasts as long as the connection, by which every outcome is written: who lost the
        lock can write no outcome, and stops.
        """
        connection = self.connect()
        try:
            connection.autocommit = True
            asked = {"lock_class": LOCK_CLASS, "channel": channel}
            row = connection.execute(control_sql("notifications/lock"), asked).fetchone()
            is_ours = row == (True,)
            yield ChannelLog(connection, channel) if is_ours else None
            if is_ours:
                # The server hears of a closed connection when it looks: the next one to ask may be
                # sooner, and would take this one for another process.
                connection.execute(control_sql("notifications/unlock"), asked)
        finally:
            connection.close()
