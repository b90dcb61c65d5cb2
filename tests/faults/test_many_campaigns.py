"""500,000 campaigns and several viewers: the dashboard takes no more memory than for a few."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
from kafka import KafkaProducer
from playwright.sync_api import Page, expect, sync_playwright

from adlake.devstack.supervisor.process import memory_bytes
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import drilled_lake
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "500000"))
VIEWERS = 4
WATCHED_SECONDS = 45
"""Four refreshes of the page; the unbounded one was at its largest after the first."""
MOST_MEBIBYTES_MORE = 120
"""Libraries that the first viewer loads (pandas, Arrow, Altair) and a session each."""
LONG_NAME = "c" * 192
AT_SECONDS = 1_772_445_600  # 2026-03-02 10:00 UTC


def publish(lake: Lake) -> None:
    """One impression of each campaign; a higher number spends more."""
    settings = lake.settings()
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, acks="all", linger_ms=20, batch_size=262_144
    )
    for number in range(CAMPAIGNS):
        event = {
            "event_id": f"e{number}", "event_type": "IMPRESSION", "event_timestamp": AT_SECONDS,
            "impression_id": f"i{number}", "campaign_id": f"{number:08d}{LONG_NAME}",
            "bid_price": 1 + number / 1_000_000,
        }  # fmt: skip
        producer.send(settings.kafka.topic, key=f"i{number}".encode(),
                      value=json.dumps(event).encode())  # fmt: skip
    producer.flush()
    producer.close()


def look(page: Page, address: str) -> None:
    """Open the page on all of the time there is, and read what it says of the campaigns."""
    page.goto(urljoin(address, "/"))
    page.get_by_role("radio", name="All").click(timeout=60_000)
    said = page.get_by_text(f"The first 100 of {CAMPAIGNS:,} campaigns")
    expect(said).to_be_visible(timeout=120_000)


def test_many_campaigns_and_viewers_take_bounded_memory(
    tmp_path: Path, chronicle: Chronicle
) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "the page needs Debian's chromium: apt-get install chromium"
    size = {"MAX_OFFSETS_PER_TRIGGER": "250000", "COMPACT_EVERY_BATCHES": "0"}
    with drilled_lake(tmp_path / "home", **size) as lake, sync_playwright() as playwright:
        publish(lake)
        lake.stack().up(only=["stream"])
        lake.adlake("wait", "--timeout", "400", timeout=420)
        lake.stack().up(only=["dashboard"])
        [dashboard] = lake.stack().services(["dashboard"])
        before = memory_bytes(dashboard.processes())
        address = f"http://127.0.0.1:{lake.settings().ports.dashboard_port}"
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        for _ in range(VIEWERS):
            look(browser.new_page(), address)
        most, deadline = 0, time.monotonic() + WATCHED_SECONDS
        while time.monotonic() < deadline:
            most = max(most, memory_bytes(dashboard.processes()))
            time.sleep(1)
        browser.close()
    chronicle.add("-", f"{CAMPAIGNS:,} campaigns, {VIEWERS} viewers of the dashboard",
                  mebibytes_before=before >> 20, mebibytes_at_most=most >> 20)  # fmt: skip
    assert (most - before) >> 20 < MOST_MEBIBYTES_MORE
