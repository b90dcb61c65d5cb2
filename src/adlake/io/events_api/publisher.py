"""Publishes the records of one topic through the API, in batches, again where it was away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential

from adlake.folders import ADLAKE
from adlake.io.events_api.client import EventsApi, EventsApiAwayError, EventsApiError
from adlake.io.kafka.acks import UNPLACED, PartitionAcks

log = logging.getLogger(__name__)
BATCH: Final = 100
LINGER_SECONDS: Final = 0.2
"""How long an event waits for others to travel with."""
PATIENCE_SECONDS: Final = 60.0
"""How long the same events are sent again before it is given up."""
FIRST_WAIT_SECONDS: Final = 0.5
MOST_WAIT_SECONDS: Final = 5.0
SLICE_SECONDS: Final = 0.1

Record = tuple[bytes | None, bytes | None, int]
"""Key, value, timestamp (epoch ms); the API makes key and timestamp itself."""


class ApiPublisher:
    """Takes records in order; an answer of 202 is the acknowledgement of a batch.

    The API says neither partition nor offset, so `acks` counts under UNPLACED alone.
    """

    def __init__(
        self, api: EventsApi, batch: int = BATCH, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._api = api
        self._batch = batch
        self._patience_seconds = patience_seconds
        self._waiting: list[bytes] = []
        self._since = 0.0
        self.acked = 0
        self.acks: dict[int, PartitionAcks] = {}
        self.on_resend: Callable[[int], None] = lambda count: None

    def publish(self, records: Sequence[Record], should_stop: Callable[[], bool]) -> None:
        """Send full batches, and what has waited long enough; raises EventsApiError."""
        if not self._waiting:
            self._since = time.monotonic()
        # A record without a value is no event: the API says so.
        self._waiting += [value or b"null" for _, value, _ in records]
        while self._is_due() and not should_stop():
            self._post(self._patience_seconds, should_stop)

    def flush(self, timeout_seconds: float, should_stop: Callable[[], bool]) -> bool:
        """True when everything is taken, False when told to stop; raises EventsApiError."""
        deadline = time.monotonic() + timeout_seconds
        while self._waiting and not should_stop():
            self._post(max(0.0, deadline - time.monotonic()), should_stop)
        return not self._waiting

    def _is_due(self) -> bool:
        has_waited = time.monotonic() - self._since >= LINGER_SECONDS
        return len(self._waiting) >= self._batch or (bool(self._waiting) and has_waited)

    def _post(self, patience_seconds: float, should_stop: Callable[[], bool]) -> None:
        """Send the next batch; it stays in its place when told to stop before it was taken."""
        batch = self._waiting[: self._batch]
        retrying = Retrying(
            retry=retry_if_exception_type(EventsApiAwayError),
            wait=wait_exponential(multiplier=FIRST_WAIT_SECONDS, max=MOST_WAIT_SECONDS),
            stop=stop_after_delay(patience_seconds) | _WhenTold(should_stop),
            sleep=lambda seconds: _rest(seconds, should_stop),
            before_sleep=lambda state: self._tell(state, len(batch)),
            reraise=True,
        )
        try:
            retrying(self._api.post, batch)
        except EventsApiAwayError as error:
            if should_stop():
                return
            raise EventsApiError(
                f"{error}: {len(self._waiting)} events are not taken. See whether the API runs "
                f"(`make up ONLY=api`, or `{ADLAKE} serve`); the next start sends them again, "
                "under the same ids"
            ) from None
        del self._waiting[: self._batch]
        self._since = time.monotonic()
        self.acked += len(batch)
        self.acks.setdefault(UNPLACED, PartitionAcks()).records += len(batch)

    def _tell(self, state: RetryCallState, count: int) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        if isinstance(error, EventsApiAwayError) and error.may_have_arrived:
            self.on_resend(count)
        log.warning("%s: the same %d events again in %.1f s", error, count, seconds)


class _WhenTold(stop_base):
    """Ends the attempts of who is told to stop."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Whether it is told so."""
        return self._should_stop()


def _rest(seconds: float, should_stop: Callable[[], bool]) -> None:
    """Sleep, not much longer than until it is told to stop."""
    deadline = time.monotonic() + seconds
    while not should_stop() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
