"""Whether a Trino answers queries on the lake, asked without its client: status must be quick.

Trino's protocol: a statement is posted, and each answer names the next one until the query is done.
"""

from __future__ import annotations

import json
import time
import urllib.request
from http.client import HTTPException
from typing import Any

from adlake.contracts.address import Address
from adlake.contracts.tables import CATALOG

QUERY_SECONDS = 10.0
_HEADERS = {"X-Trino-User": "adlake"}
# Never through a proxy of the environment.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers_query(host: str, port: int) -> bool:
    """Whether a query on the lake's catalog returns rows."""
    deadline, rows = time.monotonic() + QUERY_SECONDS, 0
    try:
        told = _answer(f"http://{Address(host, port)}/v1/statement", f"SHOW SCHEMAS FROM {CATALOG}")
        while "error" not in told and time.monotonic() < deadline:
            rows += len(told.get("data", ()))
            if "nextUri" not in told:
                return rows > 0
            told = _answer(told["nextUri"])
    except (OSError, HTTPException, ValueError):
        return False
    return False


def _answer(url: str, statement: str = "") -> dict[str, Any]:
    """One page of the protocol; ValueError for what is none."""
    body = statement.encode() or None
    request = urllib.request.Request(url, data=body, headers=_HEADERS)  # noqa: S310 - of Trino
    with _OPENER.open(request, timeout=QUERY_SECONDS) as answer:
        told = json.load(answer)
    if not isinstance(told, dict):
        raise ValueError(f"{url} answers {type(told).__name__}")
    return told
