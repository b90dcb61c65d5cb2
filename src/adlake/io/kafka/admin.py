"""Creates the event topics and keeps their settings; safe to run twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.access import Brokers, client_arguments
from adlake.io.kafka.errors import login_trouble

YEAR_MS: Final = 365 * 86_400_000
OLDEST_MS: Final = 100 * YEAR_MS
NEWEST_MS: Final = 10 * YEAR_MS
MAX_MESSAGE_BYTES: Final = 2 * 1_048_576
REQUEST_TIMEOUT_MS: Final = 15_000


class TopicShape(Protocol):
    """What the settings say of topics."""

    @property
    def topic(self) -> str:
        """Name of the topic of ad events."""

    @property
    def topic_partitions(self) -> int:
        """When a topic is created."""

    @property
    def topic_timestamp_type(self) -> str:
        """CreateTime or LogAppendTime."""

    @property
    def topic_retention_bytes(self) -> int:
        """Kept per partition."""


class TopicError(AdlakeError):
    """The topic cannot be created, or exists in a shape that loses the order of keys."""


def topic_configuration(settings: TopicShape, *, is_compacted: bool = False) -> dict[str, str]:
    """Settings of the topic.

    Old stamps are welcome (lateness is staged with them), so retention goes by bytes alone. What is
    no time of an event (the year 1 of a zero value, microseconds taken for milliseconds) is refused
    by the broker at once, by name, where its producer can see it: docs/adr/0015. Of a topic that is
    compacted the newest record of each key stays, whatever its age.
    """
    return {
        "message.timestamp.type": settings.topic_timestamp_type,
        "message.timestamp.before.max.ms": str(OLDEST_MS),
        "message.timestamp.after.max.ms": str(NEWEST_MS),
        "retention.ms": "-1",
        "retention.bytes": str(settings.topic_retention_bytes),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "cleanup.policy": "compact" if is_compacted else "delete",
    }


def ensure_topic(
    bootstrap_servers: Brokers,
    settings: TopicShape,
    topic: str = "",
    *,
    is_own: bool = True,
    is_compacted: bool = False,
) -> bool:
    """Create a topic (that of ad events) or bring it up to date; True when it was created.

    On a broker of others (`is_own` False) the settings of a topic that exists are left alone.

    Raises TopicError when the broker refuses, or the topic has fewer partitions than the setting
    (adding partitions moves keys, so that is never done silently).
    """
    topic = topic or settings.topic
    wanted = topic_configuration(settings, is_compacted=is_compacted)
    try:
        with _admin(bootstrap_servers) as admin:
            created = _create(admin, settings, topic, wanted)
            if not created:
                _refuse_other_shape(admin, settings, topic)
                if is_own:
                    _update_settings(admin, topic, wanted)
            return created
    except KafkaError as error:
        trouble = login_trouble(error, bootstrap_servers)
        raise TopicError(trouble or f"topic {topic} on {bootstrap_servers}: {error}") from error


@contextmanager
def _admin(bootstrap_servers: Brokers) -> Iterator[Any]:
    admin = KafkaAdminClient(
        **client_arguments(bootstrap_servers), request_timeout_ms=REQUEST_TIMEOUT_MS
    )
    try:
        yield admin
    finally:
        admin.close()


def _create(
    admin: Any,  # noqa: ANN401  untyped client
    settings: TopicShape,
    topic: str,
    wanted: Mapping[str, str],
) -> bool:
    request = {"num_partitions": settings.topic_partitions, "configs": dict(wanted)}
    try:
        admin.create_topics({topic: request}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return False
    return True


def _refuse_other_shape(admin: Any, settings: TopicShape, topic: str) -> None:  # noqa: ANN401
    found = len(admin.describe_topics([topic])[0]["partitions"])
    if found != settings.topic_partitions:
        raise TopicError(
            f"topic {topic} has {found} partitions, but ADLAKE_TOPIC_PARTITIONS is "
            f"{settings.topic_partitions}: set it to {found}, or start over with `make nuke`."
        )


def _update_settings(admin: Any, topic: str, wanted: Mapping[str, str]) -> None:  # noqa: ANN401
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(wanted))])
