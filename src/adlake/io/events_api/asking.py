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
"""Longer than the API waits for Trino or for the broker."""
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
        code, told = self._answer("GET", asked, None, {})
        return None if code == NOT_FOUND else self._taken(code, told)

    def post(self, path: str, body: str) -> Any:  # noqa: ANN401
        """Send a body (JSON); the answer, once the broker has what was sent.

        Raises:
            ApiError: by kind, see above.
            AdlakeError: the settings name a key that cannot be read.
        """
        key = self.key()
        headers = {} if key is None else {"X-Api-Key": key.get_secret_value()}
        headers["Content-Type"] = "application/json"
        return self._taken(*self._answer("POST", path, body, headers))

    def _taken(self, code: int, told: Any) -> Any:  # noqa: ANN401
        if code < 300 and code != 207:
            return told
        if code == 401:
            raise ApiRefusedError(
                "the API wants another key: give the dashboard that of the server in "
                "ADLAKE_API_KEY or ADLAKE_API_KEY_FILE"
            )
        if code >= 500:
            raise ApiUnreadyError(why_of(told))
        raise ApiRefusedError(f"the API answers {code}: {why_of(told)}")

    def _answer(
        self, verb: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, Any]:
        connection = HTTPConnection(self.address.host, self.address.port, timeout=TIMEOUT_SECONDS)
        try:
            sent = None if body is None else body.encode()
            connection.request(verb, path, sent, {"Accept": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, HTTPException):
            raise ApiAwayError(
                f"the API at {self.address} does not answer: start it with `make up ONLY=api`"
            ) from None
        except ValueError:
            raise ApiAwayError(
                f"{self.address} does not answer as the API does: see whether `{ADLAKE} serve` "
                "listens there (ADLAKE_API_HOST, ADLAKE_API_PORT)"
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
