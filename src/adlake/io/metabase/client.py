"""Metabase over HTTP: requests with a session, its answers as JSON, its refusals as sentences."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final, Literal, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlencode

from adlake.contracts.errors import AdlakeError
from adlake.io.metabase.refusals import refusal_in_words

Method = Literal["GET", "POST", "PUT", "DELETE"]
Json = dict[str, Any]

TIMEOUT_SECONDS: Final = 60.0
SESSION_HEADER: Final = "X-Metabase-Session"


class MetabaseError(AdlakeError):
    """Metabase refuses a request, or answers what it should not."""


class MetabaseUnreachableError(MetabaseError):
    """Nobody answers at the address, or only something in front of Metabase."""


class MetabaseLoginError(MetabaseError):
    """The user or the password is wrong, or the session has ended."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the session to wherever it points."""

    def redirect_request(  # noqa: PLR0917 - of the standard library
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow nothing: the answer itself is judged."""


# Never through a proxy of the environment: Metabase is one of our own services.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


class MetabaseClient:
    """One server; after `log_in`, its session goes along with every request."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._session = ""

    def log_in(self, session: str) -> None:
        """Use a session that the server gave."""
        self._session = session

    @property
    def session(self) -> str:
        """The session in use, as a browser would send it; a secret."""
        return self._session

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """What the server has at a path."""
        return self._asked("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Make something; the answer is what was made."""
        return self._object("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """Change something; the answer is what it is now, empty where Metabase says nothing."""
        return self._object("PUT", path, body)

    def log_out(self) -> None:
        """End the session at the server."""
        if self._session:
            self._asked("DELETE", "/api/session", None)
        self._session = ""

    def _object(self, method: Method, path: str, body: Mapping[str, Any]) -> Json:
        answer = self._asked(method, path, body)
        if answer is None:
            return {}
        if not isinstance(answer, dict):
            raise MetabaseError(f"{method} {path}: Metabase answered no object")
        return answer

    def _asked(self, method: Method, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._session:
            headers[SESSION_HEADER] = self._session
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the settings allow http(s) alone
            self.url + path, data=data, headers=headers, method=method
        )
        try:
            with _OPENER.open(request, timeout=self._timeout_seconds) as answer:
                return self._parsed(method, path, answer.read())
        except HTTPError as error:
            with error:
                self._refused(method, path, error)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise MetabaseUnreachableError(
                f"Metabase at {self.url} does not answer ({reason}): start it, or give its address "
                "in ADLAKE_METABASE_URL"
            ) from None

    def _parsed(self, method: Method, path: str, content: bytes) -> Any:  # noqa: ANN401
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError:
            raise MetabaseUnreachableError(
                f"{method} {self.url}{path} answers no JSON: ADLAKE_METABASE_URL is not the "
                "address of a Metabase"
            ) from None

    def _refused(self, method: Method, path: str, error: HTTPError) -> NoReturn:
        if 300 <= error.code < 400:
            target = error.headers.get("Location", "nowhere")
            raise MetabaseUnreachableError(
                f"{self.url} sends us on to {target}: give that address in ADLAKE_METABASE_URL"
            )
        try:
            content = error.read().decode(errors="replace")
        except (OSError, HTTPException):
            content = ""
        said = refusal_in_words(content)
        sentence = f"Metabase refuses {method} {path} ({error.code}): {said}"
        raise (MetabaseLoginError if error.code == 401 else MetabaseError)(sentence)
