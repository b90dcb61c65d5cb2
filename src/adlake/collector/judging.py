"""What becomes of one event that somebody sent: its topic, key and bytes, or why it is refused."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adlake.attribution.law.admission import Rejected
from adlake.attribution.law.admission import admit_members as admit_ad
from adlake.business.contract import TYPES, BusinessType
from adlake.business.rules import admit_members as admit_business
from adlake.collector.aliases import as_contract, type_name
from adlake.collector.placing import Placed
from adlake.contracts.details import REASON_OF, RejectDetail
from adlake.contracts.events import EventType, RejectReason
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.payload.plain.admission import Members, held_text, member, members_of

if TYPE_CHECKING:
    from adlake.io.kafka.producer import Record


@dataclass(frozen=True)
class Accepted:
    """An event as it is published; the stream admits it, as far as the topic keeps its time."""

    event_id: str
    event_type: str
    topic: str
    """Its name in the project."""
    key: bytes
    value: bytes


@dataclass(frozen=True)
class Refused:
    """An event that is not published, by the reason that the lake would give it."""

    event_id: str | None
    """As far as it can be read."""
    reason: str
    detail: str


def records_of(
    accepted: Iterable[Accepted | Placed], topics: Mapping[str, str], now_ms: int
) -> list[tuple[str, Record]]:
    """What is published of them: topic at the broker (`topics`: by its name here), and record."""
    return [(topics[one.topic], (one.key, one.value, now_ms)) for one in accepted]


TOPICS: Final = (AD_TOPIC, BUSINESS_TOPIC)
_AD_TYPES: Final = frozenset(EventType)
SWITCHED_OFF: Final = "TOPIC_SWITCHED_OFF"
"""Detail of an event whose topic the settings switch off."""


def judged(item: str, now_ms: int, topics: Container[str] = TOPICS) -> Accepted | Refused:
    """Judge one event as it was sent.

    Args:
        item: its JSON text.
        now_ms: the time that its record will have.
        topics: those that are read here, by their names in the project.
    """
    verdict = _judged(item, now_ms)
    if isinstance(verdict, Accepted) and verdict.topic not in topics:
        return Refused(verdict.event_id, RejectReason.UNKNOWN_EVENT_TYPE, SWITCHED_OFF)
    return verdict


def _judged(item: str, now_ms: int) -> Accepted | Refused:
    members = members_of(item.encode())
    if isinstance(members, RejectDetail):
        return Refused(None, REASON_OF[members], members)
    event_type = type_name(member(members, "event_type"))
    text = as_contract(item, members, event_type)
    read = members if text is item else members_of(text.encode())
    if isinstance(read, RejectDetail):
        return Refused(held_text(member(members, "event_id")), REASON_OF[read], read)
    if event_type in _AD_TYPES:
        return _ad_event(read, text.encode(), event_type, now_ms)
    return _business_event(read, text.encode(), event_type, now_ms)


def _ad_event(members: Members, value: bytes, event_type: str, now_ms: int) -> Accepted | Refused:
    verdict = admit_ad(members, now_ms)
    if isinstance(verdict, Rejected):
        return Refused(verdict.header.event_id, verdict.reason, verdict.detail)
    key = verdict.impression_id.encode()
    return Accepted(verdict.event_id, event_type, AD_TOPIC, key, value)


def _business_event(
    members: Members, value: bytes, event_type: str, now_ms: int
) -> Accepted | Refused:
    """Also what has no type, or one that nobody knows."""
    verdict = admit_business(members, None, now_ms)
    if verdict.reason is not None:
        event_id = held_text(member(members, "event_id"))
        return Refused(event_id, verdict.reason, str(verdict.detail))
    fields = verdict.fields
    key = getattr(fields, TYPES[BusinessType(event_type)].key).encode()
    return Accepted(str(fields.event_id), event_type, BUSINESS_TOPIC, key, value)
