"""A lake with traffic and its dashboard, and headless chromium to read it with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from adlake.settings import REPO_ROOT
from tests.fixtures.chromium import chromium
from tests.fixtures.lake import SERVERS, Lake
from tests.fixtures.reader import Reader

HISTORY = (
    "--unpaced", "--business", "--history", "14d", "--history-events", "20000", "--events", "22500",
    "--seed", "1",
)  # fmt: skip
"""Twice the lookback, so that there is a delay curve."""
LIVE = ("--rate", "1500", "--events", "7500", "--seed", "2")
"""Paced, so that the stream makes several batches out of it."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    one = Lake(
        tmp_path_factory.mktemp("dashboard") / "home",
        {
            "TRIGGER_SECONDS": "1",
            "LEDGER_EVERY_BATCHES": "1",
            "BUDGETS": "true",
            "PUBLISH_EVERY_SECONDS": "1",
        },
    )
    try:
        one.stack().up(only=SERVERS)
        one.adlake("generate", "--faults", "default", *HISTORY)
        one.stack().up(only=["stream", "dashboard", "api"])
        one.adlake("wait", "--timeout", "240")
        one.adlake("generate", "--faults", "default", "--business", "--campaigns", *LIVE)
        one.adlake("wait", "--timeout", "240")
        yield one
    finally:
        one.stack().nuke()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1900}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture
def reader(lake: Lake, page: Page) -> Reader:
    return Reader(page, f"http://127.0.0.1:{lake.settings().ports.dashboard_port}")


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Folder for the pictures of the docs; `make screenshots` names one, a plain test does not."""
    named = os.environ.get("SCREENSHOTS")
    return REPO_ROOT / named if named else None
