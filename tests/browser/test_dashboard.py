"""The pages in a real browser: they show what `adlake query` says, drawn, without complaints."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import expect

from adlake.dashboard.bridge import NAMES
from adlake.dashboard.frame import WAITING
from adlake.devstack.secret_files import OTHERS_WRITE
from adlake.devstack.services.trino import Trino
from adlake.settings import REPO_ROOT
from tests.fixtures.lake import Lake
from tests.fixtures.log_noise import noise_of
from tests.fixtures.page_numbers import (
    asked,
    expect_no_complaint_below_the_root,
    grouped,
    seconds,
    share,
    whole_hours_ago,
)
from tests.fixtures.processes import listening
from tests.fixtures.reader import PATIENCE_MS, Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


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
    # The numbers of the new range may be there before its table is.
    reader.expect_cells(0, 0, [
        largest["campaign_id"], largest["campaign_name"], largest["channel"],
        *(str(largest[name]) for name in ("impressions", "clicked_impressions")),
    ])  # fmt: skip
    reader.expect_no_complaint()


def test_campaign_charts_are_drawn(reader: Reader, pictures: Path | None) -> None:
    reader.open(title="Campaigns")
    reader.page.get_by_role("radio", name="24 hours").click()
    reader.expect_drawings({
        "Spend and revenue per hour": "line", "ROAS per hour": "line",
        "CTR and CVR per hour": "line",
    })  # fmt: skip
    expect(reader.tile("Attribution lag")).to_be_visible(timeout=PATIENCE_MS)
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
    [kpis] = asked(lake, "campaign_kpis", f"since={whole_hours_ago(7 * 24).isoformat()}")
    late = f"Late events: {kpis['late_events']:,} event"
    expect(reader.page.get_by_text(late)).to_be_visible(timeout=PATIENCE_MS)
    expect(reader.page.get_by_text("Notifications: none failed.")).to_be_visible(
        timeout=PATIENCE_MS
    )
    reader.read_topic("campaign_updates")
    [newest, *_] = json.loads(
        lake.adlake("peek", "campaign_updates", "--count", "1", "--format", "json").stdout
    )
    reader.expect_cells(2, 0, [str(newest["partition"]), str(newest["offset"])])
    key = reader.page.get_by_test_id("stDataFrame").nth(2).get_by_test_id("glide-cell-3-0")
    expect(key).to_have_text(newest["key"], timeout=PATIENCE_MS)
    reader.expect_no_complaint()
    reader.photograph(pictures, "dashboard-operations")


def test_operations_show_every_pipeline(lake: Lake, reader: Reader) -> None:
    pipelines = asked(lake, "pipelines")
    topics = ["ad_events", "business_events", "campaign_updates"]
    assert [one["topic"] for one in pipelines] == topics
    # Whether one of so few is rejected is a matter of the moment the run began.
    assert all(one["admitted"] > one["rejected"] for one in pipelines)
    reader.open("operations", title="Operations")
    pipelines_heading = reader.page.get_by_role("heading", name="Pipelines")
    expect(pipelines_heading).to_be_visible(timeout=PATIENCE_MS)
    reaches = ("gold.rollup_5m", "gold.customer_360", "dims.dim_campaigns")
    for row, (told, table) in enumerate(zip(pipelines, reaches, strict=True)):
        counts = [f"{told[name]}" for name in ("admitted", "rejected")]
        reader.expect_cells(0, row, [told["topic"], table, "0", *counts, "0"])


def test_filters_of_the_address_choose_what_is_shown(
    lake: Lake, reader: Reader, pictures: Path | None
) -> None:
    [campaign, *_] = asked(lake, "campaign_performance", "platform=web")
    chosen = f"campaign_id={campaign['campaign_id']}"
    [totals] = asked(lake, "performance_totals", chosen, "platform=web")
    reader.open(f"?range=All&{chosen}&platform=web", title="Campaigns")
    reader.expect_tiles({
        "Impressions": f"{totals['impressions']:,}", "Spend": grouped(totals["spend"]),
    })  # fmt: skip
    assert totals["impressions"] == campaign["impressions"]
    reader.open("?range=30+days", title="Campaigns")
    said = reader.page.get_by_text("of the expected conversions are in").first
    expect(said).to_be_visible(timeout=PATIENCE_MS)
    reader.expect_drawings({"Spend and revenue per day": "rect", "ROAS per day": "rect"})
    reader.expect_no_complaint()
    reader.photograph(pictures, "dashboard-maturity")


def test_the_funnel_is_the_query(lake: Lake, reader: Reader, pictures: Path | None) -> None:
    [total] = asked(lake, "campaign_kpis")
    assert total["signups"] > 0
    today = datetime.now(UTC).date()
    days = f"from={today - timedelta(days=30)}&to={today + timedelta(days=1)}"
    reader.open(f"funnel?span=Dates&{days}", title="Funnel")
    reader.expect_tiles({
        "Impressions": f"{total['impressions']:,}", "Clicks": f"{total['clicks']:,}",
        "Sign-ups": f"{total['signups']:,}", "Activations": f"{total['activations']:,}",
        "Conversions": f"{total['conversions']:,}", "CTR": share(total["ctr"]),
        "Click to sign-up": share(total["click_to_signup"]),
        "Cost": grouped(total["total_cost"]), "Revenue": grouped(total["revenue"]),
        "ROAS": f"{Decimal(total['roas']):.2f}x",
    })  # fmt: skip
    largest = asked(lake, "campaign_comparison", "most=1")[0]
    reader.expect_cells(0, 0, [
        largest["name"], *(str(largest[name]) for name in ("impressions", "clicks", "signups")),
    ])  # fmt: skip
    reader.expect_drawings({
        "Funnel from impression": "rect", "Rates per day": "line", "Clicks by campaign": "rect",
        "Clicks by channel": "rect",
    })  # fmt: skip
    expect_no_complaint_below_the_root(reader)
    reader.photograph(pictures, "dashboard-funnel")


def test_budgets_are_what_the_lake_says_and_a_change_gets_there(
    lake: Lake, reader: Reader, pictures: Path | None
) -> None:
    lake.adlake("budgets", "build")
    rows = asked(lake, "advertisers")
    first = rows[0]
    reader.open("budgets", title="Budgets")
    served = sum(row["can_serve"] for row in rows)
    reader.expect_tiles({
        "Advertisers": f"{first['advertisers']}", "May be served": f"{served}",
        "Ads": "Served" if first["can_serve"] else "Stopped",
    })  # fmt: skip
    reader.expect_cells(0, 0, [first["advertiser"], first["advertiser_id"]])
    reader.expect_drawings({
        "Spend against the budget": "rect", "Spend over time": "line", "Budgets over time": "line",
    })  # fmt: skip
    reader.photograph(pictures, "dashboard-budgets")
    reader.page.get_by_label("Advertiser (id)").fill(first["advertiser_id"])
    reader.page.get_by_role("textbox", name="Budget", exact=True).fill("1234.50")
    reader.page.get_by_role("button", name="Change the budget").click()
    expect(reader.page.get_by_text("Taken: 1,234.50")).to_be_visible(timeout=PATIENCE_MS)
    lake.adlake("wait", "--timeout", "240")
    lake.adlake("budgets", "build")
    newest = asked(lake, "advertiser_budgets", f"advertiser_id={first['advertiser_id']}")[0]
    assert (newest["budget_value"], newest["period"]) == ("1234.500000", "DAILY")
    expect_no_complaint_below_the_root(reader)


def test_customers_are_what_the_lake_says_and_an_order_counts(
    lake: Lake, reader: Reader, pictures: Path | None
) -> None:
    first = asked(lake, "customers", "most=1")[0]
    orders = first["order_count"]
    reader.open("customers", title="Customers")
    reader.expect_tiles({"Customers": f"{first['customers']:,}", "Orders": f"{orders}"})
    reader.expect_cells(0, 0, [first["user_id"]])
    reader.expect_drawings({"Segments by number": "rect", "Stages by the time": "line"})
    reader.photograph(pictures, "dashboard-customers")
    reader.page.get_by_role("button", name="Add a random order").click()
    expect(reader.page.get_by_text("Taken for")).to_be_visible(timeout=PATIENCE_MS)
    lake.adlake("wait", "--timeout", "240")
    reader.expect_tiles({"Orders": f"{orders + 1}"})
    [now] = asked(lake, "customers", f"user_id={first['user_id']}")
    assert now["order_count"] == orders + 1
    expect_no_complaint_below_the_root(reader)


def test_the_bridge_is_the_query(lake: Lake, reader: Reader, pictures: Path | None) -> None:
    buckets = {row["bucket"]: row for row in asked(lake, "bridge")}
    total = sum(Decimal(row["value"]) for row in buckets.values())
    attributed, rejected = (Decimal(buckets[n]["value"]) for n in ("ATTRIBUTED", "REJECTED"))
    assert attributed > 0
    reader.open(title="Campaigns")
    reader.go_to("Bridge")
    reader.page.get_by_role("radio", name="All", exact=True).click()
    reader.expect_tiles({
        "All conversions": grouped(total), "Attributed": grouped(attributed),
        "Not attributed": grouped(total - attributed), "Rejected": grouped(rejected),
    })  # fmt: skip
    exactly = reader.page.get_by_text(f"Together exactly {total:,.6f}.")
    expect(exactly).to_be_visible(timeout=PATIENCE_MS)
    reader.expect_drawings({"Bridge from the value": "rect", "Value of each day": "rect"})
    reader.expect_no_complaint()
    reader.photograph(pictures, "dashboard-bridge")


def test_the_address_names_the_bucket_as_a_person_reads_it(lake: Lake, reader: Reader) -> None:
    held = {row["bucket"] for row in asked(lake, "bridge") if row["conversions"]}
    bucket = min(held - {"NO_CLICK", "REJECTED"})
    largest = asked(lake, "bridge_conversions", f"bucket={bucket}", "most=1")[0]
    reader.open(f"bridge?range=All&bucket={quote_plus(NAMES[bucket])}", title="Bridge")
    reader.expect_cells(1, 0, [largest["impression_id"], largest["event_id"]])
    expect_no_complaint_below_the_root(reader)


def test_a_number_leads_to_its_rows_and_a_row_to_its_explanation(
    lake: Lake, reader: Reader, pictures: Path | None
) -> None:
    newest = asked(lake, "impressions", "only=converted", "most=1")[0]["impression_id"]
    reader.open("?range=All", title="Campaigns")
    with reader.page.context.expect_page() as opened:
        reader.page.get_by_role("link", name="conversions", exact=True).click()
    rows = Reader(opened.value, reader.address)
    rows.expect_page("Rows")
    assert rows.first_cells(0, 1) == [newest]
    rows.photograph(pictures, "dashboard-rows")
    with rows.page.expect_download() as download:
        rows.page.get_by_role("button", name="CSV of these rows").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.splitlines()[1].split(",")[0] == newest
    reader.open(f"explain?impression_id={newest}", title="Explain")
    reader.expect_attributed()
    reader.photograph(pictures, "dashboard-explain")


def test_trust_shows_the_newest_proof(lake: Lake, reader: Reader, pictures: Path | None) -> None:
    reader.open("trust", title="Trust")
    expect(reader.page.get_by_text("This lake was not proven yet")).to_be_visible(
        timeout=PATIENCE_MS
    )
    reader.page.goto("about:blank")  # an open page asks Trino on beside the proof
    proof = lake.adlake("verify", "--quiet").stdout.splitlines()
    reader.open("trust", title="Trust")
    expect(reader.page.get_by_text("Proven at ")).to_be_visible(timeout=PATIENCE_MS)
    expect(reader.page.get_by_text(proof[-1])).to_be_visible()
    expect(reader.page.get_by_text("Completeness: the batch counts agree.")).to_be_visible(
        timeout=PATIENCE_MS
    )
    reader.photograph(pictures, "dashboard-trust")


def test_the_frame_is_there_before_any_answer(
    lake: Lake, reader: Reader, record_property: Callable[[str, object], None]
) -> None:
    """Trino stands still, as it seems to on busy cores: the page does not wait for it."""
    stack = lake.stack()
    trino = Trino(stack.settings, stack.installation).main_process()
    assert trino is not None
    trino.suspend()
    try:
        began = time.monotonic()
        reader.page.goto(f"{reader.address}/?range=30+days")
        heading = reader.page.get_by_role("heading", name="Campaigns", exact=True)
        expect(heading).to_be_visible(timeout=PATIENCE_MS)
        framed = time.monotonic() - began
        expect(reader.waiting_tile("ROAS")).to_contain_text(WAITING, timeout=PATIENCE_MS)
    finally:
        trino.resume()
    reader.expect_page("Campaigns")
    record_property("frame_seconds", round(framed, 2))
    reader.expect_no_complaint()


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("path", "title"),
    [("campaigns", "Campaigns"), ("operations", "Operations"), ("bridge", "Bridge")],
)
def test_a_typed_address_opens_its_page(reader: Reader, path: str, title: str) -> None:
    reader.open(path, title=title)
    expect_no_complaint_below_the_root(reader)


def test_events_posted_as_the_docs_say_are_on_their_page(lake: Lake, reader: Reader) -> None:
    """The block under "The same over HTTP" of docs/send-events.md, but for the port."""
    text = (REPO_ROOT / "docs" / "send-events.md").read_text(encoding="utf-8")
    block = text.partition("## The same over HTTP\n")[2].partition("```bash\n")[2]
    post, wait, _ = block.partition(".venv/bin/adlake wait\n")
    assert wait
    posted = subprocess.run(
        ["bash", "-euc", post.replace(":8000/", f":{lake.port_of('api')}/")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(posted.stdout)["accepted"] == 3
    lake.adlake("wait", "--timeout", "240")
    reader.open("explain?impression_id=my-first", title="Explain")
    reader.expect_attributed()
    explained = json.loads(lake.adlake("explain", "my-first", "--json").stdout)
    assert explained["differences"] == []
    assert "12.500000" in json.dumps(explained)


@pytest.mark.chaos
def test_open_pages_say_so_while_trino_is_stopped(lake: Lake, reader: Reader) -> None:
    other = Reader(reader.page.context.new_page(), reader.address)
    open_pages = {"Campaigns": reader, "Operations": other}
    reader.open(title="Campaigns")
    other.open(title="Campaigns")
    other.go_to("Operations")
    lake.stack().down(only=["trino"])
    try:
        for one in open_pages.values():
            message = one.outage()
            expect(message).to_be_visible(timeout=PATIENCE_MS)
            expect(message).to_contain_text("make up")
            shown = one.page.inner_text("body")
            assert "Traceback" not in shown
            assert "Connection" not in shown
            one.expect_no_complaint()
    finally:
        lake.stack().up(only=["trino"])
    for title, one in open_pages.items():
        one.expect_page(title)
        expect(one.outage()).to_have_count(0, timeout=PATIENCE_MS)


def test_every_process_listens_on_loopback_alone(lake: Lake) -> None:
    addresses = {
        (service.name, *address)
        for service in lake.stack().services()
        for address in listening(service.processes())
    }
    assert {ip for _, ip, _ in addresses} == {"127.0.0.1"}, addresses
    ports = {port for _, _, port in addresses}
    # Started by who wants them, or where their programs are found; a REST catalog by compose.
    elsewhere = {"notebook_port", "prometheus_port", "alertmanager_port", "rest_port"}
    known = vars(lake.settings().ports)
    assert elsewhere <= set(known)
    given = {n for name, n in known.items() if isinstance(n, int) and name not in elsewhere}
    assert len(given) > 5
    assert given <= ports


def test_nobody_else_may_write_to_the_files(lake: Lake) -> None:
    open_to_all = [
        path for path in lake.home.rglob("*")
        if not path.is_symlink() and path.lstat().st_mode & OTHERS_WRITE
    ]  # fmt: skip
    assert open_to_all == []
    for secret in lake.settings().paths.secrets_dir.iterdir():
        assert secret.stat().st_mode & 0o077 == 0, secret


def test_the_log_of_a_healthy_stream_holds_no_trace_and_no_warning_twice(lake: Lake) -> None:
    log = (lake.home / "logs" / "stream.log").read_text(errors="replace")
    assert "batch " in log
    assert noise_of(log) == []
