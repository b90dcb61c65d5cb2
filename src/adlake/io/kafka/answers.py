"""Whether a broker answers, asked by its own client."""

from __future__ import annotations

from kafka import KafkaConsumer
from kafka.errors import KafkaError

BOOTSTRAP_MS = 3_000
REQUEST_MS = 5_000


def answers_metadata(bootstrap_servers: str) -> bool:
    """Whether the broker answers a metadata request."""
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=BOOTSTRAP_MS,
            request_timeout_ms=REQUEST_MS,
        )  # fmt: skip
    except (KafkaError, OSError):
        return False
    try:
        consumer.topics()
    except (KafkaError, OSError):
        return False
    finally:
        consumer.close()
    return True
