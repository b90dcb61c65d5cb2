"""What the broker has. `adlake status` comes here: nothing that reads tables is imported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from adlake import flow
from adlake.contracts.registry import Filling, names_of
from adlake.io.deadline import NO_DEADLINE, Deadline
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.holes import FindHoles, ranges_without_records
from adlake.io.kafka.last_records import with_last_records
from adlake.io.kafka.newest_records import SeenRecord, newest_records
from adlake.io.kafka.topic import (
    COMMAND_BOOTSTRAP_SECONDS,
    TopicError,
    TopicFacts,
    refuse_dead_broker,
    topic_facts,
)
from adlake.provision.outside import kafka_access
from adlake.provision.topics import topics_of
from adlake.settings import Settings


def present_topic(
    settings: Settings,
    contained: Mapping[int, LastRecord] | None = None,
    *,
    topic: str = "",
    deadline: Deadline = NO_DEADLINE,
) -> TopicFacts:
    """A topic (empty: ad events) as the broker has it now, and what lies where these records were.

    Raises:
        TopicError: there is no such topic, or the broker does not answer.
    """
    servers, patience = kafka_access(settings), COMMAND_BOOTSTRAP_SECONDS
    refuse_dead_broker(servers, deadline.patience_ms(patience) / 1_000)
    facts = topic_facts(servers, topic or settings.kafka.topic, patience, deadline)
    return with_last_records(facts, servers, contained or {})


def newest_of(settings: Settings, topic: str, count: int) -> list[SeenRecord]:
    """The newest records of a topic, oldest of them first.

    Raises:
        TopicError: there is no such topic, or the broker does not answer.
        UnreadableRecordsError: records that cannot be unpacked here.
    """
    servers = kafka_access(settings)
    refuse_dead_broker(servers, COMMAND_BOOTSTRAP_SECONDS)
    return newest_records(servers, topic, count)


def pending_records(settings: Settings) -> str:
    """What waits behind an open transaction, as a sentence; empty: nothing, or no answer."""
    try:
        return present_topic(settings).pending_in_words
    except TopicError:
        return ""


def hole_finder(
    settings: Settings, deadline: Deadline = NO_DEADLINE, *, topic: str = ""
) -> FindHoles:
    """How jobs ask the broker which offsets of a topic (empty: ad events) hold no record."""
    name = topic or settings.kafka.topic
    return partial(ranges_without_records, kafka_access(settings), name, deadline=deadline)


def tables_of_topics(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Topic -> the tables that its records reach: records first, then what is derived from them."""
    names = topics_of(settings)
    return {
        names[topic]: names_of(pipeline=step.pipeline, filling=Filling.APPEND)
        + names_of(pipeline=step.pipeline, filling=Filling.MERGE)
        + names_of(pipeline=step.pipeline, filling=Filling.SUMS)
        for topic, step in flow.pipelines().items()
        if topic in names
    }
