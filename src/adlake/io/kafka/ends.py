"""Where topics end, asked again and again over one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kafka import KafkaConsumer, TopicPartition

from adlake.io.kafka.access import Brokers, client_arguments
from adlake.io.kafka.topic import clear_errors, refuse_dead_broker

CLOCK_MARGIN_MS: Final = 5_000
"""The broker's clock, which stamps the records, may be so far behind this machine's."""


class TopicEnds:
    """Asks for the first offsets that are not written yet; for one thread.

    `seconds` bounds each answer.
    """

    def __init__(self, bootstrap: Brokers, topics: Sequence[str], seconds: float) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._milliseconds = int(seconds * 1_000)
        self._consumer: KafkaConsumer | None = None

    def now(self) -> dict[str, dict[int, int]]:
        """Topic -> partition -> up to where readers may read.

        Raises:
            TopicError: no broker answers in time.
        """
        consumer, self._consumer = self._consumer, None  # kept only when it answered
        with clear_errors(self._bootstrap):
            consumer = consumer or self._connected()
            try:
                keys = [
                    TopicPartition(topic, partition)
                    for topic in self._topics
                    for partition in consumer.partitions_for_topic(topic) or ()
                ]
                ends = consumer.end_offsets(keys)
            except BaseException:
                consumer.close()
                raise
        self._consumer = consumer
        found: dict[str, dict[int, int]] = {topic: {} for topic in self._topics}
        for key, end in ends.items():
            found[key.topic][key.partition] = end
        return found

    def close(self) -> None:
        """Let the connection go."""
        if self._consumer is not None:
            self._consumer.close()

    def _connected(self) -> KafkaConsumer:
        # The client itself would say again and again that nobody is there.
        refuse_dead_broker(self._bootstrap, self._milliseconds / 1_000)
        return KafkaConsumer(
            **client_arguments(self._bootstrap), isolation_level="read_committed",
            enable_auto_commit=False, request_timeout_ms=self._milliseconds,
            bootstrap_timeout_ms=self._milliseconds,
        )  # fmt: skip
