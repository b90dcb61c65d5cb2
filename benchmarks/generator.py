"""How fast one generator process publishes, unpaced, to the real broker with acks=all.

Three runs on an empty topic each; the median counts. Writes benchmarks/reports/generator.json.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.io.kafka.topic import topic_facts
from adlake.settings import REPO_ROOT, Settings
from benchmarks.own_stack import own_stack
from tests.fixtures.machine import machine_facts

EVENTS = 600_000
RUNS = 3
REQUIRED_RATE = 30_000
REPORT = REPO_ROOT / "benchmarks" / "reports" / "generator.json"


def main() -> int:
    rates = [measured_rate() for _ in range(RUNS)]
    report = {
        "what": f"{EVENTS:,} events with the default faults from one process (kafka-python, "
        "idempotent, acks=all, lz4); timed from the topic's first growth to the last record",
        "machine": machine_facts(),
        "events_per_second": [round(rate) for rate in rates],
        "events_per_second_median": round(statistics.median(rates)),
        "required": REQUIRED_RATE,
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if statistics.median(rates) >= REQUIRED_RATE else 1


def measured_rate() -> float:
    """Events per second between the topic's first and last growth."""
    with own_stack(only=["kafka", "postgres"]) as stack:
        command = [sys.executable, "-m", "adlake.cli", "generate", "--unpaced", "--rate", "5000",
                   "--events", str(EVENTS)]  # fmt: skip
        environment = {**os.environ, **stack.settings.as_environment()}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as generator:
            while records(stack.settings) == 0:
                time.sleep(0.05)
            started, already = time.monotonic(), records(stack.settings)
            generator.wait()
            seconds = time.monotonic() - started
        return (records(stack.settings) - already) / seconds


def records(settings: Settings) -> int:
    facts = topic_facts(settings.bootstrap_servers, settings.kafka.topic)
    return sum(facts.end_offsets.values())


if __name__ == "__main__":
    sys.exit(main())
