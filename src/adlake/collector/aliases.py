"""Other spellings that producers may use, written as the contract has them.

Nothing is taken away: a member that was spelt otherwise stays in the payload beside the new one,
and what needs no change is sent on to the byte.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from adlake.business.contract import BusinessType
from adlake.collector.items import member_spans
from adlake.contracts.events import EventType
from adlake.payload.plain.admission import Members, is_missing, member
from adlake.payload.plain.strict_json import JsonValue, Kind

TYPE_NAMES: Final = frozenset((*EventType, *BusinessType))
TIME_ALIASES: Final = ("ts", "timestamp")
"""ISO 8601 with an offset, in place of `event_timestamp`; the first one that is given counts."""
COST_ALIAS: Final = "cost"
"""Of an impression, in place of `bid_price`."""
_ISO: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_YEAR_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)


def as_contract(text: str, members: Members, event_type: str) -> str:
    """An event as the contract spells it; the same `text` where it is spelt so already.

    `text` is strict JSON, `members` are those it has, `event_type` is their `type_name`.
    """
    changed = {"event_type": event_type} if event_type != _string(members, "event_type") else {}
    added = _given_time(members) | _given_price(members, event_type)
    return _rewritten(text, members, changed, added) if changed or added else text


def type_name(value: JsonValue) -> str:
    """Name of an event type in capitals, where it is one; else as it was sent."""
    text = value.text if value.kind is Kind.STRING else ""
    return text.upper() if text.isascii() and text.upper() in TYPE_NAMES else text


def epoch_ms(iso: str) -> int | None:
    """Milliseconds since 1970 of a time in ISO 8601 with an offset, rounded down; None: it is none.

    The offset is wanted: a time of nobody's zone could be any of a day.
    """
    if not _ISO.fullmatch(iso):
        return None
    whole, _, rest = iso.partition(".")
    digits = re.match(r"\d*", rest)
    fraction = digits.group() if digits else ""
    zone = rest[len(fraction) :]
    try:
        moment = datetime.fromisoformat((whole + zone).replace("Z", "+00:00"))
        seconds = (moment - _YEAR_1970) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    return seconds * 1_000 + int((fraction + "000")[:3])


def _given_time(members: Members) -> dict[str, str]:
    if not is_missing(member(members, "event_timestamp")):
        return {}
    given = next(
        (one for name in TIME_ALIASES if not is_missing(one := member(members, name))), None
    )
    if given is None:
        return {}
    # What is no time is handed on as it is: admission calls it BAD_TIMESTAMP in its turn.
    moment = epoch_ms(given.text) if given.kind is Kind.STRING else None
    return {"event_timestamp": _as_json(given) if moment is None else str(moment)}


def _given_price(members: Members, event_type: str) -> dict[str, str]:
    cost = member(members, COST_ALIAS)
    is_wanted = event_type == EventType.IMPRESSION and is_missing(member(members, "bid_price"))
    if not is_wanted or is_missing(cost):
        return {}
    return {"bid_price": _as_json(cost)}


def _as_json(value: JsonValue) -> str:
    """A value that is given; of one that no field wants only that it is wrong."""
    if value.kind is Kind.STRING:
        return json.dumps(value.text)
    return value.text if value.kind is Kind.NUMBER else "true"


def _rewritten(text: str, members: Members, changed: dict[str, str], added: dict[str, str]) -> str:
    """The text with other values and more members; all other characters stay."""
    spans = member_spans(text)
    values = {name: json.dumps(value) for name, value in changed.items()}
    values |= {name: value for name, value in added.items() if name in members}
    for begin, end, value in sorted(((*spans[n], v) for n, v in values.items()), reverse=True):
        text = text[:begin] + value + text[end:]
    last = text.rindex("}")
    more = "".join(f',"{n}":{v}' for n, v in added.items() if n not in members)
    return text[:last] + (more if members else more[1:]) + text[last:]


def _string(members: Members, name: str) -> str:
    value = member(members, name)
    return value.text if value.kind is Kind.STRING else ""
