"""Reject details: a finer code than the law's reason, stored beside it in Bronze."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from adlake.contracts.events import RejectReason


class RejectDetail(StrEnum):
    """What exactly failed; every detail belongs to one reason (`REASON_OF`).

    Details of one malformed text are tested in the order of this list. NOT_JSON to DUP_KEY are
    properties of the whole text: grammar of the first value, then what follows it, then its
    depth, then its keys. So a text has one detail whatever reads it, and in whatever order.
    """

    NULL_VALUE = "NULL_VALUE"
    TOO_LARGE = "TOO_LARGE"
    EMPTY = "EMPTY"
    """No byte, or only JSON white space."""
    NOT_OBJECT = "NOT_OBJECT"
    """The first character begins another JSON value: an array, a string, a number, a word."""
    BAD_UTF8 = "BAD_UTF8"
    """Begins with a brace, but is not UTF-8."""
    NOT_JSON = "NOT_JSON"
    NON_FINITE = "NON_FINITE"
    """A JSON object but for NaN or Infinity as numbers."""
    TRAILING_DATA = "TRAILING_DATA"
    TOO_DEEP = "TOO_DEEP"
    DUP_KEY = "DUP_KEY"
    MISSING_EVENT_ID = "MISSING_EVENT_ID"
    MISSING_EVENT_TYPE = "MISSING_EVENT_TYPE"
    MISSING_TS = "MISSING_TS"
    MISSING_IMPRESSION_ID = "MISSING_IMPRESSION_ID"
    MISSING_CAMPAIGN_ID = "MISSING_CAMPAIGN_ID"
    MISSING_COST = "MISSING_COST"
    MISSING_CONVERSION_VALUE = "MISSING_CONVERSION_VALUE"
    WRONG_TYPE_ID = "WRONG_TYPE_ID"
    BAD_ID = "BAD_ID"
    BAD_EVENT_TYPE = "BAD_EVENT_TYPE"
    WRONG_TYPE_TS = "WRONG_TYPE_TS"
    BAD_TS = "BAD_TS"
    TS_TOO_OLD = "TS_TOO_OLD"
    TS_FUTURE = "TS_FUTURE"
    WRONG_TYPE = "WRONG_TYPE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NEG_VALUE = "NEG_VALUE"


MISSING_DETAIL: Final[dict[str, RejectDetail]] = {
    "event_id": RejectDetail.MISSING_EVENT_ID,
    "event_type": RejectDetail.MISSING_EVENT_TYPE,
    "event_timestamp": RejectDetail.MISSING_TS,
    "impression_id": RejectDetail.MISSING_IMPRESSION_ID,
    "campaign_id": RejectDetail.MISSING_CAMPAIGN_ID,
    "bid_price": RejectDetail.MISSING_COST,
    "conversion_value": RejectDetail.MISSING_CONVERSION_VALUE,
}
"""Detail of a required field that is absent, null or blank."""

_DETAILS_OF: Final[dict[RejectReason, tuple[RejectDetail, ...]]] = {
    RejectReason.MALFORMED_JSON: (
        RejectDetail.NULL_VALUE,
        RejectDetail.TOO_LARGE,
        RejectDetail.EMPTY,
        RejectDetail.NOT_OBJECT,
        RejectDetail.BAD_UTF8,
        RejectDetail.NOT_JSON,
        RejectDetail.NON_FINITE,
        RejectDetail.TRAILING_DATA,
        RejectDetail.TOO_DEEP,
        RejectDetail.DUP_KEY,
    ),
    RejectReason.MISSING_KEY: tuple(MISSING_DETAIL.values()),
    RejectReason.BAD_ID: (RejectDetail.WRONG_TYPE_ID, RejectDetail.BAD_ID),
    RejectReason.UNKNOWN_EVENT_TYPE: (RejectDetail.BAD_EVENT_TYPE,),
    RejectReason.BAD_TIMESTAMP: (
        RejectDetail.WRONG_TYPE_TS,
        RejectDetail.BAD_TS,
        RejectDetail.TS_TOO_OLD,
    ),
    RejectReason.FUTURE_TIMESTAMP: (RejectDetail.TS_FUTURE,),
    RejectReason.BAD_VALUE: (RejectDetail.WRONG_TYPE, RejectDetail.OUT_OF_RANGE),
    RejectReason.NEGATIVE_VALUE: (RejectDetail.NEG_VALUE,),
}

REASON_OF: Final[dict[RejectDetail, RejectReason]] = {
    detail: reason for reason, details in _DETAILS_OF.items() for detail in details
}
