"""Asks the API and posts single things to it, as a page does; what fails becomes a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE

TIMEOUT_SECONDS: Final = 30.0
"""Longer than the API waits for Trino, for the broker or for a receiver of messages."""
WRONG_KEY: Final = (
    "the API wants another key: give the dashboard that of the server in ADLAKE_API_KEY "
    "or ADLAKE_API_KEY_FILE"
)
NOT_FOUND: Final = 404


class ApiError(AdlakeError):
    """The API did not do what it was asked for."""


class ApiAwayError(ApiError):
    """Nobody answers at its address: the same may be sent again."""


class ApiUnreadyError(ApiError):
    """The API answers, and what it needs does not (yet): the same may be sent again."""


class ApiRefusedError(ApiError):
    """The API does not take what was sent; the sentence says why."""


def path_of(*parts: str) -> str:
    """A path whose parts may hold anything."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


@dataclass(frozen=True)
class LakeApi:
    """The routes of one server; a connection for each question, so that threads may share it."""

    address: Address
    key: Callable[[], SecretStr | None] = lambda: None
    """Of writers, read when something is posted."""

    def get(self, path: str, given: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
        """The answer; None: there is no such thing.

        Raises:
            ApiError: by kind, see above.
        """
        asked = f"{path}?{urlencode(given)}" if given else path
        code, told = exchange(self.address, "GET", asked)
        return None if code == NOT_FOUND else self._taken(code, told)

    def post(self, path: str, body: str) -> Any:  # noqa: ANN401
        """Send a body (JSON); the answer, once the broker has what was sent.

        Raises:
            ApiError: by kind, see above.
            AdlakeError: the settings name a key that cannot be read.
        """
        return self._taken(*exchange(self.address, "POST", path, key=self.key(), body=body))

    def _taken(self, code: int, told: Any) -> Any:  # noqa: ANN401
        if code < 300 and code != 207:
            return told
        if code == 401:
            raise ApiRefusedError(WRONG_KEY)
        if code >= 500:
            raise ApiUnreadyError(why_of(told))
        raise ApiRefusedError(f"the API answers {code}: {why_of(told)}")


def exchange(
    address: Address, verb: str, path: str, *, key: SecretStr | None = None, body: str | None = None
) -> tuple[int, Any]:
    """The code and the content (JSON) of one answer, over a connection of its own.

    Args:
        address: of the API.
        verb: of HTTP.
        path: with its parameters.
        key: of writers; None: nobody has to have one.
        body: JSON; None: there is none.

    Raises:
        ApiAwayError: nobody answers, or not as the API does.
    """
    headers = {"Accept": "application/json"}
    if key is not None:
        headers["X-Api-Key"] = key.get_secret_value()
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection = HTTPConnection(address.host, address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(verb, path, None if body is None else body.encode(), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, HTTPException):
        raise ApiAwayError(
            f"the API at {address} does not answer: start it with `make up ONLY=api`"
        ) from None
    except ValueError:
        raise ApiAwayError(
            f"{address} does not answer as the API does: see whether `{ADLAKE} serve` listens "
            "there (ADLAKE_API_HOST, ADLAKE_API_PORT)"
        ) from None
    finally:
        connection.close()


def why_of(told: Any) -> str:  # noqa: ANN401 - whatever was answered
    """The reason in an answer: a sentence, a list of parameters, or of events."""
    if not isinstance(told, dict):
        return "without a reason"
    detail = told.get("detail")
    if isinstance(detail, list):
        named = ((one.get("loc", ["?"])[-1], one.get("msg")) for one in detail)
        return "; ".join(f"{name} {said}" for name, said in named)
    refused = [one for one in told.get("items", []) if not one.get("accepted")]
    if refused:
        return "; ".join(f"{one.get('reason')}: {one.get('detail')}" for one in refused)
    return str(detail or "without a reason")
