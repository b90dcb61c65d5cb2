"""What settings say to who publishes rows of Gold."""

from __future__ import annotations

from functools import partial
from typing import Final

from pyspark.sql import DataFrame

from adlake.contracts.topics import BUSINESS_TOPIC, CUSTOMER_TOPIC, SERVING_TOPIC
from adlake.io.kafka.ends import TopicEnds
from adlake.io.prometheus.meters import Meters
from adlake.io.spark.kafka_sink import send_records
from adlake.provision.outside import kafka_access
from adlake.provision.topics import topics_of
from adlake.published.keeper import Pace, PublishKeeper
from adlake.published.until import DecisionsRead
from adlake.settings import Settings

BROKER_SECONDS: Final = 10.0
"""For the broker to say how far its topic goes."""


def publish_keeper(settings: Settings, meters: Meters) -> PublishKeeper:
    """What sends rows of customers and serving decisions; nothing is connected before it looks."""
    names = topics_of(settings)
    business, stream = names[BUSINESS_TOPIC], settings.stream

    def ends() -> TopicEnds:
        return TopicEnds(kafka_access(settings), [business], BROKER_SECONDS)

    return PublishKeeper(
        {name: names[name] for name in (CUSTOMER_TOPIC, SERVING_TOPIC) if name in names},
        partial(_send, settings),
        DecisionsRead(ends, business),
        Pace(stream.publish_every_seconds, stream.publish_most_records),
        meters=meters,
    )


def _send(settings: Settings, records: DataFrame, topic: str) -> None:
    send_records(records, kafka_access(settings), topic, settings.paths.secrets_dir)
