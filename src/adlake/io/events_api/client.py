"""Posts events to the API over one connection; what it answers becomes nothing, or a sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE

TIMEOUT_SECONDS: Final = 15.0
"""Longer than the API waits for the broker."""
MOST_IDLE_SECONDS: Final = 2.0
"""A server gives up an idle connection after some seconds, and may do so while we send."""
ACCEPTED: Final = 202
PARTLY_REFUSED: Final = 207
UNAUTHORIZED: Final = 401
TOO_LARGE: Final = 413
ALL_REFUSED: Final = 422


class EventsApiError(AdlakeError):
    """Events that the API does not take."""


class EventsApiAwayError(EventsApiError):
    """The API does not answer, or cannot take events now: the same may be sent again."""

    def __init__(self, sentence: str, *, may_have_arrived: bool) -> None:
        super().__init__(sentence)
        self.may_have_arrived = may_have_arrived
        """Some or all of the events may be on their topics all the same."""


class EventsApi:
    """`POST /events` of one server."""

    def __init__(
        self, address: Address, key: SecretStr | None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.address = address
        self._key = key
        self._connection = HTTPConnection(address.host, address.port, timeout=timeout_seconds)
        self._used = 0.0

    def post(self, events: Sequence[bytes]) -> None:
        """Send events, each as JSON; returns when the broker has all of them.

        Raises:
            EventsApiAwayError: nobody answers, or with 5xx: send them again.
            EventsApiError: some were refused, or all; others may have been taken.
        """
        code, content = self._answer(b"[" + b",".join(events) + b"]")
        said = _parsed(content)
        if code >= 500:
            raise EventsApiAwayError(
                f"the API at {self.address} cannot take events now "
                f"({code}: {said.get('detail', 'without a reason')})",
                may_have_arrived=True,
            )
        if code != ACCEPTED or said.get("accepted") != len(events):
            raise EventsApiError(self._refusal(code, said, len(events)))

    def close(self) -> None:
        """Give the connection back; the next post opens another."""
        self._connection.close()

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        connection, is_connected = self._connection, False
        if time.monotonic() - self._used > MOST_IDLE_SECONDS:
            connection.close()
        try:
            if connection.sock is None:
                connection.connect()
            is_connected = True
            connection.request("POST", "/events", body, self._headers())
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise EventsApiAwayError(
                f"the API at {self.address} does not answer ({error or type(error).__name__})",
                may_have_arrived=is_connected,
            ) from None
        self._used = time.monotonic()
        return answer.status, content

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key is not None:
            headers["X-Api-Key"] = self._key.get_secret_value()
        return headers

    def _refusal(self, code: int, said: dict[str, Any], count: int) -> str:
        if code == UNAUTHORIZED:
            return (
                f"the API at {self.address} wants another key: give the one of the server in "
                "ADLAKE_API_KEY or ADLAKE_API_KEY_FILE"
            )
        refused = [one for one in said.get("items", []) if not one.get("accepted")]
        if refused and code in (PARTLY_REFUSED, ALL_REFUSED):
            first = refused[0]
            return (
                f"the API at {self.address} refuses {len(refused)} of {count} events, the first "
                f"{first.get('event_id')}: {first.get('reason')} {first.get('detail')}"
            )
        if code == TOO_LARGE:
            return f"the API at {self.address} takes fewer events at a time: {said.get('detail')}"
        return (
            f"{self.address} answers {code}, as no API of events does: see whether "
            f"`{ADLAKE} serve` listens there (ADLAKE_API_HOST, ADLAKE_API_PORT)"
        )


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
