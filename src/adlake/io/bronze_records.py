"""Rows of Bronze as Trino returns them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def payload_of(record: Mapping[str, Any]) -> bytes | None:
    """The exact bytes that were sent, from raw_bytes or raw_payload; None: a null value."""
    if record["raw_bytes"] is not None:
        return bytes(record["raw_bytes"])
    text: str | None = record["raw_payload"]
    return None if text is None else text.encode()
