"""Records as they are published, in plain Python: the reference form.

`published/payloads.py` says the same in Spark and shares only the contract with this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from adlake.published.contract import RATE_DIGITS, RATES, Form, Publication

Row = Mapping[str, Any]
"""Column -> value; times are aware."""


def payload_of(publication: Publication, row: Row) -> bytes:
    """Canonical JSON of a row: keys sorted, no blanks, UTF-8, no clock."""
    members = (f'"{name}":{_told(form, name, row)}' for name, form in publication.members.items())
    return f"{{{','.join(members)}}}".encode()


def sha256_of(payload: bytes) -> str:
    """What the log keeps of a payload."""
    return hashlib.sha256(payload).hexdigest()


def _told(form: Form, name: str, row: Row) -> str:
    value = row[name]
    if form is Form.RATE:
        return _rate(*(row[one] for one in RATES[name]))
    return "null" if value is None else _TEXTS[form](value)


def _rate(part: int, whole: int) -> str:
    """Half up, by whole numbers."""
    unit = 10**RATE_DIGITS
    scaled = (2 * unit * part + whole) // (2 * whole) if whole else 0
    return f"{scaled // unit}.{scaled % unit:0{RATE_DIGITS}d}"


def _time(value: datetime) -> str:
    told = value.astimezone(UTC)
    return f'"{told.year:04d}-{told:%m-%dT%H:%M:%S}.{told.microsecond // 1_000:03d}Z"'


def _money(value: Decimal) -> str:
    return f'"{value:.6f}"'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_TEXTS: Final[Mapping[Form, Callable[[Any], str]]] = {
    Form.TEXT: _json, Form.TEXTS: _json, Form.WHOLE: _json, Form.TRUTH: _json,
    Form.MONEY: _money, Form.TIME: _time,
}  # fmt: skip
