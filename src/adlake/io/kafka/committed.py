"""A consumer of committed records: every reader of records opens its connection here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer

from adlake.io.kafka.access import Brokers, client_arguments
from adlake.io.kafka.header_names import accept_any_header_names
from adlake.io.kafka.topic import clear_errors


@contextmanager
def committed_records(bootstrap_servers: Brokers, **options: Any) -> Iterator[KafkaConsumer]:  # noqa: ANN401
    """Inside, a consumer without a group, whatever producers call their headers.

    Raises:
        UnreadableRecordsError: of a codec that this client lacks; a broken batch.
        TopicError: no broker answers.
    """
    accept_any_header_names()
    with clear_errors(bootstrap_servers):
        consumer = KafkaConsumer(
            **client_arguments(bootstrap_servers), isolation_level="read_committed",
            enable_auto_commit=False, **options,
        )  # fmt: skip
        try:
            yield consumer
        finally:
            consumer.close()
