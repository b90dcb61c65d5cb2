"""What the routes work with; tests give their own."""

from __future__ import annotations

import hmac
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from fastapi import Depends, Header, HTTPException, Request, status
from pydantic import SecretStr

from adlake.api.customer_cache import CustomerCache
from adlake.api.pending import Pending
from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import Outcome, Sending
from adlake.io.kafka.collecting import Done, Written
from adlake.io.kafka.producer import Record
from adlake.io.postgres.notifications import LoggedOnChannel
from adlake.io.prometheus.meters import Meters

Rows = Sequence[Mapping[str, Any]]
"""Column -> value."""
MOST_BODY_BYTES = 32 * 1024 * 1024
"""Of all requests that are being read or judged."""


def unavailable(sentence: str) -> HTTPException:
    """503: the same request may do in a second."""
    return HTTPException(
        status.HTTP_503_SERVICE_UNAVAILABLE, sentence, headers={"Retry-After": "1"}
    )


@contextmanager
def answered() -> Iterator[None]:
    """503 with the reason where a part does not answer, so that nobody waits for a 500."""
    try:
        yield
    except AdlakeError as error:
        raise unavailable(str(error)) from None


class AskNotifications(Protocol):
    """Reads what became of notifications."""

    def __call__(
        self, state: Sending, most: int, /, *, is_final: bool
    ) -> Sequence[LoggedOnChannel]:
        """Those of a state, the newest first. Raises AdlakeError."""


def _nobody_was_told(
    _state: Sending, _most: int, /, *, is_final: bool
) -> Sequence[LoggedOnChannel]:
    _ = is_final
    return ()


class Publisher(Protocol):
    """Sends records and tells when the broker has all of them."""

    def publish(
        self, records: Sequence[tuple[str, Record]], done: Done, written: Written = lambda _: None
    ) -> None:
        """Send and return at once."""


@dataclass
class Budget:
    """Bytes of requests that are held at a time."""

    limit: int = MOST_BODY_BYTES
    held: int = 0

    def take(self, size: int) -> None:
        """Hold more, or answer 503."""
        if self.held and self.held + size > self.limit:
            raise unavailable("too many events at a time: send this again in a second")
        self.held += size

    def give_back(self, size: int) -> None:
        """They are held no longer."""
        self.held -= size


@dataclass
class Parts:
    """Everything that routes need."""

    publisher: Publisher
    topics: Mapping[str, str]
    """Name in the project -> name at the broker, of those that events may go to."""
    ask_kafka: Callable[[], None]
    """Raises AdlakeError when the broker does not answer."""
    ask_trino: Callable[[], float | None]
    """Seconds since the newest commit to Gold; None: there is none. Raises AdlakeError."""
    ask_metric: Callable[[str, Mapping[str, str]], Rows]
    """Rows of a metric for some of its parameters. Raises AdlakeError."""
    knows_campaign: Callable[[str], bool]
    """Whether anybody described a campaign, or an event named it. Raises AdlakeError."""
    knows_event: Callable[[str], bool] = lambda _event_id: False
    """Whether a business event of this id is in the lake. Raises AdlakeError."""
    cache: CustomerCache = field(default_factory=lambda: CustomerCache(0))
    pending: Pending = field(default_factory=Pending)
    send_trial: Callable[[str], Mapping[str, Outcome]] = lambda _channel: {}
    """Sends a test message to a channel, or to all that are on. Raises AdlakeError."""
    ask_notifications: AskNotifications = _nobody_was_told
    key: SecretStr | None = None
    """Of writers; None: everybody may write."""
    budget: Budget = field(default_factory=Budget)
    meters: Meters = field(default_factory=Meters)
    now_ms: Callable[[], int] = lambda: int(time.time() * 1_000)
    ack_seconds: float = 5.0
    dice: random.Random = field(default_factory=random.Random)
    """What is drawn where an order or a message is not told."""


async def parts_of(request: Request) -> Parts:
    """The parts that the application was built with.

    A coroutine, as every dependency here: a plain function costs each request two changes of
    thread, which is half of what a post of one event takes.
    """
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(parts_of)]


async def refuse_without_key(
    request: Request,
    x_api_key: Annotated[str | None, Header(description="key of writers")] = None,
) -> None:
    """401 unless the request has the key, where one is set.

    It asks for the parts itself, as whatever answers every post: each dependency has its price.
    """
    parts = await parts_of(request)
    if parts.key is None:
        return
    wanted = parts.key.get_secret_value().encode()
    if not hmac.compare_digest((x_api_key or "").encode("utf-8", "replace"), wanted):
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "the header X-Api-Key is missing or wrong: ADLAKE_API_KEY of the server names it",
        )
