"""What viewers of the dashboard wait for and cost, on the demo lake while its stream runs.

Brings the whole stack up with its traffic, opens the Campaigns page in one, five and twenty tabs of
chromium, and reads from the page itself when it was painted, from the process how much memory it
has. Writes benchmarks/reports/viewers.json.

    .venv/bin/python benchmarks/viewers.py --viewers 1,5,20
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.dashboard.frame import WAITING
from adlake.devstack.stack import Stack
from adlake.settings import REPO_ROOT
from benchmarks.canary import percentile
from benchmarks.own_stack import own_stack
from benchmarks.run import adlake
from tests.fixtures.chromium import chromium
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "viewers.json"
FIRST_PAINT_SECONDS = 2.0
MOST_MIB_A_VIEWER = 8.0
"""Of the dashboard: a session, its parts' threads and the messages that wait for its browser."""
MOST_MIB_OF_A_SECOND_CROWD = 40.0
"""What as many viewers as before may add: the sessions of the first crowd are over."""
WATCHED_SECONDS = 60
"""Six refreshes of the page."""
LEFT_SECONDS = 150
"""Streamlit keeps a session for two minutes in case its browser comes back."""
STARTS = 3
PATIENCE_MS = 120_000
WATCH = """(waiting) => {
    const seen = window.seen = {};
    const looked = () => {
        const note = (name, is_there) => {
            if (is_there && !(name in seen)) seen[name] = performance.now() / 1000;
        };
        const values = [...document.querySelectorAll('[data-testid="stMetricValue"]')];
        note('heading', [...document.querySelectorAll('h1')].some(
            one => one.textContent.trim() === 'Campaigns'));
        note('tiles', values.length + document.querySelectorAll('.waiting-tile').length >= 8);
        note('numbers', values.length >= 8 && values.every(one => one.textContent !== waiting));
    };
    new MutationObserver(looked).observe(
        document, {subtree: true, childList: true, characterData: true});
}"""
PAINTED = """() => ({
    first_contentful_paint:
        performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000,
    ...window.seen,
})"""
WAYS = ("cold", "warm", "first_viewer_of_a_new_process")
MOMENTS = ("first_contentful_paint", "heading", "tiles", "numbers")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", default="1,5,20", help="how many at a time, in this order")
    parser.add_argument("--times", type=int, default=10, help="how often a page is opened each way")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    crowds = [int(one) for one in arguments.viewers.split(",")]
    with own_stack(without=["prometheus", "alertmanager"]) as stack:
        subprocess.run(
            adlake("wait", "--timeout", "300"), check=True,
            env={**os.environ, **stack.settings.as_environment()},
        )  # fmt: skip
        with chromium() as browser:
            report = measured(Dashboard(stack, browser), crowds, arguments.times)
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(report["verdict"].values()) else 1


class Dashboard:
    """The dashboard of a stack: opened as people do, and looked at from outside."""

    def __init__(self, stack: Stack, browser: Browser) -> None:
        self.stack = stack
        self.browser = browser
        self.address = f"http://127.0.0.1:{stack.settings.ports.dashboard_port}"

    def open_in(self, context: BrowserContext) -> dict[str, float]:
        """Seconds from asking for the page until each of its moments; the tab stays open."""
        page = context.new_page()
        page.add_init_script(f"({WATCH})({json.dumps(WAITING)})")
        page.goto(self.address)
        page.wait_for_function("() => 'numbers' in window.seen", timeout=PATIENCE_MS)
        return {name: float(seconds) for name, seconds in page.evaluate(PAINTED).items()}

    @contextmanager
    def viewer(self) -> Iterator[BrowserContext]:
        """A person who was never here: nothing of the page is kept yet."""
        context = self.browser.new_context(viewport={"width": 1400, "height": 1900})
        yield context
        context.close()

    def start_again(self) -> None:
        self.stack.down(only=["dashboard"])
        self.stack.up(only=["dashboard"])

    def processes(self) -> list[psutil.Process]:
        [service] = self.stack.services(["dashboard"])
        return service.processes()

    def resident_mib(self) -> float:
        return sum(one.memory_info().rss for one in self.processes()) / 2**20

    def connections_to_trino(self) -> int:
        port = self.stack.settings.ports.trino_port
        return sum(
            one.status == psutil.CONN_ESTABLISHED and bool(one.raddr) and one.raddr.port == port
            for process in self.processes()
            for one in process.net_connections("tcp")
        )


def measured(dashboard: Dashboard, crowds: list[int], times: int) -> dict[str, Any]:
    after_start = []
    for _ in range(STARTS):
        dashboard.start_again()
        with dashboard.viewer() as context:
            after_start.append(dashboard.open_in(context))
    dashboard.start_again()
    empty = dashboard.resident_mib()
    paints = {"first_viewer_of_a_new_process": moments(after_start)} | page_times(dashboard, times)
    steps = [watched(dashboard, viewers, times // 2) for viewers in crowds]
    steps.append(watched(dashboard, max(crowds), 0))
    return {
        "what": "the Campaigns page of `make up` with its default traffic and stream, all services "
        "and the browsers on one machine; seconds from asking for the page",
        "machine": machine_facts(),
        "load_average": round(os.getloadavg()[0], 1),
        "seconds_to": paints,
        "mib_without_a_viewer": round(empty, 1),
        "crowds": steps,
        **judged(paints, steps),
    }


def page_times(dashboard: Dashboard, times: int) -> dict[str, Any]:
    """A page opened by somebody new, and once more by the same person."""
    cold, warm = [], []
    for _ in range(times):
        with dashboard.viewer() as context:
            cold.append(dashboard.open_in(context))
            context.pages[0].close()
            warm.append(dashboard.open_in(context))
    return {"cold": moments(cold), "warm": moments(warm)}


def watched(dashboard: Dashboard, viewers: int, probes: int) -> dict[str, Any]:
    """So many viewers for a while, one more who comes then, and what is left when all are gone."""
    print(f"{viewers} viewers", flush=True)
    contexts = []
    for _ in range(viewers):
        context = dashboard.browser.new_context(viewport={"width": 1400, "height": 1900})
        dashboard.open_in(context)
        contexts.append(context)
    sizes, connections = observed(dashboard, WATCHED_SECONDS)
    came = []
    for _ in range(probes):
        with dashboard.viewer() as context:
            came.append(dashboard.open_in(context))
    load = os.getloadavg()[0]
    for context in contexts:
        context.close()
    left, _ = observed(dashboard, LEFT_SECONDS)
    return {
        "viewers": viewers,
        "mib_median": round(statistics.median(sizes), 1),
        "mib_most": round(max(sizes), 1),
        "connections_to_trino_most": max(connections),
        "load_average": round(load, 1),
        "mib_after_they_left": round(left[-1], 1),
    } | ({"seconds_to_of_one_more": moments(came)} if came else {})


def observed(dashboard: Dashboard, seconds: float) -> tuple[list[float], list[int]]:
    """Memory and connections, once a second."""
    sizes, connections = [], []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sizes.append(dashboard.resident_mib())
        connections.append(dashboard.connections_to_trino())
        time.sleep(1)
    return sizes, connections


def moments(opened: list[dict[str, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {"times": len(opened)}
    for name in MOMENTS:
        seconds = [one[name] for one in opened]
        found[name] = {
            "p50": round(statistics.median(seconds), 2),
            "p95": round(percentile(seconds, 0.95), 2),
        }
    return found


def judged(paints: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """First paint as browsers count it: the first content of the page, its title.

    `tiles_painted` says it of the tiles, which have no number yet: stricter, and no promise.
    """
    fewest, most, again = steps[0], steps[-2], steps[-1]
    more = most["viewers"] - fewest["viewers"]
    a_viewer = (most["mib_most"] - fewest["mib_most"]) / max(1, more)
    crowd = again["mib_most"] - most["mib_most"]
    return {
        "tiles_painted": {way: paints[way]["tiles"]["p95"] <= FIRST_PAINT_SECONDS for way in WAYS},
        "mib_a_viewer": round(a_viewer, 2),
        "mib_more_with_a_second_crowd": round(crowd, 1),
        "limits": {
            "first_paint_seconds_p95": FIRST_PAINT_SECONDS,
            "mib_a_viewer": MOST_MIB_A_VIEWER,
            "mib_more_with_a_second_crowd": MOST_MIB_OF_A_SECOND_CROWD,
        },
        "verdict": {
            **{
                f"painted_{way}": paints[way]["first_contentful_paint"]["p95"]
                <= FIRST_PAINT_SECONDS
                for way in WAYS
            },
            "memory_a_viewer_is_bounded": a_viewer <= MOST_MIB_A_VIEWER,
            "a_second_crowd_takes_no_more": crowd <= MOST_MIB_OF_A_SECOND_CROWD,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
