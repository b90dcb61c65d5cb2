"""A default id gathers 40,000 events on one impression: the stream goes on, and says so."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import drilled_lake
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

CROWDED = "undefined"
EVENTS = 40_000
AT_SECONDS = 1_772_445_600  # 2026-03-02 10:00 UTC
MOST_SECONDS_OF_A_BATCH = 60
"""The old merge had not done it after six minutes; a usual batch takes a few seconds here."""
GOLD_SECONDS = re.compile(r"batch \d+: (\d+) rows.* gold ([\d.]+) s")
MOST_ANSWER_BYTES = 1 << 20


def publish(lake: Lake, first: int, events: int) -> None:
    """Clicks and conversions in turn, a second apart."""
    settings = lake.settings()
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all", linger_ms=20)
    for number in range(first, first + events):
        event = {
            "event_id": f"e{number}", "event_timestamp": AT_SECONDS + number,
            "impression_id": CROWDED, "event_type": ("CLICK", "CONVERSION")[number % 2],
        } | ({"conversion_value": 10} if number % 2 else {})  # fmt: skip
        producer.send(settings.kafka.topic, key=CROWDED.encode(), value=json.dumps(event).encode())
    producer.flush()
    producer.close()


def log_text(lake: Lake) -> str:
    return lake.stream().log_file.read_text(errors="replace")


def gold_seconds(lake: Lake) -> list[tuple[int, float]]:
    """Rows and seconds of each batch's Gold part, by the stream's own log."""
    return [(int(rows), float(gold)) for rows, gold in GOLD_SECONDS.findall(log_text(lake))]


def warnings_of(lake: Lake) -> list[str]:
    return [line for line in log_text(lake).splitlines() if f'impression "{CROWDED}" has' in line]


def test_forty_thousand_events_on_one_id_are_merged_proven_and_reported(
    tmp_path: Path, chronicle: Chronicle
) -> None:
    size = {"MAX_OFFSETS_PER_TRIGGER": "10000", "COMPACT_EVERY_BATCHES": "0"}
    with drilled_lake(tmp_path / "home", **size) as lake:
        publish(lake, 0, EVENTS)
        lake.stack().up(only=["stream"])
        lake.adlake("wait", "--timeout", "280")
        publish(lake, EVENTS, 1)
        lake.adlake("wait", "--timeout", "120")
        batches, told = gold_seconds(lake), warnings_of(lake)
        listed = lake.adlake("query", "crowded_impressions", "--format", "json").stdout
        assert "PROVEN" in lake.adlake("verify").stdout
        started = time.monotonic()
        answer = lake.adlake("explain", CROWDED).stdout
        explained = time.monotonic() - started
    chronicle.add(
        "-", f"{EVENTS:,} events on one impression id, then one more", batches=len(batches),
        seconds_of_the_slowest_merge=max(seconds for _, seconds in batches),
        seconds_of_one_more_event=batches[-1][1], warnings=len(told),
        explain_seconds=round(explained, 1), explain_kilobytes=len(answer) >> 10,
    )  # fmt: skip
    assert batches[-1][0] == 1
    assert max(seconds for _, seconds in batches) < MOST_SECONDS_OF_A_BATCH
    [row] = json.loads(listed)
    assert (row["impression_id"], row["events"]) == (CROWDED, EVENTS + 1)
    assert 1 <= len(told) <= 4, "10,000, 20,000 and 40,000, not one in each batch"
    assert len(answer.encode()) < MOST_ANSWER_BYTES
