"""Settings -> the API on its port."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import uvicorn

from adlake.api.app import build_app
from adlake.api.customer_cache import CustomerCache
from adlake.api.customer_feed import CustomerFeed
from adlake.api.parts import Parts, Rows
from adlake.api.pending import Pending
from adlake.contracts.gauges import (
    API_CACHED_CUSTOMERS,
    API_OVERDUE,
    API_PENDING,
    API_UNACKED,
)
from adlake.io.kafka.followed import followed
from adlake.io.kafka.topic import refuse_dead_broker
from adlake.io.prometheus.meters import Meters
from adlake.io.sql import trino
from adlake.io.sql.files import sql_text
from adlake.io.trino.client import TableMissingError, connect
from adlake.metrics.query import run_metric
from adlake.provision.outside import kafka_access
from adlake.settings import Settings
from adlake.wiring.collector import publishing
from adlake.wiring.notifications import newest_notifications, notifier_of, send_trial

KAFKA_SECONDS = 2.0
"""Somebody waits for the answer of /health."""
GRACE_SECONDS = 5
"""For requests that are being answered when the server is told to stop."""


def serve(settings: Settings) -> None:
    """Answer requests until SIGINT or SIGTERM.

    Raises:
        ProducerError: the broker does not answer, or lacks a topic.
        SettingsError: of a channel of notifications.
    """
    meters = Meters()
    notifier = notifier_of(settings, meters)
    published = publishing(settings)
    brokers = kafka_access(settings)
    meters.put_computed(API_UNACKED, lambda: published.publisher.unacked)
    parts = Parts(
        publisher=published.publisher,
        cache=CustomerCache(settings.api.cache_customers),
        pending=Pending(lambda: meters.add(API_OVERDUE)),
        knows_event=partial(is_known_event, settings),
        topics=published.topics,
        ask_kafka=lambda: refuse_dead_broker(brokers, KAFKA_SECONDS),
        ask_trino=lambda: seconds_since_commit(settings),
        ask_metric=partial(rows_of_metric, settings),
        knows_campaign=partial(is_known_campaign, settings),
        send_trial=partial(send_trial, settings),
        ask_notifications=partial(newest_notifications, settings),
        key=settings.api_key(),
        meters=meters,
        ack_seconds=settings.api.api_ack_seconds,
    )
    _count_customers(parts)
    feed = feed_of(settings, parts)
    notifier.start()
    if feed is not None:
        feed.start()
    try:
        uvicorn.run(
            build_app(parts),
            host=settings.containers.bind_address,
            port=settings.ports.api_port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        if feed is not None:
            feed.stop()
        notifier.stop()
        published.close()


def _count_customers(parts: Parts) -> None:
    parts.meters.add(API_OVERDUE, 0)
    parts.meters.put_computed(API_PENDING, lambda: len(parts.pending))
    parts.meters.put_computed(API_CACHED_CUSTOMERS, lambda: len(parts.cache))


def feed_of(settings: Settings, parts: Parts) -> CustomerFeed | None:
    """What keeps customers at hand; None: no topic tells them, or none are to be kept."""
    topic = settings.kafka.customer_topic
    if not topic or not parts.cache.most:
        return None
    return CustomerFeed(
        parts.cache,
        parts.pending,
        partial(followed, kafka_access(settings), topic),
        partial(rows_of_metric, settings, "customers", {"most": str(parts.cache.most)}),
        parts.now_ms,
        begins_empty=settings.api.reset_cache_on_start,
    )


def seconds_since_commit(settings: Settings) -> float | None:
    """How long ago Gold was written; None: never."""
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        try:
            [row] = run_metric(client, "freshness").records()
        except TableMissingError:
            return None
    since = row["seconds_since_commit"]
    return None if since is None else float(since)


def rows_of_metric(settings: Settings, name: str, given: Mapping[str, str]) -> Rows:
    """All rows of a metric, which are few.

    Raises:
        AdlakeError: Trino does not answer, or a table is not there yet.
    """
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        return list(run_metric(client, name, given).records())


def is_known_event(settings: Settings, event_id: str) -> bool:
    """Whether Bronze has a business event of this id."""
    statement, values = trino.rendered(sql_text("api/known_event"), {"event_id": event_id})
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        return bool(client.one(statement, values)["is_known"])


def is_known_campaign(settings: Settings, campaign_id: str) -> bool:
    """Whether the lake knows a campaign, by a description or by an event."""
    statement, values = trino.rendered(sql_text("api/known_campaign"), {"campaign_id": campaign_id})
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        return bool(client.one(statement, values)["is_known"])
