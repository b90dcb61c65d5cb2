"""The page Alerts and the strip on a lake without a stream: first empty, then with rows by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import expect

from adlake.settings import Settings
from tests.fixtures.alert_rows import alert, incident, rule
from tests.fixtures.lake import Lake
from tests.fixtures.page_numbers import expect_no_complaint_below_the_root, whole_hours_ago
from tests.fixtures.reader import PATIENCE_MS, Reader
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.metrics_lake import FUNNEL_COUNTS, TABLES, TIME
from tests.fixtures.trino.oracle_lake import write_rows
from tests.fixtures.trino.private_lake import catalog_of, forget_tables

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FIVE = timedelta(minutes=5)
ARROW = {
    "varchar": pa.string(), "bigint": pa.int64(), "integer": pa.int32(), "double": pa.float64(),
    "boolean": pa.bool_(), TIME: pa.timestamp("us", tz="UTC"),
    "decimal(38,6)": pa.decimal128(38, 6),
}  # fmt: skip
NAMED = "a_b *c*"
"""A campaign that Markdown would draw otherwise."""


@pytest.fixture(scope="module")
def lake(private_lake: Settings) -> Iterator[Lake]:
    """Trino and the dashboard alone, over a catalog without a table."""
    forget_tables(private_lake)
    ports = private_lake.ports
    own = {"POSTGRES_PORT": str(ports.postgres_port), "TRINO_PORT": str(ports.trino_port)}
    one = Lake(private_lake.paths.home, own | {"ALERTS": "true"})
    one.stack().up(only=["dashboard"])
    yield one
    one.stack().down(only=["dashboard"])


@pytest.fixture(scope="module")
def begin() -> datetime:
    """Of the first window of the incidents, this morning or yesterday."""
    return whole_hours_ago(6)


@pytest.fixture(scope="module")
def alerted(lake: Lake, begin: datetime) -> Lake:
    """One incident that is open, one of yesterday that is over; the windows around the first."""
    day = timedelta(days=1)
    tables: dict[str, Sequence[Sequence[Any]]] = {
        "gold.alert_incidents": [
            incident("open", begin, campaign_id=NAMED, last_window_start=begin + FIVE,
                     fired_windows=2),
            incident("over", begin - day, state="resolved", metric="impressions", rule="C",
                     alert_type="volume_drop", closed_at=begin - day + timedelta(minutes=31),
                     last_value=40, last_threshold=120.5, worst_value=40, last_k=40, last_n=40),
        ],
        "gold.alerts_log": [
            alert("a1", "open", begin, campaign_id=NAMED),
            alert("a2", "open", begin + FIVE, campaign_id=NAMED),
        ],
        "dims.alert_rules": [rule("A-ctr"), rule("C-clicks", rule="C", metric="clicks",
                                                 threshold=None, z=None)],
        # A view of a lake with a stream.
        "gold.campaign_funnel_5m": [
            (NAMED, "search", "de", begin + number * FIVE, begin + (number + 1) * FIVE, 800,
             4 if number in (0, 1) else 16, *(0,) * (len(FUNNEL_COUNTS) - 4), Decimal(0),
             Decimal(0))
            for number in range(-12, 12)
        ],
    }  # fmt: skip
    with catalog_of(lake.settings()) as catalog:
        for name, rows in tables.items():
            columns = TABLES[name]
            schema = pa.schema([(column, ARROW[kind]) for column, kind in columns.items()])
            records = [dict(zip(columns, row, strict=True)) for row in rows]
            write_rows(catalog, name, schema, records, {})
    return lake


def test_a_lake_without_the_tables_is_called_empty(reader: Reader) -> None:
    for path, title in (("alerts", "Alerts"), ("", "Campaigns")):
        reader.page.goto(f"{reader.address}/{path}")
        expect(reader.page.get_by_role("heading", name=title, exact=True)).to_be_visible(
            timeout=PATIENCE_MS
        )
        empty = reader.page.get_by_text("the lake is empty")
        # While a part is drawn again its message may be there twice.
        expect(empty.first).to_be_visible(timeout=PATIENCE_MS)
        expect(reader.page.get_by_role("alert").filter(has_text="open")).to_have_count(0)
        expect_no_complaint_below_the_root(reader)


def test_an_api_that_is_away_is_told(reader: Reader) -> None:
    reader.page.goto(f"{reader.address}/alerts")
    reader.page.get_by_role("button", name="Test Slack").click(timeout=PATIENCE_MS)
    said = reader.page.get_by_text("Slack: no message was sent.")
    expect(said).to_be_visible(timeout=PATIENCE_MS)
    expect(reader.page.get_by_text("does not answer: start it with")).to_be_visible()
    expect_no_complaint_below_the_root(reader)


def test_the_page_shows_open_incidents_their_history_and_the_rules(
    alerted: Lake, reader: Reader, begin: datetime, pictures: Path | None
) -> None:
    reader.open("alerts", title="Alerts")
    opened = begin + timedelta(minutes=6)
    reader.expect_tiles({
        "Open incidents": "1", "Campaigns concerned": "1",
        "Newest opened": f"{opened:%Y-%m-%d %H:%M:%S} UTC",
    })  # fmt: skip
    reader.expect_cells(0, 0, [NAMED, "all", "CTR", "A: below a fixed limit"])
    reader.expect_drawings({"Metric around an incident": "line"})
    reader.expect_drawings({"Metric around an incident": "symbol"})
    reader.expect_cells(1, 1, [
        "cmp_101", "all", "Impressions", "C: half of the expected count, or less", "Resolved",
    ])  # fmt: skip
    reader.expect_cells(2, 1, [
        "C: half of the expected count, or less", "Clicks", "every campaign", "all", "-",
    ])  # fmt: skip
    expect_no_complaint_below_the_root(reader)
    reader.photograph(pictures, "dashboard-alerts")


def test_the_address_chooses_incident_and_campaign(alerted: Lake, reader: Reader) -> None:
    reader.open("alerts?incident=over&campaign_id=cmp_101", title="Alerts")
    reader.expect_tiles({"Open incidents": "0", "Newest opened": "-"})
    expect(reader.page.get_by_text("No incident is open.")).to_be_visible(timeout=PATIENCE_MS)
    # Its campaign has no windows here: a count of nothing is 0.
    reader.expect_drawings({"Metric around an incident": "line"})
    expect_no_complaint_below_the_root(reader)


@pytest.mark.parametrize(
    ("path", "title"), in_tiers([("", "Campaigns"), ("funnel", "Funnel")], [("funnel", "Funnel")])
)
def test_pages_have_a_strip_while_an_incident_is_open(
    alerted: Lake, reader: Reader, path: str, title: str
) -> None:
    reader.page.goto(f"{reader.address}/{path}")
    expect(reader.page.get_by_role("heading", name=title, exact=True)).to_be_visible(
        timeout=PATIENCE_MS
    )
    strip = reader.page.get_by_role("alert").filter(has_text="1 alert is open")
    told = f"1 alert is open: CTR of {NAMED}: 0.50 % (limit 1.50 %). Alerts"
    expect(strip).to_contain_text(told, timeout=PATIENCE_MS)
    expect(strip.get_by_role("link", name="Alerts")).to_have_attribute("href", "alerts")
