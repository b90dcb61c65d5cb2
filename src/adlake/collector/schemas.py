"""The event contracts as JSON Schema (draft 2020-12), for producers and their tools.

A schema says what can be said about one event by itself in that language. What it cannot say is
decided by admission alone: equal keys, ids in bytes, times ahead of the clock.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from adlake.business import contract as business
from adlake.business.contract import TYPES, BusinessType
from adlake.contracts.events import ID_FIELDS as AD_ID_FIELDS
from adlake.contracts.events import LENIENT_STRING_FIELDS as AD_STRING_FIELDS
from adlake.contracts.events import MONEY_FIELD, REQUIRED_BY_TYPE, REQUIRED_FIELDS, EventType
from adlake.contracts.law import (
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MIN_EVENT_MS,
    MS_PER_SECOND,
    SECONDS_BELOW,
)

Schema = dict[str, Any]
VERSION: Final = 1
"""Of all contracts, as long as none has changed."""
EVENT_TYPES: Final = (*EventType, *BusinessType)
_NOT_BLANK: Final = r"[^ ]"
_TIME: Final[Schema] = {
    "type": "integer",
    "anyOf": [
        {"minimum": MIN_EVENT_MS // MS_PER_SECOND, "exclusiveMaximum": SECONDS_BELOW},
        {"minimum": MIN_EVENT_MS, "exclusiveMaximum": MAX_EVENT_MS_EXCLUSIVE},
    ],
    "description": "epoch seconds below 10^11, else milliseconds; 2015 at the earliest",
}
_MONEY: Final[Schema] = {
    "type": "number",
    "minimum": 0,
    "maximum": 10**12,
    "description": "kept to six decimals, half up, and then below 10^12",
}
_LEAST_MONEY: Final = 0.000_000_5
"""Half of a micro, which is rounded up."""
_NOT_GIVEN: Final[Schema] = {"type": ["null", "string"], "pattern": "^ *$"}
_FREE_TEXT: Final[Schema] = {"description": "text; anything else counts as not given"}


def schema_of(event_type: str, version: int = VERSION) -> Schema | None:
    """Schema of one type; None: there is no such type, or no such version of it."""
    if version != VERSION:
        return None
    if event_type in set(EventType):
        return _ad_schema(EventType(event_type))
    if event_type in set(BusinessType):
        return _business_schema(BusinessType(event_type))
    return None


def _ad_schema(event_type: EventType) -> Schema:
    money = MONEY_FIELD[event_type]
    required = (*REQUIRED_FIELDS, *REQUIRED_BY_TYPE[event_type])
    fields: Schema = {name: _id(name in required) for name in AD_ID_FIELDS}
    fields |= dict.fromkeys((*AD_STRING_FIELDS, "channel", "region"), _FREE_TEXT)
    fields |= {money: _MONEY} if money else {}
    return _schema(event_type, fields, required)


def _business_schema(event_type: BusinessType) -> Schema:
    contract = TYPES[event_type]
    required = [*business.HEADER_FIELDS, *contract.required]
    if event_type is BusinessType.AD_CLICK:
        required.remove("event_id")  # the click's id stands for it
    if event_type in business.ADVERTISER_TYPES:
        required.remove("advertiser_id")  # the advertiser's name stands for it
    fields = {
        name: _business_field(event_type, name, name in required)
        for name in ("event_id", *contract.required, *contract.optional)
    }
    schema = _schema(event_type, fields, required)
    if "advertiser_id" in fields and "advertiser_id" not in required:
        schema["anyOf"] = [
            {"required": [name], "properties": {name: _id(is_required=True)}}
            for name in ("advertiser_id", "advertiser")
        ]
    return schema


def _business_field(event_type: BusinessType, name: str, is_required: bool) -> Schema:
    contract = TYPES[event_type]
    if name in contract.value_sets:
        values: Schema = {"enum": list(contract.value_sets[name])}
        return values if is_required else {"anyOf": [values, _NOT_GIVEN]}
    if name == contract.money:
        is_positive = event_type is business.POSITIVE_MONEY_TYPE
        return _MONEY | ({"minimum": _LEAST_MONEY} if is_positive else {})
    if name in business.FLIGHT_FIELDS:
        return {"anyOf": [_TIME, _NOT_GIVEN]}
    return _id(is_required) if name in business.ID_FIELDS else dict(_FREE_TEXT)


def _id(is_required: bool) -> Schema:
    """A text; one that has to be there is not blank."""
    text: Schema = {"type": "string", "maxLength": MAX_ID_BYTES, "pattern": _NOT_BLANK}
    return text if is_required else {"type": ["string", "null"], "maxLength": MAX_ID_BYTES}


def _schema(event_type: str, fields: Schema, required: list[str] | tuple[str, ...]) -> Schema:
    of_type = {"event_type": {"const": event_type}, "event_timestamp": _TIME}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"adlake:{event_type}:{VERSION}",
        "title": event_type,
        "type": "object",
        "properties": of_type | fields,
        "required": list(required),
    }


def schema_files() -> dict[str, str]:
    """Path below the folder `contracts` -> what the file there has to say."""
    return {
        f"v{VERSION}/{name}.json": json.dumps(schema_of(name), indent=2) + "\n"
        for name in EVENT_TYPES
    }


def stale_files(folder: Path) -> list[str]:
    """Paths of files that are missing, say something else or have no type."""
    wanted = schema_files()
    found = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.glob(f"v{VERSION}/*.json")
    }
    return sorted(one for one in {*wanted, *found} if wanted.get(one) != found.get(one))
