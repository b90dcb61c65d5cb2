"""The ad event contract: topic `ad_events`, key `impression_id`, one JSON object a record."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """The three event types; `RANK` orders them inside the law."""

    IMPRESSION = "IMPRESSION"
    CLICK = "CLICK"
    CONVERSION = "CONVERSION"


RANK: Final[dict[EventType, int]] = {
    EventType.IMPRESSION: 0,
    EventType.CLICK: 1,
    EventType.CONVERSION: 2,
}

ID_FIELDS: Final = ("event_id", "impression_id", "campaign_id", "creative_id", "user_id")
"""At most 256 UTF-8 bytes, no control character, no lone surrogate."""
STRING_FIELDS: Final = (*ID_FIELDS, "event_type")
"""Present, not null and not a JSON string -> BAD_ID."""
LENIENT_STRING_FIELDS: Final = ("geo_country", "platform")
"""Anything but a string counts as NULL."""
SEGMENT_FIELDS: Final = ("channel", "region")
"""Optional free text: without spaces around it, in small letters; no usable text counts as NULL
(unknown). Never a reason to reject, and no part of an event's content."""
MAX_SEGMENT_BYTES: Final = 256
"""Of a segment in UTF-8; a longer one, or one with a control character, is no usable text."""
REQUIRED_FIELDS: Final = ("event_id", "event_type", "event_timestamp", "impression_id")
REQUIRED_BY_TYPE: Final[dict[EventType, tuple[str, ...]]] = {
    EventType.IMPRESSION: ("campaign_id", "bid_price"),
    EventType.CLICK: (),
    EventType.CONVERSION: ("conversion_value",),
}
MONEY_FIELD: Final[dict[EventType, str | None]] = {
    EventType.IMPRESSION: "bid_price",
    EventType.CLICK: None,
    EventType.CONVERSION: "conversion_value",
}


class RejectReason(StrEnum):
    """Why a delivery never touches Gold; the first failing test in this order names it."""

    MALFORMED_JSON = "MALFORMED_JSON"
    MISSING_KEY = "MISSING_KEY"
    BAD_ID = "BAD_ID"
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    FUTURE_TIMESTAMP = "FUTURE_TIMESTAMP"
    BAD_VALUE = "BAD_VALUE"
    NEGATIVE_VALUE = "NEGATIVE_VALUE"
