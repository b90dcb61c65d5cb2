"""Posts notices to an http(s) address: the JSON record as it is, or a text as Slack takes it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending
from adlake.io.notify.channel import ANSWER_SECONDS, failed

SERVER_FAULT: Final = 500


class Webhook:
    """An address that is posted to; a connection lives for one post."""

    def __init__(
        self,
        name: ChannelName,
        url: SecretStr,
        body_of: Callable[[Notice], bytes],
        timeout_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.name = name
        self._url = url
        self._body_of = body_of
        self._timeout_seconds = timeout_seconds

    def tell(self, notice: Notice) -> Outcome:
        """Post once: 2xx is sent; no answer in time and 5xx may pass later, all else will not."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "adlake",
            "Idempotency-Key": notice.key,
        }
        try:
            code = self._post(self._body_of(notice), headers)
        except TimeoutError:
            return failed(f"no answer in {self._timeout_seconds:g} s", may_pass_later=True)
        except (OSError, HTTPException, ValueError) as error:
            # Not its text, which may quote the address.
            return failed(f"no answer ({type(error).__name__})", may_pass_later=True)
        if 200 <= code < 300:
            return Outcome(Sending.SENT, code)
        return failed(f"answered {code}", code, may_pass_later=code >= SERVER_FAULT)

    def close(self) -> None:
        """Nothing is open."""

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        url = urlsplit(self._url.get_secret_value())
        connection = self._connection(url.scheme, url.hostname or "", url.port)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection.request("POST", target, body, dict(headers))
            return connection.getresponse().status
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context()
            return HTTPSConnection(host, port, timeout=self._timeout_seconds, context=context)
        return HTTPConnection(host, port, timeout=self._timeout_seconds)


def as_record(notice: Notice) -> bytes:
    """The whole record."""
    return notice.payload


def as_slack_text(notice: Notice) -> bytes:
    """A text as Slack and those like it take it; what means something to them there is escaped.

    A campaign that is named `<!channel>` must not call everybody.
    """
    text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return json.dumps({"text": text}, ensure_ascii=False).encode()
