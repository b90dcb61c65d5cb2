"""Money: exact micros from the text of a JSON number, whatever its length."""

from __future__ import annotations

import re
from typing import Final

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import MONEY_BELOW_MICROS
from adlake.payload.plain.strict_json import JsonValue, Kind

_NUMBER: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_MICRO_DIGITS: Final = 6
_MAX_WHOLE_DIGITS: Final = 12
_DECISIVE_EXPONENT_DIGITS: Final = 8
"""A payload has fewer than 10^7 digits, so an exponent this long alone decides."""


def given_money(value: JsonValue) -> int | RejectDetail:
    """Micros of a member that is given, or what is wrong with it."""
    return micros_of(value.text) if value.kind is Kind.NUMBER else RejectDetail.WRONG_TYPE


def micros_of(number: str) -> int | RejectDetail:
    """Micros (10^-6 units), rounded half up, of a JSON number's text.

    OUT_OF_RANGE unless its absolute value, rounded, is below 10^12; then NEG_VALUE below zero.
    """
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise ValueError(f"{number[:40]!r} is not a JSON number")
    sign, whole, fraction, exponent_sign, exponent = match.groups(default="")
    all_digits = whole + fraction
    digits = all_digits.lstrip("0")
    if not digits:
        return 0
    # The value is 0.DIGITS x 10^point.
    point = len(whole) - (len(all_digits) - len(digits)) + _bounded(exponent_sign, exponent)
    if point > _MAX_WHOLE_DIGITS:
        return RejectDetail.OUT_OF_RANGE
    micros = _rounded_half_up(digits, point + _MICRO_DIGITS)
    if micros >= MONEY_BELOW_MICROS:
        return RejectDetail.OUT_OF_RANGE
    return RejectDetail.NEG_VALUE if sign else micros


def _bounded(sign: str, exponent: str) -> int:
    significant = exponent.lstrip("0")
    if len(significant) > _DECISIVE_EXPONENT_DIGITS:
        significant = "1" + "0" * _DECISIVE_EXPONENT_DIGITS
    size = int(significant or "0")
    return -size if sign == "-" else size


def _rounded_half_up(digits: str, kept: int) -> int:
    """0.DIGITS x 10^kept, rounded; `kept` is at most 18."""
    if kept < 0:
        return 0
    rounds_up = digits[kept : kept + 1] >= "5"
    return int(digits[:kept].ljust(kept, "0") or "0") + rounds_up
