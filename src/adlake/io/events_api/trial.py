"""Asks the API to send a test message to one channel of the KPI alerts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE

PATH: Final = "/alerts/test-message"
TIMEOUT_SECONDS: Final = 30.0
"""Longer than the API waits for a receiver."""


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
    code, told = _answer(address, key, channel)
    if code == 200 and isinstance(told, list) and told and isinstance(told[0], dict):
        outcome = told[0]
        is_sent = outcome.get("state") == "SENT"
        answered = outcome.get("response_code")
        said = outcome.get("reason") or (f"it answered {answered}" if answered else "")
        return Delivered(is_sent, "" if is_sent else str(said))
    if code == 401:
        raise NoMessageError(
            "the API wants another key: give the dashboard that of the server in ADLAKE_API_KEY "
            "or ADLAKE_API_KEY_FILE"
        )
    detail = told.get("detail") if isinstance(told, dict) else None
    if code == 422 and isinstance(detail, str):
        raise NoMessageError(detail)
    if code == 200:
        raise NoMessageError(f"no channel is called {channel}, or it is off")
    raise NoMessageError(f"the API at {address} answers {code}: {detail or 'without a reason'}")


def _answer(address: Address, key: SecretStr | None, channel: str) -> tuple[int, Any]:
    headers = {"Accept": "application/json"}
    if key is not None:
        headers["X-Api-Key"] = key.get_secret_value()
    connection = HTTPConnection(address.host, address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", f"{PATH}?{urlencode({'channel': channel})}", headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, HTTPException):
        raise NoMessageError(
            f"the API at {address} does not answer: start it with `make up ONLY=api`"
        ) from None
    except ValueError:
        raise NoMessageError(
            f"{address} does not answer as the API does: see whether `{ADLAKE} serve` listens "
            "there (ADLAKE_API_HOST, ADLAKE_API_PORT)"
        ) from None
    finally:
        connection.close()
