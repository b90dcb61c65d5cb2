"""Whether a Trino answers queries on the lake, asked without its client: status must be quick.

Trino's protocol: a statement is posted, and each answer names the next one until the query is done.
"""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from typing import Any

from adlake.contracts.address import Address
from adlake.contracts.tables import CATALOG

ANSWER_SECONDS = 10.0
"""For one answer."""
QUERY_SECONDS = 60.0
"""For all of them: the first query of a cold server on a busy machine takes tens of seconds."""
_HEADERS = {"X-Trino-User": "adlake"}
# Never through a proxy of the environment.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers_query(host: str, port: int) -> bool:
    """Whether a query on the lake's catalog returns rows; one that is given up is cancelled."""
    deadline, rows = time.monotonic() + QUERY_SECONDS, 0
    following = ""
    try:
        told = _answer(f"http://{Address(host, port)}/v1/statement", f"SHOW SCHEMAS FROM {CATALOG}")
        while following := str(told.get("nextUri", "")):
            if time.monotonic() > deadline:
                break
            rows += len(told.get("data", ()))
            told = _answer(following)
        rows += len(told.get("data", ()))
    except (OSError, HTTPException, ValueError):
        _cancel(following)
        return False
    _cancel(following)
    return not following and "error" not in told and rows > 0


def _answer(url: str, statement: str = "") -> dict[str, Any]:
    """One page of the protocol; ValueError for what is none."""
    body = statement.encode() or None
    request = urllib.request.Request(url, data=body, headers=_HEADERS)  # noqa: S310 - of Trino
    with _OPENER.open(request, timeout=ANSWER_SECONDS) as answer:
        told = json.load(answer)
    if not isinstance(told, dict):
        raise ValueError(f"{url} answers {type(told).__name__}")
    return told


def _cancel(url: str) -> None:
    """Take back a query that nobody waits for any more: asked again and again, they would pile up.

    Args:
        url: of its next answer; empty: it has ended.
    """
    if not url:
        return
    request = urllib.request.Request(url, headers=_HEADERS, method="DELETE")  # noqa: S310 - of Trino
    with suppress(OSError, HTTPException):
        _OPENER.open(request, timeout=ANSWER_SECONDS).close()
