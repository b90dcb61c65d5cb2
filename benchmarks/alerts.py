"""What the KPI alerts cost as a lake grows old: every window judged, and only what is new.

For each age a lake of its own is filled with windows, without a stream; one build judges all of it
twice, then windows of five minutes come one by one and each is judged as the stream's keeper does.
At the end both tables are compared with a build of everything. Writes
benchmarks/reports/alerts.json.

    .venv/bin/python benchmarks/alerts.py --days 2 10 30
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.alerts.build import Built, build_alerts
from adlake.alerts.memory import Memory
from adlake.alerts.rule_rows import DEFAULT_ROWS
from adlake.contracts.law import DAY_MS
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import (
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    CATALOG,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
)
from adlake.contracts.windows import EARLY_MS, WINDOW_MS
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.session import build_session
from adlake.maintenance.folding import fold
from adlake.settings import REPO_ROOT
from benchmarks.measured import Measured
from tests.fixtures.alerts.filled import append
from tests.fixtures.alerts.rows import rule_rows
from tests.fixtures.machine import machine_facts
from tests.fixtures.sessions import lake_at, resources_of

REPORT = REPO_ROOT / "benchmarks" / "reports" / "alerts.json"
END_MS: Final = 1_769_817_600_000
"""Up to here every lake is filled: 2026-01-31 00:00 UTC. The moment changes nothing."""
COUNTRIES: Final = 5
WARM_UP: Final = 2
"""New windows that are not counted: what they need is compiled."""


@dataclass
class Builds(Measured):
    """Builds of one kind."""

    said: str = ""

    def facts(self) -> dict[str, Any]:
        """Medians, and each build."""
        return super().facts() | {"said": self.said}


def main() -> int:
    arguments = parse_arguments()
    session = build_session("alerts", resources_of("2g"))
    lakes = []
    for days in arguments.days:
        with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
            lake = lake_at(session, Path(folder) / "warehouse")
            lakes.append(measure(lake, days, arguments.campaigns, arguments.builds))
            print(json.dumps(lakes[-1]), flush=True)
    session.stop()
    written = {
        "what": f"builds of the alert log, medians; {arguments.campaigns} campaigns with "
        f"{COUNTRIES} countries in every window of five minutes, default rules; the first whole "
        f"build is the second of its lake, {WARM_UP} new windows before are not counted",
        "machine": machine_facts(),
        "lakes": lakes,
    }
    arguments.report.write_text(json.dumps(written, indent=2) + "\n")
    return 0 if all(one["rows_that_differ"] == 0 for one in lakes) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[2, 10, 30])
    parser.add_argument("--campaigns", type=int, default=20)
    parser.add_argument("--builds", type=int, default=12, help="of one new window each, counted")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def measure(session: SparkSession, days: int, campaigns: int, builds: int) -> dict[str, Any]:
    """One lake: builds of everything, then of one window after the other."""
    append(rows_of_rules(session).coalesce(1), ALERT_RULES)
    append(session.sql("SELECT 1 AS campaign_key").where("FALSE").coalesce(1), DIM_CAMPAIGNS)
    fill(session, campaigns, END_MS - days * DAY_MS, END_MS)
    fold(session, spec_of(GOLD_WINDOWS), fewest_files=1)
    whole, new, memory = Builds(), Builds(), Memory()
    until_ms = END_MS + EARLY_MS
    build_alerts(session, until_ms)
    measured(session, whole, partial(build_alerts, session, until_ms, None, memory))
    for number in range(WARM_UP + builds):
        begin_ms = END_MS + number * WINDOW_MS
        fill(session, campaigns, begin_ms, begin_ms + WINDOW_MS)
        until_ms = begin_ms + WINDOW_MS + EARLY_MS
        into = new if number >= WARM_UP else Builds()
        measured(session, into, partial(build_alerts, session, until_ms, None, memory))
    return {
        "days": days, "windows": days * DAY_MS // WINDOW_MS * campaigns,
        "whole": whole.facts(), "new": new.facts(),
        "rows_that_differ": differences(session, until_ms),
    }  # fmt: skip


def measured(session: SparkSession, into: Builds, build: Callable[[], Built]) -> None:
    with into.once(session):
        into.said = build().words
    print(
        f"{into.seconds[-1]:.2f} s, {into.cpu_seconds[-1]:.2f} s of processors, "
        f"{into.compiled[-1]} classes: {into.said}", flush=True,
    )  # fmt: skip


def fill(session: SparkSession, campaigns: int, begin_ms: int, end_ms: int) -> None:
    """Windows in which every campaign has events; clicks drop for two hours every other day."""
    windows = (end_ms - begin_ms) // WINDOW_MS
    grain = session.range(campaigns * COUNTRIES * windows).selectExpr(
        f"concat('cmp-', id % {campaigns}) AS campaign_id",
        f"concat('c', id DIV {campaigns} % {COUNTRIES}) AS region", "'unknown' AS channel",
        f"{begin_ms}L + id DIV {campaigns * COUNTRIES} * {WINDOW_MS}L AS begin_ms",
        "30 + pmod(hash(id), 20) AS impressions", "pmod(hash(id, 1), 4) AS usual_clicks",
    )  # fmt: skip
    drops = f"pmod(begin_ms DIV 3600000 + hash(campaign_id), {48}) < 2"
    counted = grain.selectExpr(
        "*", "timestamp_millis(begin_ms) AS window_start", "impressions AS early_impressions",
        f"IF({drops}, 0, usual_clicks) AS clicks", f"IF({drops}, 0, usual_clicks) AS early_clicks",
    )  # fmt: skip
    append(counted.coalesce(1), GOLD_WINDOWS)
    signups = grain.where("pmod(hash(id, 2), 5) = 0").selectExpr(
        "'SIGNUP' AS event_type", "concat(campaign_id, region, begin_ms) AS event_id",
        "campaign_id", "'push' AS channel", "region",
        "timestamp_millis(begin_ms + 1000) AS event_time",
        "timestamp_millis(begin_ms + 2000) AS first_ingest_ts",
    )  # fmt: skip
    append(signups.coalesce(1), FUNNEL_EVENTS)


def rows_of_rules(session: SparkSession) -> Any:  # noqa: ANN401 - a frame
    return session.createDataFrame(
        rule_rows(DEFAULT_ROWS), session.table(f"{CATALOG}.{ALERT_RULES}").schema
    )


def differences(session: SparkSession, until_ms: int) -> int:
    """Rows of the two tables that a build of everything writes otherwise."""
    names = (ALERTS_LOG, ALERT_INCIDENTS)
    pins = {name: IcebergTable(session, name).current_snapshot_id() for name in names}
    build_alerts(session, until_ms)
    found = 0
    for name in names:
        # Sums of doubles differ in their last digits by the order of their terms.
        columns = [
            F.format_number(one.name, 9).alias(one.name) if one.dataType.typeName() == "double"
            else F.col(one.name)
            for one in session.table(f"{CATALOG}.{name}").schema
        ]  # fmt: skip
        before = IcebergTable(session, name).at(pins[name] or 0).select(*columns)
        after = session.table(f"{CATALOG}.{name}").select(*columns)
        found += before.exceptAll(after).count() + after.exceptAll(before).count()
    return found


if __name__ == "__main__":
    sys.exit(main())
