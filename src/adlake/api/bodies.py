"""Reads what was sent, within bounds."""

from __future__ import annotations

from typing import Final

from fastapi import HTTPException, Request, status

from adlake.api.parts import Budget

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
"""Of one request. An event has a bound of its own, 1 MiB."""


async def body_of(request: Request, budget: Budget) -> bytes:
    """The whole body; its bytes are taken from the budget, which the caller gives back.

    Raises:
        HTTPException: 413 for one that is too large, 503 while too much is held already.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            if size + len(chunk) > MAX_BODY_BYTES:
                raise HTTPException(
                    status.HTTP_413_CONTENT_TOO_LARGE,
                    f"more than {MAX_BODY_BYTES // 1024**2} MiB in one request: send fewer events",
                )
            budget.take(len(chunk))
            size += len(chunk)
            chunks.append(chunk)
    except BaseException:
        budget.give_back(size)
        raise
    return b"".join(chunks)
