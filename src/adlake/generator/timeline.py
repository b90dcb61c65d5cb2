"""The event stream itself: which record is delivery number n of the run.

Delivery n belongs to the virtual moment `clock.time_of(n)`, which becomes its Kafka timestamp. If a
planned delivery is due by then it is sent, otherwise the next impression is born. So the rate is
kept exactly, lateness is staged exactly, and the whole stream is a pure function of the run key.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from adlake.contracts.events import RejectReason
from adlake.contracts.law import LAW_V1, MICROS_PER_UNIT
from adlake.generator.clock import Segment, VirtualClock
from adlake.generator.damage import reject_reason
from adlake.generator.draws import ROWS_PER_BLOCK, U32, Row
from adlake.generator.encode import IMPRESSION_TEMPLATE, Encoder
from adlake.generator.journey import (
    ENGAGED_BELOW_U16,
    SECONDS_BELOW_U16,
    TRAVEL_BELOW_U16,
    Delivery,
    Scene,
)
from adlake.generator.model import Market, campaign_of
from adlake.generator.planner import Planner
from adlake.generator.publishing import Record
from adlake.generator.running_totals import RunningTotals, outcome_of

Pending = tuple[int, int, int, int, int, int]
"""(due ms, impression sequence, born ms, creative, next delivery, mask of admitted deliveries)."""
_TOTALS = "ledger"
"""Key in a generator's checkpoint; files of runs that go on have it."""


@dataclass
class Timeline:
    """The stream and its position; `to_state` and `from_state` carry it over a restart."""

    clock: VirtualClock
    planner: Planner
    market: Market
    encoder: Encoder
    totals: RunningTotals = field(default_factory=RunningTotals)
    deliveries: int = 0
    """Sequence number of the next delivery."""
    withheld: int = 0
    """Deliveries before it that a scenario left out."""
    impressions: int = 0
    """Sequence number of the next impression."""
    pending: list[Pending] = field(default_factory=list)
    detail: TextIO | None = None
    """Where one JSON object per delivery goes, if anywhere."""
    on_journey: Callable[[int, int, int], None] | None = None
    """Told of each journey with more to it than an impression: its sequence number, birth time and
    creative."""

    @property
    def sent(self) -> int:
        """Deliveries that were not left out."""
        return self.deliveries - self.withheld

    def chunk(self, limit: int, until_ms: int) -> list[Record]:
        """The records of the next `limit` deliveries, none sent later than `until_ms` (virtual).

        There are fewer where a scenario leaves some out.
        """
        records: list[Record] = []
        beyond = self.deliveries + limit
        while self.deliveries < beyond:
            segment = self.clock.segment_of(self.deliveries)
            stop = min(segment.end, beyond)
            self._fill(records, segment, stop, until_ms)
            if self.deliveries < stop:
                break
        return records

    def drain(self, limit: int) -> list[Record]:
        """The next planned records, the clock leaping from one to the next; no new impressions."""
        records: list[Record] = []
        beyond = self.deliveries + limit
        while self.pending and self.deliveries < beyond:
            now_ms = max(self.clock.time_of(self.deliveries), self.pending[0][0])
            record = self._send(heapq.heappop(self.pending), now_ms)
            if record is not None:
                records.append(record)
            self.deliveries += 1
        return records

    def _fill(self, records: list[Record], segment: Segment, stop: int, until_ms: int) -> None:
        pending, append = self.pending, records.append
        first, start_ms = segment.first, segment.start_ms
        step_num, step_den = segment.step_num, segment.step_den
        births = self._births()
        for number in range(self.deliveries, stop):
            now_ms = start_ms + (number - first) * step_num // step_den
            if now_ms > until_ms:
                break
            if pending and pending[0][0] <= now_ms:
                record = self._send(heapq.heappop(pending), now_ms)
            else:
                record = births(now_ms)
            if record is not None:
                append(record)
            self.deliveries = number + 1

    def _births(self) -> Callable[[int], Record | None]:
        """A function that gives the record born at a moment; its locals make it fast.

        None: a scenario leaves it out.
        """
        planner, pending, plain = self.planner, self.pending, self._plain_impressions()
        creatives, thresholds = self.market.creative_table, self.market.click_threshold
        special_below = U32 if self.detail is not None else planner.faulty_below
        drops, on_journey = planner.drops_traffic, self.on_journey
        silence = planner.scenario if planner.scenario and planner.scenario.is_silence else None
        sequence = self.impressions
        block: list[Row] = planner.rows.block(sequence // ROWS_PER_BLOCK)

        def born(now_ms: int) -> Record | None:
            nonlocal sequence, block
            while True:
                offset = sequence % ROWS_PER_BLOCK
                if offset == 0:
                    block = planner.rows.block(sequence // ROWS_PER_BLOCK)
                row = block[offset]
                creative = creatives[row[0]]
                if drops:
                    creative = planner.serving_creative(creative, now_ms)
                mine = sequence
                sequence += 1
                self.impressions = sequence
                if (
                    row[5] >= thresholds[campaign_of(creative)]
                    and row[6] << 16 | row[7] >= special_below
                ):
                    if silence is not None and silence.concerns(
                        campaign_of(creative), now_ms - (row[4] & 0xFF)
                    ):
                        self.withheld += 1
                        return None
                    if on_journey is not None and row[7] < ENGAGED_BELOW_U16:
                        on_journey(mine, now_ms, creative)
                    return plain(mine, now_ms, creative, row)
                first = self._first_delivery(mine, now_ms, creative)
                if first[0] <= now_ms:
                    return self._send(first, now_ms)
                heapq.heappush(pending, first)

        return born

    def _plain_impressions(self) -> Callable[[int, int, int, Row], Record]:
        """A function that gives the record of an impression after which nothing follows.

        Nearly all are such ones, so it takes no way through the planner; its locals make it fast.
        """
        market, encoder, totals = self.market, self.encoder, self.totals
        users, bids, permille = market.user_table, market.bid_micros, market.price_permille
        homes, places, platforms = market.home_place, market.place_table, market.platform_table
        heads, tails, user_ids = encoder.heads, encoder.tails, encoder.users
        place_members, platform_members = encoder.places, encoder.platforms
        tag, impression_id = encoder.tag, encoder.impression_id
        counts, costs = totals.plain_impressions, totals.plain_cost_micros

        def plain(sequence: int, now_ms: int, creative: int, row: Row) -> Record:
            campaign = campaign_of(creative)
            user = users[row[1]]
            place = places[row[9]] if row[8] < TRAVEL_BELOW_U16 else homes[user]
            bid = bids[campaign] * permille[row[3] >> 4] // 1_000
            ts_ms = now_ms - (row[4] & 0xFF)
            counts[campaign] += 1
            costs[campaign] += bid
            key = impression_id(ts_ms, sequence)
            return key, IMPRESSION_TEMPLATE % (
                tag, sequence, ts_ms // 1_000 if row[4] < SECONDS_BELOW_U16 else ts_ms, key,
                heads[creative], user_ids[user], place_members[place],
                platform_members[platforms[row[2]]],
                bid // MICROS_PER_UNIT, bid % MICROS_PER_UNIT, tails[creative],
            ), now_ms  # fmt: skip

        return plain

    def _first_delivery(self, sequence: int, born_ms: int, creative: int) -> Pending:
        if self.on_journey is not None:
            self.on_journey(sequence, born_ms, creative)
        _, deliveries = self.planner.journey(sequence, born_ms, creative)
        return deliveries[0].due_ms, sequence, born_ms, creative, 0, 0

    def _send(self, pending: Pending, now_ms: int) -> Record | None:
        _, sequence, born_ms, creative, index, mask = pending
        scene, deliveries = self.planner.journey(sequence, born_ms, creative)
        delivery = deliveries[index]
        reason = None if delivery.is_withheld else _verdict_on(delivery, now_ms)
        after = mask
        if delivery.is_withheld:
            self.withheld += 1
        elif reason is None:
            after |= 1 << index
            self.totals.replace(outcome_of(deliveries, mask), outcome_of(deliveries, after))
        else:
            self.totals.rejected[reason] = self.totals.rejected.get(reason, 0) + 1
        if index + 1 < len(deliveries):
            due_ms = deliveries[index + 1].due_ms
            heapq.heappush(self.pending, (due_ms, sequence, born_ms, creative, index + 1, after))
        else:
            self.planner.forget(sequence)
        if delivery.is_withheld:
            return None
        if delivery.fault:
            self.totals.faults[delivery.fault] = self.totals.faults.get(delivery.fault, 0) + 1
        key, value = self.encoder.record(scene, delivery)
        if self.detail is not None:
            self.detail.write(self._detail_line(scene, delivery, reason, now_ms))
        return key, value, now_ms

    def _detail_line(
        self, scene: Scene, delivery: Delivery, reason: RejectReason | None, now_ms: int
    ) -> str:
        event = delivery.event
        line = {
            "delivery": self.deliveries,
            "impression_id": self.encoder.impression_id(
                scene.impression_ms, scene.sequence
            ).decode(),
            "event_id": self.encoder.event_id(event.name, scene.sequence).decode(),
            "type_rank": event.rank,
            "ts_ms": event.stamped_ms,
            "micros": event.micros,
            "kafka_ts_ms": now_ms,
            "fault": delivery.fault,
            "damage": delivery.damage,
            "reject_reason": reason,
        }
        return json.dumps(line, separators=(",", ":")) + "\n"

    def to_state(self) -> dict[str, Any]:
        """The position as JSON values."""
        return {
            "deliveries": self.deliveries,
            "withheld": self.withheld,
            "impressions": self.impressions,
            "origins": self.clock.origins,
            "pending": self.pending,
            _TOTALS: self.totals.to_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `to_state` was taken."""
        self.deliveries = state["deliveries"]
        self.withheld = state.get("withheld", 0)
        self.impressions = state["impressions"]
        self.clock.origins = [(first, epoch_ms) for first, epoch_ms in state["origins"]]
        self.pending = [tuple(entry) for entry in state["pending"]]
        self.totals = RunningTotals.from_state(state[_TOTALS])


def _verdict_on(delivery: Delivery, now_ms: int) -> RejectReason | None:
    """The reason a delivery that is sent now must be rejected for, None without one."""
    reason = reject_reason(delivery.damage, delivery.event.rank)
    if reason is None and delivery.event.stamped_ms > now_ms + LAW_V1.future_tolerance_ms:
        return RejectReason.FUTURE_TIMESTAMP
    return reason
