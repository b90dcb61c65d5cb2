"""What a channel is, and telling a notice with some patience."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    sleep_using_event,
    stop_after_attempt,
)
from tenacity.stop import stop_base

from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending

ANSWER_SECONDS: Final = 5.0
WAITS_SECONDS: Final = (1.0, 5.0, 25.0)
"""Before the second, third and fourth attempt."""


class Channel(Protocol):
    """One way to tell."""

    @property
    def name(self) -> ChannelName:
        """As rules and the log call it."""

    def tell(self, notice: Notice) -> Outcome:
        """One attempt; it raises nothing that the other end is to blame for."""

    def close(self) -> None:
        """Give connections back."""


class _Stopping(stop_base):
    """Ends the attempts when somebody ends the process."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def __call__(self, _state: RetryCallState) -> bool:
        return self._stopping.is_set()


def told(
    channel: Channel,
    notice: Notice,
    stopping: threading.Event,
    waits_seconds: Sequence[float] = WAITS_SECONDS,
) -> Outcome:
    """Tell until it is sent, refused, or there is no patience left; the last outcome, counted.

    Args:
        channel: to tell it on.
        notice: what is told.
        stopping: set when there is no time for another attempt.
        waits_seconds: before each further attempt.
    """
    waits = (*waits_seconds, 0.0)  # asked for after the last attempt too

    def wait(state: RetryCallState) -> float:
        return waits[state.attempt_number - 1]

    attempts = Retrying(
        retry=retry_if_result(lambda outcome: outcome.may_pass_later),
        stop=stop_after_attempt(len(waits_seconds) + 1) | _Stopping(stopping),
        wait=wait,
        sleep=sleep_using_event(stopping),
        retry_error_callback=_last,
    )
    outcome: Outcome = attempts(channel.tell, notice)
    return replace(outcome, attempts=attempts.statistics["attempt_number"])


def _last(state: RetryCallState) -> Outcome:
    assert state.outcome is not None  # noqa: S101 - there was an attempt
    outcome: Outcome = state.outcome.result()
    return outcome


def failed(reason: str, code: int | None = None, *, may_pass_later: bool) -> Outcome:
    """A failure."""
    return Outcome(Sending.FAILED, code, reason, may_pass_later)
