"""Events as JSON bytes, put together from precomputed fragments (about 1 us per event)."""

from __future__ import annotations

import json
from typing import Final

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.contracts.slot import MS_PER_DAY
from adlake.generator.damage import Fields, damaged_payload, object_of
from adlake.generator.journey import (
    CLICK,
    CONVERSION,
    Delivery,
    Event,
    Scene,
    civil_date,
)
from adlake.generator.model import (
    BOTS,
    CHANNELS,
    CREATIVES,
    PLACEMENTS,
    PLACES,
    PLATFORMS,
    USERS,
    campaign_id,
    campaign_of,
    creative_id,
    user_id,
)

TYPE_NAMES: Final = (b'"IMPRESSION"', b'"CLICK"', b'"CONVERSION"')
IMPRESSION_TEMPLATE: Final = (
    b'{"event_id":"i%b%x","event_type":"IMPRESSION","event_timestamp":%d,"impression_id":"%b",'
    b'%b,"user_id":"%b",%b,%b,"bid_price":%d.%06d,%b}'
)
"""Takes tag, sequence, timestamp, impression id, head, user, place, platform, bid, tail."""


def channel_of(creative: int) -> str:
    """Channel a creative runs in (one per campaign)."""
    return CHANNELS[campaign_of(creative) % len(CHANNELS)]


def _raw(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _members(fields: Fields) -> bytes:
    return object_of(fields)[1:-1]


def _creative_fields(creative: int) -> Fields:
    return {
        b"campaign_id": _raw(campaign_id(campaign_of(creative))),
        b"creative_id": _raw(creative_id(creative)),
    }


def _closing_fields(creative: int) -> Fields:
    pixels = {
        "pixel_id": f"px-{campaign_of(creative) + 1:04d}",
        "placement": PLACEMENTS[creative % len(PLACEMENTS)],
        "viewable": creative % 5 != 0,
    }
    return {b"channel": _raw(channel_of(creative)), b"meta_pixels": _raw(pixels)}


def _place_fields(place: int) -> Fields:
    country, region, _ = PLACES[place]
    fields = {b"geo_country": _raw(country)}
    return fields | {b"region": _raw(region)} if region else fields


class Encoder:
    """Kafka keys and values of one run (`tag`: 6 hex digits of its identity).

    The lists of bytes are JSON members by index: `heads` and `tails` by creative, and so on.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag.encode()
        creatives = range(CREATIVES)
        self._creative_fields = [_creative_fields(creative) for creative in creatives]
        self._closing_fields = [_closing_fields(creative) for creative in creatives]
        self._place_fields = [_place_fields(place) for place in range(len(PLACES))]
        self.heads = [_members(fields) for fields in self._creative_fields]
        self.tails = [_members(fields) for fields in self._closing_fields]
        self.places = [_members(fields) for fields in self._place_fields]
        self.users = [user_id(user).encode() for user in range(USERS + BOTS)]
        self.platforms = [_members({b"platform": _raw(name)}) for name, _ in PLATFORMS]
        self._dates: dict[int, bytes] = {}

    def date(self, day: int) -> bytes:
        """`yyyymmdd` of a number of days since 1970-01-01."""
        if day not in self._dates:
            self._dates[day] = civil_date(day).encode()
        return self._dates[day]

    def impression_id(self, ts_ms: int, sequence: int) -> bytes:
        """`imp-<yyyymmdd>-<7 hex: ms of the day><5 hex: sequence><6 hex: run tag>`."""
        day, ms_of_day = divmod(ts_ms, MS_PER_DAY)
        return b"imp-%b-%07x%05x%b" % (self.date(day), ms_of_day, sequence & 0xFFFFF, self.tag)

    def event_id(self, name: str, sequence: int) -> bytes:
        """Kind, run tag, impression sequence, ordinal within the journey."""
        return b"%b%b%x%b" % (name[:1].encode(), self.tag, sequence, name[1:].encode())

    def record(self, scene: Scene, delivery: Delivery) -> tuple[bytes | None, bytes | None]:
        """Kafka key and value of any delivery of a journey."""
        key = self.impression_id(scene.impression_ms, scene.sequence)
        fields = self._fields(scene, delivery.event, key)
        if not delivery.damage:
            return key, object_of(fields)
        value = damaged_payload(delivery.damage, delivery.event.rank, fields)
        return (None if "impression_id" in delivery.damage else key), value

    def _fields(self, scene: Scene, event: Event, impression_id: bytes) -> Fields:
        timestamp = event.ts_ms // 1_000 if event.in_seconds else event.ts_ms
        fields: Fields = {
            b"event_id": b'"%b"' % self.event_id(event.name, scene.sequence),
            b"event_type": TYPE_NAMES[event.rank],
            b"event_timestamp": b"%d" % timestamp,
            b"impression_id": b'"%b"' % impression_id,
            **self._creative_fields[event.creative],
            b"user_id": b'"%b"' % self.users[event.user],
            **self._place_fields[scene.place],
            b"platform": _raw(PLATFORMS[scene.platform][0]),
        }
        if event.rank != CLICK:
            money = b"%d.%06d" % divmod(event.micros, MICROS_PER_UNIT)
            fields[b"conversion_value" if event.rank == CONVERSION else b"bid_price"] = money
        fields |= self._closing_fields[event.creative]
        return fields
