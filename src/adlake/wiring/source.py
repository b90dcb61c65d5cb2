"""What the stream would meet in each topic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adlake.io.postgres.lease import Connect
from adlake.settings import Settings
from adlake.streaming.incarnation import Situation, situation
from adlake.wiring.lake import lake_reader
from adlake.wiring.topics import present_topic, tables_of_topics


def situations(settings: Settings, connect: Connect) -> Iterator[Situation]:
    """What the stream would meet in each topic if it started now.

    Raises:
        TopicError: there is no such topic, or the broker does not answer.
    """
    lake = lake_reader(settings)
    for topic, (records_table, *_) in tables_of_topics(settings).items():
        look = partial(present_topic, settings, topic=topic)
        yield situation(lake, connect, topic, records_table, look)
