"""Fuzzed whole records through a real broker: any key, headers, time, codec and transaction.

What the broker took and what was committed is in Bronze once, byte for byte, with the verdict of
the plain Python law. The stream is one process from the first record to the last.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from adlake.attribution.law.admission import Rejected, admit
from adlake.contracts.record_time import ingest_ms
from tests.fixtures.corpus.records import FuzzedRecord, records
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.foreign import ForeignProducers, let_null_headers_pass, set_time_limits
from tests.fixtures.drill.lake import client_of, drilled_lake, wait_for_free_port
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

SEED = 11
ROUNDS = 6
RECORDS_A_ROUND = 250
BRONZE = """
SELECT kafka_partition, kafka_offset, to_hex(sha256(coalesce(raw_bytes, to_utf8(raw_payload)))),
       to_hex(sha256(kafka_key)),
       date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', ingest_ts),
       reject_reason, reject_detail
FROM bronze.ad_events
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("records") / "home") as one:
        yield one


@pytest.fixture
def producers(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignProducers]:
    let_null_headers_pass(monkeypatch)
    one = ForeignProducers(lake.settings().bootstrap_servers)
    yield one
    one.close()


def driver_pid(lake: Lake) -> int | None:
    process = lake.stream().main_process()
    return None if process is None else process.pid


def pending(lake: Lake) -> int:
    """Records that are still to come into Bronze, as the audit says; nothing may be lost."""
    audit = json.loads(lake.adlake("producers", "--json").stdout)
    assert [one for one in audit["missing"] if not one["is_pending"]] == []
    return sum(one["records"] for one in audit["missing"])


def test_fuzzed_records_never_stop_the_stream_and_each_is_in_bronze_once(
    lake: Lake, producers: ForeignProducers, chronicle: Chronicle
) -> None:
    lake.stack().up(only=["stream"])
    driver = driver_pid(lake)
    for number in range(ROUNDS):
        set_time_limits(lake, lifted=number % 2 == 1)
        now_ms = int(time.time() * 1000)
        producers.send(records(SEED + number, RECORDS_A_ROUND, now_ms), SEED + number)
        assert pending(lake)
        waited = lake.adlake("wait", "--timeout", "8", expected=1).stderr
        assert "pending behind an open transaction" in waited
        producers.abort_open()
        lake.adlake("wait", "--timeout", "120")
        assert driver_pid(lake) == driver
    log = lake.stream().log_file.read_text(errors="replace")
    assert "failed (attempt" not in log
    restart(lake)
    assert "PROVEN" in lake.adlake("verify").stdout
    assert "nothing is missing" in lake.adlake("producers").stdout
    assert pending(lake) == 0
    assert_bronze_is(lake, producers.written)
    chronicle.add(
        "fuzz", "whole records: key, headers, time, codec, transaction",
        records=ROUNDS * RECORDS_A_ROUND, **dict(producers.counts),
        refused_for=", ".join(sorted(producers.refusals)),
        read_again=log.count("records read by the second client"), stops=0, rows_that_differ=0,
    )  # fmt: skip


def restart(lake: Lake) -> None:
    """A new driver compares the last records of every partition with its stamps."""
    lake.stack().down(only=["stream"])
    assert "the stream can go on" in lake.adlake("source", "show").stdout
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "120")


def assert_bronze_is(lake: Lake, written: dict[tuple[int, int], FuzzedRecord]) -> None:
    with client_of(lake) as trino:
        rows = list(trino.rows(BRONZE))
    found = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    assert len(found) == len(rows), "a record has two rows"
    assert found.keys() == written.keys()
    differ = {
        place: (record.kinds, expected_row(record), found[place])
        for place, record in written.items()
        if found[place] != expected_row(record)
    }
    assert differ == {}


def expected_row(record: FuzzedRecord) -> tuple[Any, ...]:
    stamp_ms = ingest_ms(record.timestamp_ms)
    verdict = admit(record.value, stamp_ms)
    told: tuple[str | None, str | None] = (None, None)
    if isinstance(verdict, Rejected):
        told = (str(verdict.reason), str(verdict.detail))
    return (_digest(record.value), _digest(record.key), stamp_ms, *told)


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest().upper()
