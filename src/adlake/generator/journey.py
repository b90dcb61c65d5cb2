"""One impression's life: what happens, and which deliveries carry it to the topic.

A journey is a pure function of (run key, impression sequence, virtual birth time), so the
checkpoint stores only those numbers and every delivery can be made again, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adlake.contracts.slot import days_from_civil
from adlake.generator.draws import U16, Draws, Row, value_at
from adlake.generator.model import (
    CLICK_DELAY_MS,
    CONVERSION_DELAY_MS,
    CONVERSION_SHARE,
    DELIVERY_LATENCY_MS,
    ENGAGED_SHARE,
    SECONDS_SHARE,
    TRAVEL_SHARE,
    Market,
    campaign_of,
)

IMPRESSION: Final = 0
CLICK: Final = 1
CONVERSION: Final = 2
LETTERS: Final = ("i", "c", "v")
SECONDS_BELOW_U16: Final = int(SECONDS_SHARE * 4_096) << 4
TRAVEL_BELOW_U16: Final = int(TRAVEL_SHARE * U16)
ENGAGED_BELOW_U16: Final = int(ENGAGED_SHARE * U16)
"""Of the lower half of the draw of faults, which decides none but at the edge of a share."""


class Event(NamedTuple):
    """Something that happened; `name` is its event id without run tag and impression."""

    name: str
    rank: int
    ts_ms: int
    in_seconds: bool
    micros: int
    creative: int
    user: int
    variant: int = 0
    """Payloads of one event id in the order of the law: the smallest wins."""

    @property
    def stamped_ms(self) -> int:
        """The time a reader of `event_timestamp` gets."""
        return self.ts_ms // 1_000 * 1_000 if self.in_seconds else self.ts_ms


class Delivery(NamedTuple):
    """One record to publish: not before `due_ms`, possibly damaged, by which fault profile."""

    due_ms: int
    event: Event
    damage: str = ""
    fault: str = ""
    is_withheld: bool = False
    """Left out by a scenario: it keeps its place in the stream, and is not sent."""


@dataclass
class Scene:
    """Everything an impression's journey is made of."""

    sequence: int
    born_ms: int
    creative: int
    user: int
    place: int
    platform: int
    bid_micros: int
    impression_ms: int
    in_seconds: bool
    is_clicked: bool
    is_engaging: bool
    """Unless it is clicked, its user does something else about it."""
    draws: Draws
    market: Market
    fault_of: dict[str, str] = field(default_factory=dict)
    """Journey fault that made an event, by event name."""

    def impression(self) -> Event:
        """The journey's impression."""
        return Event(
            "i", IMPRESSION, self.impression_ms, self.in_seconds, self.bid_micros,
            self.creative, self.user,
        )  # fmt: skip

    def click(self, ts_ms: int, ordinal: int = 0) -> Event:
        """A click on this impression."""
        return Event(
            _name(CLICK, ordinal), CLICK, ts_ms, self._stamps_seconds(), 0, self.creative, self.user
        )

    def conversion(self, ts_ms: int, ordinal: int = 0) -> Event:
        """A conversion after this impression."""
        value = self.market.value(campaign_of(self.creative), self.draws)
        return Event(
            _name(CONVERSION, ordinal), CONVERSION, ts_ms, self._stamps_seconds(), value,
            self.creative, self.user,
        )  # fmt: skip

    def latency_ms(self) -> int:
        """Time from an event to its delivery."""
        return value_at(DELIVERY_LATENCY_MS, self.draws.u32())

    def _stamps_seconds(self) -> bool:
        return self.draws.chance(SECONDS_SHARE)


def _name(rank: int, ordinal: int) -> str:
    return f"{LETTERS[rank]}.{ordinal:02d}" if ordinal else LETTERS[rank]


def scene_of(
    market: Market, draws: Draws, row: Row, *, sequence: int, born_ms: int, creative: int
) -> Scene:
    """Set the scene of impression `sequence`, born (first deliverable) at `born_ms`."""
    user = market.user_table[row[1]]
    travels = row[8] < TRAVEL_BELOW_U16
    campaign = campaign_of(creative)
    return Scene(
        sequence=sequence,
        born_ms=born_ms,
        creative=creative,
        user=user,
        place=market.place_table[row[9]] if travels else market.home_place[user],
        platform=market.platform_table[row[2]],
        bid_micros=market.bid(campaign, row[3]),
        impression_ms=born_ms - (row[4] & 0xFF),
        in_seconds=row[4] < SECONDS_BELOW_U16,
        is_clicked=row[5] < market.click_threshold[campaign],
        is_engaging=row[7] < ENGAGED_BELOW_U16,
        draws=draws,
        market=market,
    )


def natural_events(scene: Scene) -> list[Event]:
    """IMPRESSION, then CLICK for 5 %, then CONVERSION for 10 % of the clicks."""
    events = [scene.impression()]
    if scene.is_clicked:
        click_ms = scene.impression_ms + value_at(CLICK_DELAY_MS, scene.draws.u32())
        events.append(scene.click(click_ms))
        if scene.draws.chance(CONVERSION_SHARE):
            delay_ms = value_at(CONVERSION_DELAY_MS, scene.draws.u32())
            events.append(scene.conversion(click_ms + delay_ms))
    return events


def civil_date(day: int) -> str:
    """`yyyymmdd` of a number of days since 1970-01-01."""
    year = 1970 + day // 366
    while days_from_civil(year + 1, 1, 1) <= day:
        year += 1
    month = 12
    while days_from_civil(year, month, 1) > day:
        month -= 1
    return f"{year:04d}{month:02d}{day - days_from_civil(year, month, 1) + 1:02d}"
