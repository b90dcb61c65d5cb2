"""The business side of a worker: its stream, its topic, its part of checkpoint and truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from adlake.generator.business_stream import BusinessStream
from adlake.generator.business_truth import BusinessTruth
from adlake.generator.clock import VirtualClock
from adlake.generator.publishing import Publisher
from adlake.io.kafka.acks import PartitionAcks

CHUNK: Final = 2_000


@dataclass(frozen=True)
class BusinessTopic:
    """Where business events go, and whose campaigns they are about."""

    name: str
    topic_id: str
    """Empty: not known here."""
    publisher: Publisher
    advertisers: tuple[str, ...]
    """Advertiser id by campaign."""


class BusinessDesk:
    """Publishes the business events that are due, behind the ad events of one worker."""

    def __init__(self, topic: BusinessTopic, stream: BusinessStream) -> None:
        self.topic = topic
        self.stream = stream
        self._topic_id = topic.topic_id

    def begin(self, begin_ms: int, state: dict[str, Any], *, has_advertisers: bool) -> None:
        """Start at `begin_ms`, or go on where `to_state` was taken."""
        if not state:
            if has_advertisers:
                self.stream.open_advertisers(begin_ms)
            return
        self.stream.restore(state["stream"])
        self._topic_id = self.topic.topic_id or state["topic_id"]
        if state["topic_id"] == self._topic_id:
            stored = {int(p): PartitionAcks(**acks) for p, acks in state["acks"].items()}
            self.topic.publisher.acks.update(stored)

    def follow(
        self, clock: VirtualClock, deliveries: int, now_ms: int, stop: Callable[[], bool]
    ) -> None:
        """Publish what is due by `now_ms`, and before ad event number `deliveries` is sent."""
        self._publish(min(clock.time_of(deliveries) - 1, now_ms), stop, goes_on=True)

    def drain(self, stop: Callable[[], bool]) -> None:
        """Publish all that is planned, days ahead; advertisers act no more."""
        self._publish(1 << 62, stop, goes_on=False)

    def _publish(self, last_ms: int, stop: Callable[[], bool], *, goes_on: bool) -> None:
        while not stop():
            records = self.stream.until(last_ms, CHUNK, goes_on=goes_on)
            if not records:
                return
            self.topic.publisher.publish(records, stop)

    def to_state(self) -> dict[str, Any]:
        """Position and acknowledgements as JSON values."""
        acks = {str(p): asdict(acks) for p, acks in self.topic.publisher.acks.items()}
        return {"stream": self.stream.to_state(), "topic_id": self._topic_id, "acks": acks}

    def truth(self, run_id: str, *, is_exact: bool, is_finished: bool) -> BusinessTruth:
        """The right answer for everything sent so far."""
        acks, accounts = self.topic.publisher.acks.items(), self.stream.accounts
        return BusinessTruth(
            run_id=run_id,
            topic=self.topic.name,
            counts=self.stream.counts,
            topic_id=self._topic_id,
            acks={p: replace(one) for p, one in sorted(acks)},
            is_exact=is_exact,
            is_finished=is_finished,
            spend=None if accounts is None else accounts.spend,
            customers=None if accounts is None else accounts.customers,
        )
