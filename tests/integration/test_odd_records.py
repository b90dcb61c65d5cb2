"""Records as foreign producers send them: any codec, any timestamp, any transaction.

Each test goes on with the lake of the one before.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from adlake.contracts.errors import STREAM_IS_AWAY
from adlake.contracts.record_time import ingest_ms
from adlake.io.kafka import ProducerError, publish_all
from adlake.io.last_records import with_last_records
from adlake.io.stamp import LastRecord
from adlake.io.topic import topic_facts
from adlake.io.topic_holes import OffsetRange, ranges_without_records
from adlake.io.trino import connect
from tests.fixtures.corpus.case import event
from tests.fixtures.log_noise import TRACE
from tests.integration.lake import SERVERS, Lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
TOPIC = "ad_events"
YEAR_ONE_MS = -62_135_596_800_000
YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    one = Lake(tmp_path_factory.mktemp("odd") / "home", {"TRIGGER_SECONDS": "1"})
    try:
        one.stack().up(only=SERVERS)
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


def test_an_empty_lake_says_everywhere_that_it_is_empty(lake: Lake) -> None:
    """No stream has ever run: there is no table, and nothing to put into one."""
    assert "nothing to wait for" in lake.adlake("wait", "--timeout", "0").stdout
    proof = lake.adlake("verify", expected=1).stderr
    assert "nothing to prove: Gold is empty, topic ad_events is empty too: send events" in proof
    assert "adlake wait" not in proof
    assert "nothing is missing" in lake.adlake("ledger").stdout
    assert "the stream can go on" in lake.adlake("epoch", "show").stdout
    for command in (("query", "roas"), ("explain", "imp-1"), ("quarantine", "list")):
        failed = lake.adlake(*command, expected=1).stderr
        assert "If the lake is new: the stream makes the tables" in failed
        assert "Traceback" not in failed


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


def test_a_producer_may_abort_its_first_records(lake: Lake) -> None:
    with open_transaction(lake, "aborted") as producer:
        producer.abort_transaction()
    unread = lake.adlake("verify", expected=1).stderr
    assert f"records to read: {STREAM_IS_AWAY}" in unread
    assert "not in Bronze yet" in lake.adlake("ledger").stdout
    lake.stack().up(only=["stream"])
    lake.adlake("wait")
    books = lake.adlake("ledger").stdout
    assert "nothing is missing" in books
    assert "pending" not in books


def test_nobody_calls_what_an_open_transaction_holds_back_read_or_lost(lake: Lake) -> None:
    with open_transaction(lake, "open") as producer:
        publish(lake, 100, "behind")
        waited = lake.adlake("wait", "--timeout", "4", expected=1)
        assert "104 records are pending behind an open transaction" in waited.stderr
        assert "is the stream running" not in waited.stderr.lower()
        proof = lake.adlake("verify").stdout
        assert "PROVEN" in proof
        assert "104 records are pending behind an open transaction" in proof
        books = json.loads(lake.adlake("ledger", "--json").stdout)
        assert sum(one["records"] for one in books["missing"] if one["is_pending"]) == 104
        producer.commit_transaction()
    lake.adlake("wait")


def test_no_record_time_stops_the_stream_or_looks_like_a_lost_tail(lake: Lake) -> None:
    """What a broker without limits may hold, in the middle of other records, and at their ends."""
    configure(
        lake, message_timestamp_before_max_ms=str(2**63 - 1),
        message_timestamp_after_max_ms=str(2**63 - 1),
    )  # fmt: skip
    times = {"one": YEAR_ONE_MS, "low": -(10**16), "high": 10**16, "minus": -1, "far": 10**15}
    publish_around(lake, times, "a")
    lake.adlake("wait")
    lake.stack().down(only=["stream"])
    publish_around(lake, times, "b")
    assert "the stream can go on" in lake.adlake("epoch", "show").stdout
    # What it read last has times of every kind, and the first batch is one that Spark cannot read.
    lake.stack().up(only=["stream"])
    lake.adlake("wait")
    proof = lake.adlake("verify").stdout
    assert "PROVEN" in proof
    assert "pending" not in proof
    books = lake.adlake("ledger").stdout
    assert "nothing is missing" in books
    assert "pending" not in books
    log = lake.stream().last_log_lines(4_000)
    assert "records read by the second client" in log
    # What heals by itself leaves no trace of Spark, nor a word of the tasks that failed.
    assert TRACE.findall(log) == []
    for sign in ("ArithmeticException", "TaskSetManager", "BlockManager"):
        assert sign not in log
    assert_times_are_kept(lake, times)


def publish_around(lake: Lake, times: dict[str, int], name: str) -> None:
    """Records of today, then some with each of these times: at the end of every partition."""
    publish(lake, 50, f"today-{name}")
    for kind, stamp_ms in times.items():
        publish(lake, 8, f"{kind}-{name}", stamp_ms)


def assert_times_are_kept(lake: Lake, times: dict[str, int]) -> None:
    with connect(lake.settings().ports.trino_port) as trino:
        kept = dict(trino.rows(
            "SELECT split_part(event_id, '-', 1), "
            "max(date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', ingest_ts)) "
            "FROM bronze.ad_events WHERE kafka_key IS NOT NULL GROUP BY 1"
        ))  # fmt: skip
    assert {name: kept[name] for name in times} == {n: ingest_ms(t) for n, t in times.items()}
    shown = json.loads(lake.adlake("query", "rejected_by_reason", "--format", "json").stdout)
    rejected = {row["reject_reason"]: row["deliveries"] for row in shown}
    assert rejected == {"FUTURE_TIMESTAMP": 49}  # and one of a century ago
