"""Canary events: impressions of our own, timed from the producer to a row that Trino returns."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kafka import KafkaProducer

from adlake.contracts.slot import MS_PER_DAY, slot_of
from adlake.io.trino.client import connect

CAMPAIGN = "canary"


@dataclass
class CanaryWatch:
    """Sends one canary every `every_seconds` and polls Trino until each is visible.

    `seconds` holds the latencies of the canaries seen so far, `pending` the ones still awaited
    (impression id -> monotonic send time).
    """

    bootstrap_servers: str
    topic: str
    trino_port: int
    every_seconds: float = 2.0
    poll_seconds: float = 1.0
    seconds: list[float] = field(default_factory=list)
    pending: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=loop, daemon=True) for loop in (self._send, self._watch)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, drain_seconds: float) -> None:
        """Stop sending, wait for the awaited ones up to `drain_seconds`."""
        deadline = time.monotonic() + drain_seconds
        self._stopping.set()
        while self.pending and time.monotonic() < deadline:
            self._poll_once()
            time.sleep(self.poll_seconds)

    def _send(self) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all")
        number = 0
        while not self._stopping.wait(self.every_seconds):
            number += 1
            now_ms = time.time_ns() // 1_000_000
            day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d")
            impression_id = f"imp-{day}-{now_ms % MS_PER_DAY:07x}canary{number:05d}"
            event = {
                "event_id": f"{impression_id}-i", "event_type": "IMPRESSION",
                "event_timestamp": now_ms, "impression_id": impression_id,
                "campaign_id": CAMPAIGN, "bid_price": 0,
            }  # fmt: skip
            with self._lock:
                self.pending[impression_id] = time.monotonic()
            producer.send(self.topic, json.dumps(event).encode(), key=impression_id.encode())
            producer.flush()
        producer.close()

    def _watch(self) -> None:
        while not self._stopping.wait(self.poll_seconds):
            self._poll_once()

    def _poll_once(self) -> None:
        with self._lock:
            awaited = list(self.pending)
        if not awaited:
            return
        first_slot = min(slot_of(one) for one in awaited)
        with connect(self.trino_port, catalog="lakehouse") as client:
            rows = client.rows(
                "SELECT impression_id FROM gold.ad_performance_state "
                "WHERE NOT engaged AND slot >= ? AND campaign_id = ?",
                [first_slot, CAMPAIGN],
            )
        now = time.monotonic()
        with self._lock:
            for (impression_id,) in rows:
                sent = self.pending.pop(impression_id, None)
                if sent is not None:
                    self.seconds.append(now - sent)


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile; raises ValueError for no values."""
    if not values:
        raise ValueError("no canary was seen")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
