"""Records as foreign producers send them: any codec, any timestamp, any transaction.

Each test goes on with the lake of the one before.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from adlake.io.kafka import ProducerError, publish_all
from adlake.io.last_records import with_last_records
from adlake.io.stamp import LastRecord
from adlake.io.topic import topic_facts
from adlake.io.topic_holes import OffsetRange, ranges_without_records
from tests.fixtures.corpus.case import event
from tests.integration.lake import Lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
TOPIC = "ad_events"
YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    one = Lake(tmp_path_factory.mktemp("odd") / "home", {"TRIGGER_SECONDS": "1"})
    try:
        one.stack().up(only=["kafka"])
        yield one
    finally:
        one.stack().nuke()


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


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd", "uncompressed"])
def test_the_record_at_the_end_of_a_partition_is_read_in_every_codec(
    lake: Lake, codec: str
) -> None:
    configure(lake, compression_type=codec)  # the broker packs again what any producer sends
    payload, stamp_ms = event(event_id=codec, impression_id=codec), now_ms()
    [(partition, offset)] = publish_all(servers(lake), TOPIC, [(b"k", payload, stamp_ms)])
    last = LastRecord(offset, stamp_ms, zlib.crc32(payload))
    facts = with_last_records(topic_facts(servers(lake), TOPIC), servers(lake), {partition: last})
    assert facts.last_records == {partition: last}
    held = OffsetRange(partition, offset, offset + 1)
    assert ranges_without_records(servers(lake), TOPIC, [held]) == []
    configure(lake, compression_type="producer")


@pytest.mark.parametrize("years", [-2026, -300_000, -101, 11])
def test_the_broker_refuses_a_timestamp_that_is_no_time_of_an_event(lake: Lake, years: int) -> None:
    with pytest.raises(ProducerError, match="InvalidTimestamp"):
        publish_all(servers(lake), TOPIC, [(b"k", event(), now_ms() + years * YEAR_MS)])


@pytest.mark.parametrize("years", [-99, 9])
def test_the_broker_takes_a_century_of_lateness(lake: Lake, years: int) -> None:
    assert publish_all(servers(lake), TOPIC, [(b"k", event(), now_ms() + years * YEAR_MS)])
