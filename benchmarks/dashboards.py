"""How fast the questions of the dashboard's pages are answered over a large Gold table.

Gold is made by `large_gold.py`; then the pages' own code says what it asks for each range and
filter, and Trino answers one question at a time, several times over, with nothing kept. Writes
benchmarks/reports/dashboards.json.

    .venv/bin/python benchmarks/dashboards.py --rows 20000000
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.attribution.gold_format import FORMAT_PROPERTIES
from adlake.attribution.pipeline import provision_audit_views
from adlake.attribution.rollup.writer import rollup_writers
from adlake.contracts import stamps
from adlake.contracts.tables import CATALOG, GOLD_CONVERSIONS, GOLD_HOURS, GOLD_STATE
from adlake.dashboard import bridge, campaigns, periods, rows
from adlake.dashboard.filters import Choice
from adlake.dashboard.lake import Parameters, Record, Sources
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.session import build_session, connect_catalog
from adlake.io.trino.client import TrinoClient, connect
from adlake.metrics.query import run_metric
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.spark import catalog_access
from benchmarks.canary import percentile
from benchmarks.large_gold import CAMPAIGNS, PLATFORMS, fill_gold
from benchmarks.own_stack import own_stack
from tests.fixtures.machine import machine_facts
from tests.fixtures.sessions import resources_of

REPORT = REPO_ROOT / "benchmarks" / "reports" / "dashboards.json"
PROMISE_SECONDS = 1.0
RANGES = tuple(name for name in periods.RANGES if name != periods.DATES)
FILTERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (), (("campaign_id", "cmp_007"),), (("geo_country", "DE"), ("platform", PLATFORMS[0])),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--times", type=int, default=3, help="how often each question is asked")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    with own_stack(only=("postgres", "trino")) as stack:
        made = make(stack.settings, arguments.rows, arguments.days)
        with connect(stack.settings.ports.trino_port) as client:
            asked = Asked(
                stack.settings.ports.trino_port, kafka_bootstrap="", topics={}, client=client,
                times=arguments.times,
            )  # fmt: skip
            # What a server compiles when it is asked for the first time since its start is not it.
            ask_as_the_pages_do(asked, Choice(periods.ALL, (), ()))
            asked.seconds.clear()
            for name, values in itertools.product(RANGES, FILTERS):
                ask_as_the_pages_do(asked, Choice(name, (), values))
            asked_at = datetime.now(UTC)
    report = report_of(asked, made) | {"asked_at": asked_at.isoformat(timespec="seconds")}
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(report["verdict"].values()) else 1


def make(settings: Settings, total: int, days: int) -> dict[str, Any]:
    """Fill Gold up to this moment; what is in it."""
    session = build_session("large gold", resources_of("3g"))
    connect_catalog(session, catalog_access(settings))
    provision_tables(session)
    began = time.monotonic()
    fill_gold(session, datetime.now(UTC), days, total)
    IcebergTable(session, GOLD_STATE).leave_stamp({**FORMAT_PROPERTIES, stamps.NEXT_OFFSETS: "{}"})
    summed = time.monotonic()
    for rollup in rollup_writers(session):
        rollup.build()
    built = time.monotonic()
    provision_audit_views(session)
    gold = f"{CATALOG}.{GOLD_STATE}"
    found = {
        "rows": session.table(gold).count(), "days": days, "campaigns": CAMPAIGNS,
        "files": session.table(f"{gold}.files").count(),
        "rows_of_sums_by_hour": session.table(f"{CATALOG}.{GOLD_HOURS}").count(),
        "conversions": session.table(f"{CATALOG}.{GOLD_CONVERSIONS}").count(),
        "seconds_to_sum": round(built - summed, 1),
        "seconds_to_make": round(time.monotonic() - began),
    }  # fmt: skip
    session.stop()
    return found


@dataclass(frozen=True)
class Asked(Sources):
    """Asks each new question several times, and writes down how long each answer took."""

    client: TrinoClient = field(kw_only=True)
    times: int = field(kw_only=True)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict, kw_only=True)
    """Metric and its parameters -> of each time."""

    def answers(self, requests: Mapping[str, Parameters]) -> dict[str, list[Record]]:
        return {name: self._answer(name, given) for name, given in requests.items()}

    def _answer(self, name: str, given: Parameters) -> list[Record]:
        taken = self.seconds.setdefault((name, json.dumps(given, sort_keys=True)), [])
        found: list[Record] = []
        for _ in range(1 if taken else self.times):
            began = time.monotonic()
            found = list(run_metric(self.client, name, dict(given)).records())
            taken.append(time.monotonic() - began)
        return found


def ask_as_the_pages_do(asked: Asked, choice: Choice) -> None:
    """All that the pages Campaigns, Bridge and Rows ask for one choice."""
    campaigns.ask_numbers(asked, choice)
    campaigns.ask_buckets(asked, choice)
    campaigns.ask_campaigns(asked, choice)
    bridge.ask_bridge(asked, choice)
    bridge.ask_days(asked, choice)
    bridge.ask_conversions(asked, choice, "NO_CLICK")
    rows.ask_rows(asked, choice, "all")


def report_of(asked: Asked, made: dict[str, Any]) -> dict[str, Any]:
    by_metric: dict[str, list[float]] = {}
    for (name, _), taken in asked.seconds.items():
        by_metric.setdefault(name, []).extend(taken)
    everything = [one for taken in by_metric.values() for one in taken]
    slowest = sorted(asked.seconds, key=lambda one: -statistics.median(asked.seconds[one]))[:10]
    whole = facts_of(everything)
    return {
        "what": "each question of the pages Campaigns, Bridge and Rows, asked alone and answered "
        f"by Trino {asked.times} times, for {len(RANGES)} ranges and {len(FILTERS)} filters; the "
        "server had answered each kind of question once before",
        "machine": machine_facts(),
        "load_average": round(os.getloadavg()[0], 1),
        "gold": made,
        "all": whole,
        "by_metric": {name: facts_of(by_metric[name]) for name in sorted(by_metric)},
        "slowest": [
            {"metric": name, "given": given,
             "seconds": [round(one, 2) for one in asked.seconds[name, given]]}
            for name, given in slowest
        ],
        "promise_seconds": PROMISE_SECONDS,
        "verdict": {"p95_in_promise": whole["p95"] <= PROMISE_SECONDS},
    }  # fmt: skip


def facts_of(seconds: list[float]) -> dict[str, Any]:
    return {
        "answers": len(seconds),
        "p50": round(percentile(seconds, 0.5), 3),
        "p95": round(percentile(seconds, 0.95), 3),
        "most": round(max(seconds), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
