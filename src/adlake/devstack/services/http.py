"""Small HTTP questions to services on this machine."""

from __future__ import annotations

import json
import urllib.request
from http.client import HTTPException

TIMEOUT_SECONDS = 3.0
# Never through a proxy of the environment: the services listen on 127.0.0.1.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: str) -> bytes | None:
    """Body of a successful answer, None when there is none."""
    try:
        with _OPENER.open(url, timeout=TIMEOUT_SECONDS) as answer:
            return bytes(answer.read()) if answer.status == 200 else None
    except (OSError, HTTPException):
        return None


def fetch_json(url: str) -> object:
    """Parsed answer, None when there is none."""
    body = fetch(url)
    try:
        return json.loads(body) if body is not None else None
    except ValueError:
        return None
