"""State of one impression and its merge: the part of the law that makes order irrelevant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from adlake.attribution.law.admission import Admitted

ContentKey = tuple[
    int, int, int,
    tuple[bool, str], tuple[bool, str], tuple[bool, str], tuple[bool, str], tuple[bool, str],
]  # fmt: skip
"""K as a comparable tuple: left to right, NULL before any string, strings by UTF-8 bytes."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the state keeps it: its content, and what its deliveries say beside it.

    Times are epoch milliseconds, `micros` is money (10^-6 units, 0 for a click), `type_rank` is
    0 impression, 1 click, 2 conversion. Strings are valid Unicode without lone surrogates.
    `channel` and `region` are the smallest that a delivery with this content names, None where none
    does: they are no part of the content, and decide nothing.
    """

    event_id: str
    ts_ms: int
    type_rank: int
    micros: int
    campaign_id: str | None
    creative_id: str | None
    user_id: str | None
    geo_country: str | None
    platform: str | None
    first_ingest_ms: int
    channel: str | None = None
    region: str | None = None

    @property
    def content_key(self) -> ContentKey:
        """The content tuple K; event id, ingest time and segments are not part of it."""
        return (
            self.ts_ms,
            self.type_rank,
            self.micros,
            _null_first(self.campaign_id),
            _null_first(self.creative_id),
            _null_first(self.user_id),
            _null_first(self.geo_country),
            _null_first(self.platform),
        )

    @property
    def arrived_after_ms(self) -> int:
        """Milliseconds from happening to first ingest; an early arrival counts as 0."""
        return max(0, self.first_ingest_ms - self.ts_ms)


State = tuple[Event, ...]
"""The map event_id -> (K, first ingest, channel, region), as events sorted by event_id."""

EMPTY_STATE: Final[State] = ()
"""Identity of `merge`."""


@dataclass(frozen=True, slots=True)
class AdmittedDelivery:
    """One Kafka record that passed admission, with its position in the log.

    `event.first_ingest_ms` is the ingest time of this very delivery.
    """

    impression_id: str
    event: Event
    topic: str
    partition: int
    offset: int

    @property
    def ingest_ms(self) -> int:
        """Kafka record timestamp, epoch milliseconds."""
        return self.event.first_ingest_ms


def delivery_of(
    admitted: Admitted, ingest_ms: int, topic: str, partition: int, offset: int
) -> AdmittedDelivery:
    """An admitted event together with its Kafka time (epoch ms) and position."""
    event = Event(
        event_id=admitted.event_id,
        ts_ms=admitted.ts_ms,
        type_rank=admitted.type_rank,
        micros=admitted.micros,
        campaign_id=admitted.campaign_id,
        creative_id=admitted.creative_id,
        user_id=admitted.user_id,
        geo_country=admitted.geo_country,
        platform=admitted.platform,
        first_ingest_ms=ingest_ms,
        channel=admitted.channel,
        region=admitted.region,
    )
    return AdmittedDelivery(admitted.impression_id, event, topic, partition, offset)


def merge(left: State, right: State) -> State:
    """Union by event_id in which the smaller content wins; of equal content the smallest of all.

    That is the first ingest, the smallest channel and the smallest region, each for itself.

    Commutative, associative and idempotent, so a state depends only on the set of deliveries.
    """
    return _fold((*left, *right))


def state_of(deliveries: Iterable[AdmittedDelivery]) -> State:
    """State of one impression after these deliveries, in whatever order they come.

    Raises:
        ValueError: the deliveries belong to more than one impression.
    """
    states = states_of(deliveries)
    if len(states) > 1:
        raise ValueError(
            f"deliveries of {len(states)} impressions ({', '.join(sorted(states)[:3])}, ...): "
            "group them with states_of"
        )
    return next(iter(states.values()), EMPTY_STATE)


def states_of(deliveries: Iterable[AdmittedDelivery]) -> dict[str, State]:
    """State per impression_id."""
    events_of: dict[str, list[Event]] = {}
    for delivery in deliveries:
        events_of.setdefault(delivery.impression_id, []).append(delivery.event)
    # One fold for all events of an impression: merging them one by one would sort for each of them.
    return {impression_id: _fold(events) for impression_id, events in events_of.items()}


def encode_state(state: State) -> str:
    r"""The `events_state` text of a state, byte for byte what Spark's `to_json` writes.

    A JSON array of flat objects sorted by `e`, members in the order e, t, r, m, c, cr, u, g, p, i,
    ch, rg, NULL members left out, no spaces. Checked against Spark 4.1 over every character below
    U+0300 and beyond: only `"`, `\` and U+0000-U+001F are escaped, the latter as
    `\b \t \n \f \r` or `\u00XX` with UPPER-case hex digits. `/`, DEL, U+2028 and all other
    non-ASCII stay as they are.
    """
    return "[" + ",".join(_encode_event(event) for event in state) + "]"


def decode_state(text: str) -> State:
    """State of an `events_state` text, the inverse of `encode_state`.

    Raises:
        ValueError: not a JSON array of events, or not sorted by `e` without repeats.
    """
    members = json.loads(text) if text.startswith("[") else None
    if not isinstance(members, list):
        raise ValueError(f"events_state must be a JSON array of events, not {text[:80]!r}")
    state = tuple(_decode_event(member) for member in members)
    event_ids = [event.event_id for event in state]
    if event_ids != sorted(set(event_ids)):
        raise ValueError(f"events_state must be sorted by e without repeats, not {event_ids}")
    return state


def _fold(events: Iterable[Event]) -> State:
    winners: dict[str, Event] = {}
    for event in events:
        known = winners.get(event.event_id)
        winners[event.event_id] = event if known is None else _winner(known, event)
    return tuple(sorted(winners.values(), key=_by_event_id))


def _winner(known: Event, other: Event) -> Event:
    known_key, other_key = known.content_key, other.content_key
    if known_key != other_key:
        return known if known_key < other_key else other
    return replace(
        known,
        first_ingest_ms=min(known.first_ingest_ms, other.first_ingest_ms),
        channel=_smallest(known.channel, other.channel),
        region=_smallest(known.region, other.region),
    )


def _smallest(*texts: str | None) -> str | None:
    return min((text for text in texts if text is not None), default=None)


def _null_first(text: str | None) -> tuple[bool, str]:
    # Python compares strings by code point, which is the order of their UTF-8 bytes.
    return (text is not None, text or "")


def _by_event_id(event: Event) -> str:
    return event.event_id


_FIELD_OF_MEMBER: Final = {
    "e": "event_id",
    "t": "ts_ms",
    "r": "type_rank",
    "m": "micros",
    "c": "campaign_id",
    "cr": "creative_id",
    "u": "user_id",
    "g": "geo_country",
    "p": "platform",
    "i": "first_ingest_ms",
    "ch": "channel",
    "rg": "region",
}
_OPTIONAL_MEMBERS: Final = frozenset({"c", "cr", "u", "g", "p", "ch", "rg"})
_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in range(0x20)},
    **{ord(char): f"\\{letter}" for char, letter in zip("\b\t\n\f\r", "btnfr", strict=True)},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


def _encode_event(event: Event) -> str:
    members = ((name, getattr(event, field)) for name, field in _FIELD_OF_MEMBER.items())
    written = (f'"{name}":{_encode_value(value)}' for name, value in members if value is not None)
    return "{" + ",".join(written) + "}"


def _encode_value(value: str | int) -> str:
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else str(value)


def _decode_event(member: object) -> Event:
    required = _FIELD_OF_MEMBER.keys() - _OPTIONAL_MEMBERS
    if not isinstance(member, dict) or not required <= member.keys() <= _FIELD_OF_MEMBER.keys():
        raise ValueError(
            f"an event of events_state needs {sorted(required)} and may have "
            f"{sorted(_OPTIONAL_MEMBERS)}, not {member!r}"
        )
    fields: dict[str, Any] = {field: member.get(name) for name, field in _FIELD_OF_MEMBER.items()}
    return Event(**fields)
