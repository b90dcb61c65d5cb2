"""Where every event goes that is published unjudged: its topic, key and bytes, good or bad.

What the lake will reject is published too, so that Bronze keeps it with the reason. The good ones
lie where `judging` puts them.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from adlake.business.contract import ADVERTISER_TYPES, TYPES
from adlake.collector.aliases import as_contract, type_name
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import EventType
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.payload.plain.admission import (
    Members,
    held_text,
    is_missing,
    is_unfit_id,
    member,
    members_of,
)

KEY_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    **{str(one): ("impression_id",) for one in EventType},
    **{str(one): (contract.key,) for one, contract in TYPES.items()},
    **{str(one): ("advertiser_id", "advertiser") for one in ADVERTISER_TYPES},
}
"""Event type -> where its Kafka key is looked for; the first field that is given counts."""


@dataclass(frozen=True)
class Placed:
    """One record to publish."""

    topic: str
    """Its name in the project."""
    key: bytes | None
    """None: the event has no id that could be one."""
    value: bytes


def placed(item: bytes, topics: Container[str] = (AD_TOPIC, BUSINESS_TOPIC)) -> Placed:
    """Place one event as it was sent.

    What is no event, or of a type that nobody knows, is business: the pipeline of that topic gives
    it the reason that `POST /events` answers.

    Args:
        item: its bytes, whatever they are.
        topics: those that are read here; a topic that is switched off leaves its events to ad
            events, whose pipeline rejects them by name.
    """
    members = members_of(item)
    if isinstance(members, RejectDetail):
        return Placed(_read_topic(BUSINESS_TOPIC, topics), None, item)
    event_type = type_name(member(members, "event_type"))
    topic = AD_TOPIC if event_type in set(EventType) else BUSINESS_TOPIC
    text = item.decode()  # strict JSON is UTF-8
    spelt = as_contract(text, members, event_type)
    value = item if spelt is text else spelt.encode()
    return Placed(_read_topic(topic, topics), _key(members, event_type), value)


def _read_topic(wanted: str, topics: Container[str]) -> str:
    return wanted if wanted in topics else AD_TOPIC


def _key(members: Members, event_type: str) -> bytes | None:
    given = (member(members, name) for name in KEY_FIELDS.get(event_type, ()))
    value = next((one for one in given if not is_missing(one)), None)
    text = None if value is None or is_unfit_id(value) else held_text(value)
    return None if text is None else text.encode()
