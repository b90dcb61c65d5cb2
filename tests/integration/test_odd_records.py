"""Records as foreign producers send them: any codec, any timestamp, any transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from adlake.contracts.errors import STREAM_IS_AWAY
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.holes import OffsetRange, ranges_without_records
from adlake.io.kafka.last_records import with_last_records
from adlake.io.kafka.producer import ProducerError, publish_all
from adlake.io.kafka.topic import topic_facts
from tests.fixtures.corpus.case import event
from tests.fixtures.lake import Lake
from tests.fixtures.odd_producers import (
    TOPIC,
    configure,
    now_ms,
    open_transaction,
    publish,
    servers,
)
from tests.fixtures.servers.served import served_lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A broker alone."""
    with served_lake(tmp_path_factory.mktemp("odd") / "home", only=["kafka"]) as one:
        yield one


@pytest.fixture
def whole_lake(tmp_path: Path) -> Iterator[Lake]:
    with served_lake(tmp_path / "home", TRIGGER_SECONDS="1") as one:
        yield one


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


@pytest.mark.chaos
def test_every_part_says_the_same_of_transactions(whole_lake: Lake) -> None:
    """What is held back is pending everywhere; marks and aborted records are a gap nowhere."""
    lake = whole_lake
    publish_all(servers(lake), TOPIC, [(b"k", event(event_id="read", impression_id="r"), now_ms())])
    a_transaction_is_aborted_before_the_stream_first_runs(lake)
    a_transaction_is_open_while_the_stream_runs(lake)
    lake.stack().down(only=["stream"])  # closes the audit
    assert "PROVEN" in lake.adlake("verify", "--batches").stdout
    with lake.trino() as trino:
        assert trino.records("SELECT * FROM audit.completeness_gaps") == []
        recorded = trino.one("SELECT sum(empty_before) AS seams FROM audit.completeness_ledger")
    assert recorded["seams"] == 2, "an aborted record and its mark, where records were read before"
    assert "completeness: " not in lake.stream().log_file.read_text()


def a_transaction_is_aborted_before_the_stream_first_runs(lake: Lake) -> None:
    with open_transaction(lake, "aborted") as producer:
        producer.abort_transaction()
    unread = lake.adlake("verify", expected=1).stderr
    assert f"records to read: {STREAM_IS_AWAY}" in unread
    assert "not in Bronze yet" in lake.adlake("producers").stdout
    lake.stack().up(only=["stream"])
    lake.adlake("wait")
    audit = lake.adlake("producers").stdout
    assert "nothing is missing" in audit
    assert "pending" not in audit


def a_transaction_is_open_while_the_stream_runs(lake: Lake) -> None:
    with open_transaction(lake, "open") as producer:
        publish(lake, 10, "behind")
        said = "14 records are pending behind an open transaction"
        assert f"stream: {said}" in lake.adlake("status").stdout
        proof = lake.adlake("verify").stdout
        assert "PROVEN" in proof
        assert said in proof
        producer.commit_transaction()
    lake.adlake("wait")
