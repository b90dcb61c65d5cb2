"""What people and programs are told of an incident, and what became of telling it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Transition(StrEnum):
    """What happens to an incident; each at most once."""

    OPENED = "opened"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    TEST = "test"
    """Of no incident: somebody tries a channel."""


class ChannelName(StrEnum):
    """Ways to tell."""

    KAFKA = "kafka"
    SLACK = "slack"
    WEBHOOK = "webhook"
    EMAIL = "email"


class Sending(StrEnum):
    """How it ended."""

    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Notice:
    """One transition of one incident, in the forms that channels need."""

    incident_id: str
    transition: str
    at: datetime
    """Cutoff of the verdict that made it; no clock is read."""
    subject: str
    text: str
    payload: bytes
    """Canonical JSON: the same transition gives the same bytes."""
    channels: frozenset[str] = frozenset()
    """That may tell it; empty: all."""

    @property
    def key(self) -> str:
        """By which a receiver knows a repetition."""
        return f"{self.incident_id}:{self.transition}"

    def is_for(self, channel: str) -> bool:
        """Whether the rule that opened the incident wants this channel."""
        return not self.channels or channel in self.channels


@dataclass(frozen=True)
class Outcome:
    """What became of telling one notice on one channel."""

    sending: Sending
    code: int | None = None
    """As the receiver answered; None: it did not, or there are no codes."""
    reason: str = ""
    """Of a failure; it names no address, which may be a secret."""
    may_pass_later: bool = False
    """Of a failure: nobody answered in time, or the receiver's own fault."""
    attempts: int = 1

    @property
    def is_sent(self) -> bool:
        """The receiver has it."""
        return self.sending is Sending.SENT
