"""Records behind an open transaction, and of times that no event has; the long cases.

Each test goes on with the lake of the one before. The short ones: tests/integration.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from adlake.contracts.record_time import ingest_ms
from adlake.io.trino.client import connect
from tests.fixtures.drill.lake import drilled_lake
from tests.fixtures.lake import Lake
from tests.fixtures.log_noise import TRACE
from tests.fixtures.odd_producers import configure, open_transaction, publish

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
YEAR_ONE_MS = -62_135_596_800_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("odd") / "home") as one:
        one.stack().up(only=["stream"])
        publish(one, 4, "first")
        one.adlake("wait")
        yield one


def test_nobody_calls_what_an_open_transaction_holds_back_read_or_lost(lake: Lake) -> None:
    with open_transaction(lake, "open") as producer:
        publish(lake, 100, "behind")
        waited = lake.adlake("wait", "--timeout", "4", expected=1)
        assert "104 records are pending behind an open transaction" in waited.stderr
        assert "is the stream running" not in waited.stderr.lower()
        proof = lake.adlake("verify").stdout
        assert "PROVEN" in proof
        assert "104 records are pending behind an open transaction" in proof
        audit = json.loads(lake.adlake("producers", "--json").stdout)
        assert sum(one["records"] for one in audit["missing"] if one["is_pending"]) == 104
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
    assert "the stream can go on" in lake.adlake("source", "show").stdout
    # What it read last has times of every kind, and the first batch is one that Spark cannot read.
    lake.stack().up(only=["stream"])
    lake.adlake("wait")
    proof = lake.adlake("verify").stdout
    assert "PROVEN" in proof
    assert "pending" not in proof
    audit = lake.adlake("producers").stdout
    assert "nothing is missing" in audit
    assert "pending" not in audit
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
    assert rejected == {"FUTURE_TIMESTAMP": 48}
