"""Producers that do what the generator does not: transactions, settings of the topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from adlake.io.kafka import publish_all
from tests.fixtures.corpus.case import event
from tests.integration.lake import Lake

TOPIC = "ad_events"


def servers(lake: Lake) -> str:
    return lake.settings().bootstrap_servers


def now_ms() -> int:
    return int(time.time() * 1000)


def configure(lake: Lake, **values: str) -> None:
    """Set properties of the topic; `_` in a name stands for a dot."""
    admin = KafkaAdminClient(bootstrap_servers=servers(lake))
    named = {name.replace("_", "."): value for name, value in values.items()}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, named)])
    admin.close()


@contextmanager
def open_transaction(lake: Lake, name: str) -> Iterator[KafkaProducer]:
    """A producer that has sent one record to each partition and neither commits nor aborts."""
    producer = KafkaProducer(
        bootstrap_servers=servers(lake), transactional_id=name, transaction_timeout_ms=600_000
    )
    producer.init_transactions()
    producer.begin_transaction()
    for partition in range(4):
        payload = event(event_id=f"{name}-{partition}", impression_id=name)
        producer.send(TOPIC, payload, key=b"t", partition=partition)
    producer.flush()
    try:
        yield producer
    finally:
        producer.close()


def publish(lake: Lake, count: int, name: str, stamp_ms: int | None = None) -> None:
    records = []
    for number in range(count):
        ident = f"{name}-{number}"
        payload = event(event_id=ident, impression_id=ident)
        records.append((ident.encode(), payload, now_ms() if stamp_ms is None else stamp_ms))
    publish_all(servers(lake), TOPIC, records)
