"""Numbers as people read them. Rounding happens here and nowhere before."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

Number = Decimal | int | float
UNKNOWN: Final = "-"
_LARGE: Final = ((10**9, "B"), (10**6, "M"))
_BYTE_STEP: Final = 1_024
_BYTE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


def count(value: Number | None) -> str:
    """12,345 or 1.23 M."""
    if value is None:
        return UNKNOWN
    for step, unit in _LARGE:
        if abs(Decimal(value)) >= step:
            return f"{Decimal(value) / step:,.2f} {unit}"
    return f"{value:,.0f}"


def money(value: Number | None) -> str:
    """12,345.67 or 1.23 M, in the currency of the bids."""
    if value is None:
        return UNKNOWN
    return count(value) if abs(Decimal(value)) >= _LARGE[-1][0] else f"{value:,.2f}"


def percent(value: Number | None) -> str:
    """0.0512 as 5.12 %."""
    return UNKNOWN if value is None else f"{Decimal(value) * 100:,.2f} %"


def ratio(value: Number | None) -> str:
    """2.345 as 2.35x."""
    return UNKNOWN if value is None else f"{value:,.2f}x"


def rate(value: Number | None) -> str:
    """Events per second."""
    return UNKNOWN if value is None else f"{value:,.0f} /s"


def duration(seconds: Number | None) -> str:
    """0.4 s, 12.3 s, 4 min 05 s, 3 h 07 min, 2 d 04 h."""
    if seconds is None:
        return UNKNOWN
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{seconds:.1f} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR:02d} h"


def byte_size(value: int | None) -> str:
    """12.3 MiB."""
    if value is None:
        return UNKNOWN
    size, position = Decimal(value), 0
    while size >= _BYTE_STEP and position < len(_BYTE_UNITS) - 1:
        size, position = size / _BYTE_STEP, position + 1
    return f"{size:,.1f} {_BYTE_UNITS[position]}" if position else f"{value} B"


def clock(moment: datetime | None) -> str:
    """2026-11-01 12:00:00 UTC."""
    return UNKNOWN if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def minute(moment: datetime) -> str:
    """1 Nov 12:00."""
    return f"{moment.astimezone(UTC):%-d %b %H:%M}"
