"""Spans of time that a request names, in whole windows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import HTTPException, status
from pydantic import AwareDatetime, BeforeValidator

from adlake.contracts.windows import WINDOW_MS

WINDOW: Final = timedelta(milliseconds=WINDOW_MS)
_UNITS: Final = {"total": WINDOW, "hour": timedelta(hours=1), "day": timedelta(days=1)}
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_SPAN: Final = timedelta(days=1)


def _iso_text(given: object) -> object:
    """Refuse a bare number, which the validator behind would take for seconds."""
    if isinstance(given, str) and not _ISO.match(given):
        raise ValueError("must be ISO 8601 with an offset, such as 2026-03-02T10:00:00Z")
    return given


_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
IsoTime = Annotated[AwareDatetime, BeforeValidator(_iso_text)]
"""A time of a request: ISO 8601 with an offset."""


def bad_parameter(name: str, sentence: str, where: str = "query") -> HTTPException:
    """422 in the shape in which other bad parameters are answered."""
    found = {"type": "value_error", "loc": [where, name], "msg": sentence, "input": None}
    return HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, [found])


def rounded_down(moment: datetime, unit: timedelta = WINDOW) -> datetime:
    """The beginning of the window, hour or day (UTC) that a time lies in."""
    return moment - (moment - _BEGIN) % unit


def span_of(
    begin: datetime | None, end: datetime | None, bucket: str, now: datetime
) -> tuple[datetime, datetime]:
    """The span [from, to) of a request; by default the last 24 hours with what is going on now.

    Raises:
        HTTPException: 422; it is no span, or not one of whole windows, hours or days.
    """
    unit = _UNITS[bucket]
    until = in_utc("to", end) if end else rounded_down(now, unit) + unit
    try:
        since = in_utc("from", begin) if begin else until - DEFAULT_SPAN
    except OverflowError:
        raise bad_parameter("to", "is too early") from None
    for name, moment in (("to", until), ("from", since)):
        if rounded_down(moment, unit) != moment:
            words = {"total": "five minutes", "hour": "hours", "day": "days"}[bucket]
            raise bad_parameter(name, f"must be whole {words} of UTC")
    if since >= until:
        raise bad_parameter("from", "must be before to")
    return since, until


def bounds(begin: datetime | None, end: datetime | None) -> dict[str, str | None]:
    """Parameters `since` and `until` of a metric file, for the span [from, to) of a request.

    Raises:
        HTTPException: 422; it is no span.
    """
    since = in_utc("from", begin) if begin else None
    until = in_utc("to", end) if end else None
    if since is not None and until is not None and since >= until:
        raise bad_parameter("from", "must be before to")
    return {
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
    }


def in_utc(name: str, moment: datetime) -> datetime:
    """A time of a request in UTC.

    Raises:
        HTTPException: 422; in UTC it lies outside of the calendar.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise bad_parameter(name, "lies outside of the calendar") from None
