"""Budgets and Customers over a lake that is empty first, an API that goes away, and a post to come.

The slow half of what test_dashboard.py shows of these pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.fixtures.lake import SERVERS, Lake
from tests.fixtures.page_numbers import asked, expect_no_complaint_below_the_root
from tests.fixtures.reader import PATIENCE_MS, Reader

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.timeout(900)]

SEEN_SECONDS = 2.0
"""From a button to the page that shows what it made, though the lake has it later."""
PAGES = ("Budgets", "Customers")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """No stream: nothing is taken into the lake until a test starts one."""
    one = Lake(
        tmp_path_factory.mktemp("accounts") / "home",
        {"TRIGGER_SECONDS": "1", "BUDGETS": "true", "PUBLISH_EVERY_SECONDS": "1"},
    )
    with one.running((*SERVERS, "api", "dashboard")):
        yield one


def goes_to(reader: Reader, title: str) -> None:
    reader.page.goto(f"{reader.address}/{title.lower()}")
    heading = reader.page.get_by_role("heading", name=title, exact=True)
    expect(heading).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.parametrize("title", PAGES)
def test_a_lake_without_tables_is_no_error(lake: Lake, reader: Reader, title: str) -> None:
    goes_to(reader, title)
    said = reader.page.get_by_text("the API cannot read the lake (yet)")
    expect(said).to_be_visible(timeout=PATIENCE_MS)
    expect(reader.page.get_by_text("No data yet")).to_be_visible(timeout=PATIENCE_MS)
    expect_no_complaint_below_the_root(reader)


def test_what_is_posted_is_seen_at_once_and_counts_once(
    lake: Lake, reader: Reader, record_property: Callable[[str, object], None]
) -> None:
    goes_to(reader, "Customers")
    reader.page.get_by_text("Create a customer").click()
    for label, text in (("Id (empty: one is made)", "ada"), ("Name", "Ada")):
        reader.page.get_by_role("textbox", name=label, exact=True).fill(text)
    reader.page.get_by_role("button", name="Create customer").click()
    said = reader.page.get_by_text("Customer ada is made: a prospect.")
    expect(said).to_be_visible(timeout=PATIENCE_MS)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    reader.open("customers?user_id=ada", title="Customers")
    reader.expect_tiles({"Orders": "0", "Customers": "1"})
    # Her row comes to the API by the topic, a while after it came to the lake.
    told = reader.page.get_by_text("pending: CUSTOMER_PROFILE")
    expect(told).to_have_count(0, timeout=PATIENCE_MS)

    lake.stack().down(only=["stream"])
    reader.page.get_by_role("button", name="Add a random order").click()
    began = time.monotonic()
    # Nothing can be in the lake: what is shown is what the broker has.
    expect(reader.tile("Orders")).to_have_text("1", timeout=PATIENCE_MS)
    seen = time.monotonic() - began
    record_property("seen_seconds", round(seen, 2))
    pending = reader.page.get_by_text("1 pending: ORDER")
    expect(pending).to_be_visible(timeout=PATIENCE_MS)
    assert asked(lake, "customers", "user_id=ada")[0]["order_count"] == 0
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    expect(pending).to_have_count(0, timeout=PATIENCE_MS)
    reader.expect_tiles({"Orders": "1"})
    assert asked(lake, "customers", "user_id=ada")[0]["order_count"] == 1
    expect_no_complaint_below_the_root(reader)
    assert seen < SEEN_SECONDS


@pytest.mark.parametrize("title", PAGES)
def test_an_api_that_is_away_is_told_and_comes_back(lake: Lake, reader: Reader, title: str) -> None:
    reader.open(title.lower(), title=title)
    lake.stack().down(only=["api"])
    try:
        # The badge says so, too.
        away = reader.page.get_by_text("The API does not answer. Start it with")
        expect(away).to_be_visible(timeout=PATIENCE_MS)
        shown = reader.page.inner_text("body")
        assert "Traceback" not in shown
        expect(reader.page.get_by_test_id("stException")).to_have_count(0)
    finally:
        lake.stack().up(only=["api"])
    expect(away).to_have_count(0, timeout=PATIENCE_MS)
    reader.expect_page(title)
    expect_no_complaint_below_the_root(reader)
