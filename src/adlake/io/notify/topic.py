"""Publishes notices to a topic of the broker: the JSON record under the incident's id."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.collecting import GroupPublisher
from adlake.io.kafka.producer import ProducerError, build_producer, close_producer
from adlake.io.notify.channel import ANSWER_SECONDS, failed

LINGER_MS: Final = 0
"""Each record is waited for."""


class TopicChannel:
    """One producer (acks=all, idempotent), made when it is needed first and again after trouble."""

    name: Final = ChannelName.KAFKA

    def __init__(
        self, brokers: Brokers, topic: str, timeout_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._brokers = brokers
        self._topic = topic
        self._timeout_seconds = timeout_seconds
        self._publisher: GroupPublisher | None = None

    def tell(self, notice: Notice) -> Outcome:
        """Publish once and wait for the broker; its time is that of the transition."""
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        stamp_ms = int(notice.at.timestamp() * 1_000)
        record = (notice.incident_id.encode(), notice.payload, stamp_ms)
        try:
            self._connected().publish([(self._topic, record)], ended.put)
            error = ended.get(timeout=self._timeout_seconds)
        except ProducerError as trouble:
            self.close()
            return failed(str(trouble), may_pass_later=True)
        except Empty:
            self.close()
            seconds = f"{self._timeout_seconds:g} s"
            return failed(f"the broker did not acknowledge in {seconds}", may_pass_later=True)
        if error is not None:
            self.close()
            return failed(f"the broker did not take it ({error})", may_pass_later=True)
        return Outcome(Sending.SENT)

    def close(self) -> None:
        """Give the connections back."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            with suppress(ProducerError):
                publisher.close()

    def _connected(self) -> GroupPublisher:
        if self._publisher is None:
            producer = build_producer(self._brokers, "adlake-notifier", LINGER_MS)
            try:
                self._publisher = GroupPublisher(producer, [self._topic])
            except BaseException:
                close_producer(producer)
                raise
        return self._publisher
