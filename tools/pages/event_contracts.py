"""docs/send-events.md: the fields of each event type and their limits, from the contracts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from adlake.business import contract as business
from adlake.business.contract import TYPES, BusinessType
from adlake.collector.files import MAX_RECORD_BYTES, MAX_WHOLE_BYTES
from adlake.collector.items import MAX_ITEMS
from adlake.contracts.events import (
    ID_FIELDS,
    LENIENT_STRING_FIELDS,
    MAX_SEGMENT_BYTES,
    MONEY_FIELD,
    REQUIRED_BY_TYPE,
    REQUIRED_FIELDS,
    SEGMENT_FIELDS,
    EventType,
)
from adlake.contracts.law import (
    LAW_V1,
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MAX_NESTING_DEPTH,
    MAX_PAYLOAD_BYTES,
    MICROS_PER_UNIT,
    MIN_EVENT_MS,
    MONEY_BELOW_MICROS,
    SECONDS_BELOW,
)
from tools.pages.markdown import as_table
from tools.pages.moments import span

NEEDED, MAY_HAVE, IGNORED = "required", "optional", "ignored"
_AD_FIELDS: Final = (
    "event_id", "event_type", "event_timestamp", "impression_id", "campaign_id", "bid_price",
    "conversion_value", "creative_id", "user_id", *LENIENT_STRING_FIELDS, *SEGMENT_FIELDS,
)  # fmt: skip
_MEANING: Final = {
    "event_id": "yours, unique within the impression; the same id again is the same event",
    "event_type": f"{', '.join(EventType)}, letter by letter",
    "event_timestamp": "when it happened: whole seconds or milliseconds since 1970",
    "impression_id": "which impression it belongs to",
    "campaign_id": "who pays",
    "bid_price": "what the impression cost, in units of your currency",
    "conversion_value": "what the conversion is worth, in the same currency",
    "creative_id": "which ad was shown",
    "user_id": "who saw it; stored as it was sent, so send a pseudonym",
    "geo_country": "text, such as `DE`; anything else counts as not given",
    "platform": "text, such as `ios`; anything else counts as not given",
    "channel": "text; spaces around it cut off, in small letters",
    "region": "text; spaces around it cut off, in small letters",
}


def parts() -> dict[str, str]:
    """Each generated part of the page by its name."""
    return {
        "ad event fields": ad_fields(),
        "business event fields": business_fields(),
        "limits": limits(),
    }


def ad_fields() -> str:
    """Fields of the three ad event types: a row each."""
    types = tuple(EventType)
    return as_table(("field", "type", *types, "meaning"), (
        (f"`{name}`", _json_type(name), *(_need(one, name) for one in types), _MEANING[name])
        for name in _AD_FIELDS
    ))  # fmt: skip


def _need(event_type: EventType, name: str) -> str:
    if name in (*REQUIRED_FIELDS, *REQUIRED_BY_TYPE[event_type]):
        return NEEDED
    is_other_money = name in MONEY_FIELD.values() and name != MONEY_FIELD[event_type]
    return IGNORED if is_other_money else MAY_HAVE


def _json_type(name: str) -> str:
    if name in ("bid_price", "conversion_value"):
        return "number"
    return "integer" if name == "event_timestamp" else "id" if name in ID_FIELDS else "text"


def business_fields() -> str:
    """Fields of the business event types: a row each."""
    return as_table(("type", "Kafka key", "required", "optional", "counts once per"), (
        (
            event_type, f"`{contract.key}`",
            ", ".join(_business_field(event_type, name) for name in contract.required),
            _names(contract.optional) or "-", _names(contract.once_per),
        )
        for event_type, contract in TYPES.items()
    ))  # fmt: skip


def _business_field(event_type: BusinessType, name: str) -> str:
    contract = TYPES[event_type]
    if name in contract.value_sets:
        return f"`{name}` ({_names(contract.value_sets[name])})"
    if name == contract.money:
        is_positive = event_type is business.POSITIVE_MONEY_TYPE
        return f"`{name}` (money{' above 0' if is_positive else ''})"
    return f"`{name}`"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def limits() -> str:
    """What an event, a request and a file may have at most."""
    first, beyond = (
        datetime.fromtimestamp(ms / 1_000, UTC) for ms in (MIN_EVENT_MS, MAX_EVENT_MS_EXCLUSIVE)
    )
    rows = (
        ("one event", f"{MAX_PAYLOAD_BYTES:,} bytes, {MAX_NESTING_DEPTH:,} levels of objects"),
        ("an id", f"{MAX_ID_BYTES} bytes of UTF-8, no control character"),
        ("`channel`, `region`", f"{MAX_SEGMENT_BYTES} bytes; a longer one counts as not given"),
        ("money", f"a JSON number from 0 to below {MONEY_BELOW_MICROS // MICROS_PER_UNIT:,}; "
         f"kept to {len(str(MICROS_PER_UNIT)) - 1} decimals, half up"),
        ("`event_timestamp`", f"below {SECONDS_BELOW:,} it is seconds, from there milliseconds; "
         f"{first:%Y-%m-%d} to the year {beyond:%Y}"),
        ("ahead of the arrival", span(LAW_V1.future_tolerance_ms)),
        ("behind the arrival", "any; later than "
         f"{span(LAW_V1.late_tolerance_ms)} is marked as late, and counts"),
        ("one request of the API", f"{MAX_ITEMS:,} events"),
        ("a line of a file", f"{MAX_RECORD_BYTES:,} bytes"),
        ("a `.json` file in a folder", f"{MAX_WHOLE_BYTES // 1024**2} MiB"),
    )  # fmt: skip
    return as_table(("what", "limit"), rows)
