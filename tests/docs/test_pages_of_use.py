"""README, send-events, connect, operate, cost: typed one way, shown as printed, true to reports."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from adlake.contracts.tables import NAMESPACES
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.page_blocks import blocks_of
from tools.pages import cost

pytestmark = pytest.mark.docs

PAGES = sorted(
    str(path.relative_to(REPO_ROOT))
    for path in (*REPO_ROOT.glob("*.md"), *REPO_ROOT.glob("docs/*.md"))
)
FOLLOWED = ("README.md", "docs/send-events.md", "docs/connect.md", "docs/operate.md")
"""What tests/integration/test_pages.py types."""
BARE = re.compile(r"(?m)^\s*adlake ")
OF_OTHER_TIMES = ("CHANGELOG.md", "docs/licences.md")
"""Pages about what was, or about a name."""
SHIPPED = {"grafana": "json", "notebooks": "ipynb", "metabase": "toml", "infra/prometheus": "yml"}
"""Texts beside the program that people read in another one -> their ending."""


def report(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (REPO_ROOT / "benchmarks" / "reports" / f"{name}.json").read_text()
    )
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_command_is_typed_so_that_it_is_found(page: str) -> None:
    bare = [str(one) for one in blocks_of(page) if BARE.search(one.text)]
    written = (REPO_ROOT / page).read_text()
    bare += re.findall(r"`adlake [a-z-]+", written) if page not in OF_OTHER_TIMES else []
    assert bare == [], "write .venv/bin/adlake: a bare `adlake` is on nobody's PATH"


def test_a_message_names_a_command_as_it_is_typed() -> None:
    """In no text of the program that people read; what only documents the code is free."""
    bare = [
        f"{path.relative_to(REPO_ROOT)}:{node.lineno}"
        for folder in ("src/adlake", "tools")
        for path in sorted((REPO_ROOT / folder).rglob("*.py"))
        for node in texts_of(path)
        if "`adlake " in str(node.value)
    ]
    assert bare == [], "write {ADLAKE} of adlake.folders, or a target of make"


def test_a_shipped_file_names_a_command_as_it_is_typed() -> None:
    """Panels and rules of Grafana and Prometheus, dashboards of Metabase, notebooks."""
    shipped = [
        path
        for folder, ending in SHIPPED.items()
        for path in sorted((REPO_ROOT / folder).rglob(f"*.{ending}"))
    ]
    assert {path.suffix[1:] for path in shipped} == set(SHIPPED.values())
    bare = [str(path) for path in shipped if "`adlake " in path.read_text()]
    assert bare == [], "write .venv/bin/adlake: a bare `adlake` is on nobody's PATH"


def texts_of(path: Path) -> list[ast.Constant]:
    """The strings of a file without those that stand alone, which document it."""
    tree = ast.parse(path.read_text())
    alone = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    return [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in alone
    ]


@pytest.mark.parametrize("page", FOLLOWED)
def test_nothing_is_left_open_on_a_page_that_is_followed(page: str) -> None:
    assert not re.search(r"(?m)^@[A-Z]+@$", (REPO_ROOT / page).read_text())
    assert blocks_of(page)


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_that_is_followed_shows_what_its_commands_print(page: str) -> None:
    silent = [str(one) for one in blocks_of(page) if one.printed is None and not one.not_run]
    assert silent == []


def test_operate_quotes_the_committed_reports() -> None:
    text = (REPO_ROOT / "docs" / "operate.md").read_text()
    bench, longer, chaos = report("bench"), report("bench-30min"), report("chaos")["totals"]
    fresh = bench["freshness_seconds"]
    for quoted in (
        f"p50 {fresh['p50']:.0f} s, p95 {fresh['p95']:.0f} s, p99 {fresh['p99']:.0f} s",
        f"{bench['batch_seconds_median_first_minute']:.1f} s in the first minute, "
        f"{bench['batch_seconds_median_last_minute']:.1f} s after ten",
        f"{longer['batch_seconds_median_last_minute']:.1f} s; p95 of events "
        f"{longer['freshness_seconds']['p95']:.0f} s",
        f"{bench['memory_mib_peak_total'] / 1024:.1f} GB at the peak",
        f"p50 {chaos['recovery_seconds_p50']:.0f} s, p95 {chaos['recovery_seconds_p95']:.0f} s",
        f"at {bench['rate_offered']:,} events a second",
    ):
        assert quoted in text, quoted


def test_connect_names_the_addresses_of_the_settings() -> None:
    text = (REPO_ROOT / "docs" / "connect.md").read_text()
    settings = Settings({})
    ports = settings.ports
    for port in (ports.trino_port, ports.postgres_port, ports.api_port, ports.metrics_port):
        assert f"127.0.0.1:{port}" in text
    assert f"jdbc:trino://127.0.0.1:{ports.trino_port}/lakehouse" in text
    assert {f"`{name}`" for name in NAMESPACES} <= set(re.findall(r"`\w+`", text))
    for tool in ("DBeaver", "Metabase", "Grafana", "Power BI", "Python", "PyIceberg", "DuckDB"):
        assert f"\n## {tool}\n" in text


def test_a_page_says_what_no_test_runs() -> None:
    text = (REPO_ROOT / "docs" / "connect.md").read_text()
    for tool in ("DBeaver", "Metabase", "Grafana", "Power BI"):
        section = text.partition(f"\n## {tool}\n")[2].partition("\n## ")[0]
        assert re.search(r"No test runs", section), tool


def test_cost_without_a_report_says_so_and_with_one_shows_it(tmp_path: Path) -> None:
    assert "Not measured yet" in cost.services(None)
    made = {
        "what": "a trial", "machine": report("bench")["machine"], "records": 500_000,
        "settings": {"generator_rate": 1_000.0},
        "services": {
            "stream": {
                "memory_mib_median": 2_000.4, "memory_mib_peak": 3_000.6, "cores": 0.456,
                "cpu_seconds_per_million_records": 91.2,
            },
            "kafka": {
                "memory_mib_median": 200.0, "memory_mib_peak": 300.0, "cores": 0.1,
                "cpu_seconds_per_million_records": 10.0,
            },
        },
        "disk": {
            "topics_mib_per_million_records": 250.0, "tables_gib_per_day": 7.21,
            "topics_gib_per_day": 20.0,
            "tables_mib_per_million_records": {"bronze.ad_events": 90.5, "gold.x": 0.0},
        },
        "programs_mib": {"cache": 600, "venv": 2_000},
    }  # fmt: skip
    services, disk = cost.services(made), cost.disk(made)
    assert "| stream | 2,000 | 3,001 | 0.46 | 91 |" in services
    assert "| all | 2,200 | 3,301 | 0.56 | 101 |" in services
    assert "| `bronze.ad_events` | 90.5 |" in disk
    assert "gold.x" not in disk
    assert "| tables | 7.2 |" in disk
