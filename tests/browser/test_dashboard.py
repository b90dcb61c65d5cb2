"""Both pages in a real browser: they show what `adlake query` says, drawn, without complaints."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.fixtures.lake import Lake
from tests.fixtures.reader import PATIENCE_MS, Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PROBED_AT_STREAMLITS_ROOT = "Failed to load resource: the server responded with a status of 404"
"""Opened below "/", Streamlit's own script first looks for its server beside the page."""


def asked(lake: Lake, metric: str, *parameters: str) -> list[dict[str, Any]]:
    given = [part for one in parameters for part in ("--param", one)]
    answer = lake.adlake("query", metric, *given, "--format", "json").stdout
    rows: list[dict[str, Any]] = json.loads(answer)
    return rows


def grouped(value: str | int) -> str:
    return f"{Decimal(value):,.2f}"


def share(value: str) -> str:
    return f"{100 * Decimal(value):.2f} %"


def seconds(value: str) -> str:
    """Seconds of a lively stream, which are under a day, as the pages write them."""
    whole = round(Decimal(value))
    if whole < 60:
        return f"{Decimal(value):.1f} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60:02d} min"


def test_campaign_numbers_equal_the_queries(lake: Lake, reader: Reader) -> None:
    [roas], [ctr], [cvr] = (asked(lake, name) for name in ("roas", "ctr", "cvr"))
    [lag], [orphans] = asked(lake, "attribution_lag"), asked(lake, "orphan_revenue")
    assert Decimal(roas["revenue"]) > 0
    assert ctr["impressions"] > 22_500
    reader.open(title="Campaigns")
    reader.page.get_by_role("radio", name="All").click()
    reader.expect_tiles({
        "ROAS": f"{Decimal(roas['roas']):.2f}x",
        "Revenue": grouped(roas["revenue"]),
        "Spend": grouped(roas["spend"]),
        "Impressions": f"{ctr['impressions']:,}",
        "CTR": share(ctr["ctr"]),
        "CVR": share(cvr["cvr"]),
        "Attribution lag": seconds(lag["lag_seconds_avg"]),
        "Orphan revenue": grouped(orphans["orphan_revenue"]),
    })  # fmt: skip
    largest = asked(lake, "campaign_performance")[0]
    assert reader.first_cells(0, 5) == [
        largest["campaign_id"], largest["campaign_name"], largest["channel"],
        *(str(largest[name]) for name in ("impressions", "clicked_impressions")),
    ]  # fmt: skip
    reader.expect_no_complaint()


def test_campaign_charts_are_drawn(reader: Reader, pictures: Path | None) -> None:
    reader.open(title="Campaigns")
    reader.page.get_by_role("radio", name="24 hours").click()
    reader.expect_drawings({
        "Spend and revenue per hour": "line", "ROAS per hour": "line",
        "CTR and CVR per hour": "line",
    })  # fmt: skip
    reader.expect_no_complaint()
    reader.photograph(pictures, "dashboard-campaigns")


def test_operations_numbers_equal_the_queries(
    lake: Lake, reader: Reader, pictures: Path | None
) -> None:
    newest = asked(lake, "batches", "minutes=30")[0]
    sizes = asked(lake, "table_sizes")
    reader.open(title="Campaigns")
    reader.go_to("Operations")
    [freshness] = asked(lake, "freshness")
    reader.expect_tiles({
        f"Freshness {name}": seconds(freshness[f"freshness_seconds_{name}"])
        for name in ("p50", "p95", "p99")
    } | {
        "Lag": "0", "Last batch": seconds(newest["batch_seconds"]),
        "Batch size": f"{newest['events']:,}",
    })  # fmt: skip
    stored = {row["table_name"]: row["stored_rows"] for row in sizes}
    assert stored["bronze.ad_events"] == 30_000
    assert stored["bronze.business_events"] > 0
    assert reader.first_cells(1, 4) == [
        sizes[0]["table_name"], *(str(sizes[0][name]) for name in ("stored_rows", "delete_marks")),
        str(sizes[0]["data_files"]),
    ]  # fmt: skip
    expect(reader.page.get_by_text("Gold contains every event of the topic.")).to_be_visible()
    expect(reader.page.get_by_text("Completeness: the batch counts agree.")).to_be_visible()
    reader.expect_drawings({
        "Freshness of each batch": "line", "Events per second between batches": "line",
        "Batch time": "rect", "Kafka lag per partition": "rect",
        "Rejected deliveries by reason": "rect",
    })  # fmt: skip
    reader.expect_no_complaint()
    reader.photograph(pictures, "dashboard-operations")


def test_operations_show_every_pipeline(lake: Lake, reader: Reader) -> None:
    pipelines = asked(lake, "pipelines")
    topics = ["ad_events", "business_events", "campaign_updates"]
    assert [one["topic"] for one in pipelines] == topics
    # Whether one of so few is rejected is a matter of the moment the run began.
    assert all(one["admitted"] > one["rejected"] for one in pipelines)
    reader.open("operations", title="Operations")
    expect(reader.page.get_by_role("heading", name="Pipelines")).to_be_visible()
    reaches = ("gold.ad_performance_state", "bronze.business_events", "dims.dim_campaigns")
    for row, (told, table) in enumerate(zip(pipelines, reaches, strict=True)):
        counts = [f"{told[name]}" for name in ("admitted", "rejected")]
        reader.expect_cells(0, row, [told["topic"], table, "0", *counts, "0"])


@pytest.mark.parametrize(
    ("path", "title"), [("campaigns", "Campaigns"), ("operations", "Operations")]
)
def test_a_typed_address_opens_its_page(reader: Reader, path: str, title: str) -> None:
    reader.open(path, title=title)
    reader.complaints = [
        text for text in reader.complaints if not text.startswith(PROBED_AT_STREAMLITS_ROOT)
    ]
    reader.expect_no_complaint()


@pytest.mark.parametrize("title", ["Campaigns", "Operations"])
def test_an_open_page_says_so_while_trino_is_stopped(
    lake: Lake, reader: Reader, title: str
) -> None:
    reader.open(title="Campaigns")
    if title != "Campaigns":
        reader.go_to(title)
    lake.stack().down(only=["trino"])
    try:
        message = reader.page.get_by_role("alert").filter(has_text="Trino does not answer")
        expect(message).to_be_visible(timeout=PATIENCE_MS)
        expect(message).to_contain_text("make up")
        shown = reader.page.inner_text("body")
        assert "Traceback" not in shown
        assert "Connection" not in shown
        reader.expect_no_complaint()
    finally:
        lake.stack().up(only=["trino"])
    reader.expect_page(title)
    expect(message).to_have_count(0, timeout=PATIENCE_MS)
