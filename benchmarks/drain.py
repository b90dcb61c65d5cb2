"""Two checkouts drain the same full topic in turns: events a second, CPU an event, batch times.

Each run has a stack of its own (Postgres, Kafka, the stream) in a new folder. The generator of
that checkout fills the topic with the events of one seed and one moment, then the stream starts
and reads them in batches of its usual size. The first batch, which a cold JVM takes, is not
counted.

    .venv/bin/python benchmarks/drain.py --before ../before --pairs 3

`--before` is another checkout with its own `.venv` (`make venv install` there). Writes
benchmarks/reports/drain.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.services.ports import private_environment
from adlake.settings import REPO_ROOT
from benchmarks.processor import cpu_seconds
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "drain.json"
START = "2026-01-10T12:00:00Z"
SERVICES = "postgres,kafka"
MOST_COST = 1.05
"""The new checkout may cost so many times what the old one does."""
BATCH = re.compile(r"^(\S+ \S+) INFO (?:\w+ )?batch (\d+): (\d+) rows")
LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Drained:
    """One run: batches behind the first one."""

    events: int
    seconds: float
    cpu_seconds: float
    batch_seconds: list[float]

    def facts(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "events_per_second": round(self.events / self.seconds),
            "cpu_microseconds_per_event": round(self.cpu_seconds / self.events * 1e6, 1),
            "batch_seconds": [round(one, 2) for one in self.batch_seconds],
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="checkout to compare with")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--events", type=int, default=1_750_000)
    arguments = parser.parse_args()
    checkouts = {"before": arguments.before.resolve(), "now": REPO_ROOT}
    runs: dict[str, list[Drained]] = {"before": [], "now": []}
    for number in range(arguments.pairs):
        for name in sorted(checkouts, reverse=bool(number % 2)):
            print(f"pair {number + 1}, {name}", flush=True)
            runs[name].append(drain(checkouts[name], arguments.events))
            print(f"  {json.dumps(runs[name][-1].facts())}", flush=True)
    report = report_of(runs, checkouts["before"], arguments.events)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report["verdict"]))
    return 0 if all(report["verdict"].values()) else 1


def report_of(runs: dict[str, list[Drained]], before: Path, events: int) -> dict[str, Any]:
    ratios = {
        "seconds_per_event": ratio(runs, lambda one: one.seconds / one.events),
        "cpu_per_event": ratio(runs, lambda one: one.cpu_seconds / one.events),
        "batch_seconds": ratio(runs, lambda one: statistics.median(one.batch_seconds)),
    }
    return {
        "what": f"{events:,} events of one seed drained from a full topic by each checkout in "
        "turns; the other pipelines of the new one wait beside, their topics are empty",
        "machine": machine_facts(),
        "before_commit": commit_of(before),
        "runs": {name: [one.facts() for one in found] for name, found in runs.items()},
        "now_against_before": ratios,
        "most_allowed": MOST_COST,
        "verdict": {name: value <= MOST_COST for name, value in ratios.items()},
    }


def ratio(runs: dict[str, list[Drained]], cost: Any) -> float:  # noqa: ANN401 - a function
    """Median over the pairs of what now costs against before."""
    pairs = zip(runs["now"], runs["before"], strict=True)
    return round(statistics.median(cost(now) / cost(before) for now, before in pairs), 3)


def drain(checkout: Path, events: int) -> Drained:
    """Fill a topic, then let the checkout's stream read it to its end."""
    with tempfile.TemporaryDirectory(prefix="adlake-drain-") as folder:
        home = Path(folder) / "home"
        environment = {
            **os.environ, **known_to(checkout, private_environment(home)),
            "ADLAKE_TRIGGER_SECONDS": "1",
        }  # fmt: skip
        try:
            adlake(checkout, environment, "up", "--only", SERVICES)
            adlake(checkout, environment, "generate", "--events", str(events), "--unpaced",
                   "--seed", "7", "--start-at", START)  # fmt: skip
            adlake(checkout, environment, "up", "--only", "stream")
            return watched(home, events)
        finally:
            adlake(checkout, environment, "nuke")


def known_to(checkout: Path, settings: dict[str, str]) -> dict[str, str]:
    """Those that it has: an older checkout refuses the ports of servers that it does not know."""
    documented = (checkout / "docs" / "settings.md").read_text(encoding="utf-8")
    return {name: value for name, value in settings.items() if f"`{name}`" in documented}


def watched(home: Path, events: int) -> Drained:
    """CPU of the stream from the end of its first batch to the end of its last one."""
    log, driver = home / "logs" / "stream.log", stream_process(home)
    deadline = time.monotonic() + LIMIT_SECONDS
    cpu_at: dict[int, float] = {}
    found: list[tuple[datetime, int, int]] = []
    while sum(rows for _, _, rows in found) < events:
        if time.monotonic() > deadline:
            raise SystemExit(f"not drained after {LIMIT_SECONDS} s: {found}")
        time.sleep(0.2)
        found = batches(log)
        for _, number, _ in found:
            cpu_at.setdefault(number, cpu_seconds(driver))
    used = cpu_seconds(driver) - min(cpu_at.values())
    ends = [when for when, _, _ in found]
    counted = sum(rows for _, _, rows in found[1:])
    between = [(b - a).total_seconds() for a, b in pairwise(ends)]
    return Drained(counted, (ends[-1] - ends[0]).total_seconds(), used, between)


def batches(log: Path) -> list[tuple[datetime, int, int]]:
    """End, number and rows of the batches of ad events."""
    found = (BATCH.match(line) for line in log.read_text().splitlines())
    return [
        (datetime.strptime(one[1], "%Y-%m-%d %H:%M:%S,%f"), int(one[2]), int(one[3]))
        for one in found
        if one
    ]


def stream_process(home: Path) -> psutil.Process:
    return psutil.Process(int(json.loads((home / "run" / "stream.json").read_text())["pid"]))


def commit_of(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def adlake(checkout: Path, environment: dict[str, str], *command: str) -> None:
    python = checkout / ".venv" / "bin" / "python"
    subprocess.run(
        [str(python), "-m", "adlake.cli", *command], env=environment, cwd=checkout, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
