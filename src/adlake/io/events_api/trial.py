"""Asks the API to send a test message to one channel of the KPI alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.contracts.errors import AdlakeError
from adlake.io.events_api.asking import WRONG_KEY, ApiAwayError, exchange

PATH: Final = "/alerts/test-message"


class NoMessageError(AdlakeError):
    """No message was sent, and no receiver was asked."""


@dataclass(frozen=True)
class Delivered:
    """What became of the message."""

    is_sent: bool
    said: str
    """Why not, as far as the receiver told."""


def send_test_message(address: Address, key: SecretStr | None, channel: str) -> Delivered:
    """Send one; returns when the receiver has answered, or the API has given up.

    Raises:
        NoMessageError: the API does not answer, wants another key, or the channel is off.
    """
    try:
        code, told = exchange(address, "POST", f"{PATH}?{urlencode({'channel': channel})}", key=key)
    except ApiAwayError as error:
        raise NoMessageError(str(error)) from None
    if code == 200 and isinstance(told, list) and told and isinstance(told[0], dict):
        outcome = told[0]
        is_sent = outcome.get("state") == "SENT"
        answered = outcome.get("response_code")
        said = outcome.get("reason") or (f"it answered {answered}" if answered else "")
        return Delivered(is_sent, "" if is_sent else str(said))
    if code == 401:
        raise NoMessageError(WRONG_KEY)
    detail = told.get("detail") if isinstance(told, dict) else None
    if code == 422 and isinstance(detail, str):
        raise NoMessageError(detail)
    if code == 200:
        raise NoMessageError(f"no channel is called {channel}, or it is off")
    raise NoMessageError(f"the API at {address} answers {code}: {detail or 'without a reason'}")
