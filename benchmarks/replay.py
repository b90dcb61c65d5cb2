"""How fast `adlake replay` builds Gold again from Bronze, and that every way gives one hash.

The events are made by the generator and go the real way: Kafka, the stream, Bronze and Gold, many
micro-batches. Then Gold is built again in one pass and in ten, each compared with the live one by
its hash, published and proven. Writes benchmarks/reports/replay.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.attribution.replay.command import Replayed, publish, replay
from adlake.attribution.replay.order import ReplayOrder
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.replay import replay_config
from benchmarks.own_stack import adlake, own_stack
from tests.fixtures.machine import machine_facts

SERVICES = ("postgres", "kafka", "trino", "stream")
LIVE_RATE = 5_000
REQUIRED_RATE = 5 * LIVE_RATE
ORDERS = (
    ("first build, cold JVM", ReplayOrder()),
    ("one pass", ReplayOrder()),
    ("ten passes", ReplayOrder(passes=10)),
    ("lookback 14d", ReplayOrder(lookback_ms=14 * 86_400_000)),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--report", default="replay.json", help="file under benchmarks/reports")
    arguments = parser.parse_args()
    with own_stack(only=SERVICES) as stack:
        report = measure(stack.settings, arguments.events)
    target = REPO_ROOT / "benchmarks" / "reports" / arguments.report
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(report["verdict"].values()) else 1


def measure(settings: Settings, events: int) -> dict[str, Any]:
    adlake(settings, "generate", "--events", str(events), "--history", "24h", "--unpaced",
           "--history-events", str(events), "--faults", "all", "--drain")  # fmt: skip
    adlake(settings, "wait", "--timeout", "600")
    config = replay_config(settings)
    found, costs = {}, {}
    for name, order in ORDERS:
        before = cpu_seconds()
        found[name] = replay(config, order, print)
        costs[name] = {
            "cpu_seconds_with_comparison": round(cpu_seconds() - before, 1),
            "load_average": round(os.getloadavg()[0], 1),
        }
    started = time.monotonic()
    published = publish(config, print)
    publication_seconds = time.monotonic() - started
    proof = adlake(settings, "verify", "--full").splitlines()
    lawful = [one for name, one in found.items() if name != "lookback 14d"]
    hashes = {one.live_hash for one in lawful} | {one.replay_hash for one in lawful}
    return {
        "what": f"{events:,} events of the generator with every fault, through Kafka and the "
        f"stream into Bronze and Gold, then built again from Bronze; the idle stack runs beside; "
        f"live rate {LIVE_RATE:,} events a second",
        "machine": machine_facts(),
        "builds": {name: build_facts(one) | costs[name] for name, one in found.items()},
        "required_per_second": REQUIRED_RATE,
        "publication": {"seconds": round(publication_seconds, 1), "result": published},
        "proof_after_publication": proof,
        "verdict": {
            "fast": build_facts(found["one pass"])["deliveries_per_second"] >= REQUIRED_RATE,
            "one_hash": len(hashes) == 1,
            "what_if_differs": found["lookback 14d"].replay_hash not in hashes,
            "proven": any("PROVEN" in line for line in proof),
        },
    }


def cpu_seconds() -> float:
    """CPU time of this process and its JVM so far; other programs do not count."""
    me, total = psutil.Process(), 0.0
    for one in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a helper of Spark may end at any moment
            times = one.cpu_times()
            total += times.user + times.system
    return total


def build_facts(one: Replayed) -> dict[str, Any]:
    return {
        "law": one.law.in_words,
        "deliveries": one.built.deliveries,
        "rows": one.built.rows,
        "seconds": round(one.built.seconds, 1),
        "deliveries_per_second": round(one.built.deliveries / one.built.seconds),
        "gold_sha256": one.live_hash,
        "replay_sha256": one.replay_hash,
        "campaigns_and_days_that_differ": len(one.differing),
    }


if __name__ == "__main__":
    sys.exit(main())
