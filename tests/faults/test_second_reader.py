"""Fuzzed whole records through a real broker, read by the client that reads what Spark cannot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from adlake.contracts.record_time import ingest_ms
from adlake.io.kafka.admin import ensure_topic
from adlake.io.kafka.ranges import fetch_ranges
from adlake.io.kafka.topic import topic_facts
from tests.fixtures.corpus.records import records
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.foreign import (
    TOPIC,
    ForeignProducers,
    let_null_headers_pass,
    set_time_limits,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

SEED = 11
ROUNDS = 6
RECORDS_A_ROUND = 250


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Lake]:
    """Kafka alone, with the lake's topic."""
    with Lake(tmp_path / "home").running(only=["kafka"]) as lake:
        ensure_topic(lake.settings().bootstrap_servers, lake.settings().kafka)
        yield lake


def test_the_second_client_reads_every_committed_record_and_no_other(
    broker: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chronicle: Chronicle
) -> None:
    let_null_headers_pass(monkeypatch)
    servers = broker.settings().bootstrap_servers
    producers = ForeignProducers(servers)
    for number in range(ROUNDS):
        set_time_limits(broker, lifted=number % 2 == 1)
        now_ms = int(time.time() * 1000)
        producers.send(records(SEED + number, RECORDS_A_ROUND, now_ms), SEED + number)
        assert topic_facts(servers, TOPIC).pending
        producers.abort_open()
    producers.close()
    topic = topic_facts(servers, TOPIC)
    assert not topic.pending
    file = tmp_path / "read.parquet"
    fetched = fetch_ranges(servers, TOPIC, topic.begin_offsets, topic.end_offsets, file)
    rows = {
        (row["kafka_partition"], row["kafka_offset"]): (
            row["kafka_key"], row["value"], row["ingest_ms"]
        )
        for row in pq.read_table(file).to_pylist()
    }  # fmt: skip
    assert fetched.records == len(rows) == producers.counts["committed"]
    assert rows == {
        place: (one.key, one.value, ingest_ms(one.timestamp_ms))
        for place, one in producers.written.items()
    }
    chronicle.add(
        "fuzz", "whole records (key, headers, time, codec, transaction), read by the second client",
        records=ROUNDS * RECORDS_A_ROUND, **producers.counts,
        refused_for=" and ".join(sorted(producers.refusals)),
        times_outside_years_1_to_9999=fetched.clamped, rows_that_differ=0,
    )  # fmt: skip
