"""How fast `adlake verify` proves a lake: everything, nothing new, and a little more.

The events are made by the generator with every fault and go the real way: Kafka, the stream, Bronze
and Gold. Then the lake is proven in full twice (the first time Trino has just started), once more
when nothing changed, after further events, and in full again. Writes
benchmarks/reports/verify.json; the seconds of each part are those that the proof prints.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.settings import REPO_ROOT, Settings
from benchmarks.own_stack import adlake, own_stack
from tests.fixtures.machine import machine_facts

SERVICES = ("postgres", "kafka", "trino", "stream")
REQUIRED_RATE = 50_000
"""Deliveries a second, all of them compared."""
REPORT = REPO_ROOT / "benchmarks" / "reports" / "verify.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--more", type=int, default=20_000, help="events between two proofs")
    parser.add_argument("--slice-rows", type=int, default=0, help="0: the product's own")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    how = ("--slice-rows", str(arguments.slice_rows)) if arguments.slice_rows else ()
    with own_stack(only=SERVICES) as stack:
        report = measure(stack.settings, arguments.events, arguments.more, how)
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(report["verdict"].values()) else 1


def measure(settings: Settings, events: int, more: int, how: tuple[str, ...]) -> dict[str, Any]:
    send(settings, events)
    found = {
        "everything, Trino just started": prove(settings, "--full", *how),
        "everything": prove(settings, "--full", *how),
        "nothing changed": prove(settings, *how),
    }
    send(settings, more)
    found["some events more"] = prove(settings, *how)
    found["everything again"] = prove(settings, "--full", *how)
    return {
        "what": f"{events:,} events of the generator with every fault, through Kafka and the "
        f"stream; later {more:,} more; the idle stack runs beside",
        "machine": machine_facts(),
        "required_per_second": REQUIRED_RATE,
        "proofs": found,
        "verdict": {
            "proven": all(one["proven"] for one in found.values()),
            "fast": found["everything"]["deliveries_per_second"] >= REQUIRED_RATE,
            "nothing_is_read_again": found["nothing changed"]["slices"] == 0,
            "the_same_is_said": sums(found["some events more"]) == sums(found["everything again"]),
        },
    }


def send(settings: Settings, events: int) -> None:
    adlake(settings, "generate", "--events", str(events), "--history", "24h", "--unpaced",
           "--history-events", str(events), "--faults", "all", "--drain")  # fmt: skip
    adlake(settings, "wait", "--timeout", "900")


def prove(settings: Settings, *how: str) -> dict[str, Any]:
    """What one proof said, and what it took."""
    began = time.monotonic()
    said = adlake(settings, "verify", "--quiet", *how).splitlines()
    load = round(os.getloadavg()[0], 1)
    return proof_facts(said) | {
        "seconds_with_start": round(time.monotonic() - began, 1), "load_average": load,
    }  # fmt: skip


def proof_facts(lines: list[str]) -> dict[str, Any]:
    """The lines of a proof (proof/verdict.py) as numbers."""
    told = dict(line.split(maxsplit=1) for line in lines)
    deliveries = int(told["deliveries"].split()[0].replace(",", ""))
    ended = re.search(r"\(([\d.]+) s, (\d+) slices\)", lines[-1])
    if ended is None:
        sys.exit("no proof:\n" + "\n".join(lines))
    parts = re.findall(r"([a-z ]+?) ([\d.]+) s(?:, |$)", told["time"])
    return {
        "proven": lines[-1].startswith("PROVEN"),
        "scope": told["scope"],
        "deliveries": deliveries,
        "seconds": float(ended[1]),
        "slices": int(ended[2]),
        "deliveries_per_second": round(deliveries / max(float(ended[1]), 0.1)),
        "seconds_by_part": {name.strip(): float(seconds) for name, seconds in parts},
        "said": {name: told[name] for name in ("deliveries", "events", "gold", "revenue", "truth")},
    }


def sums(facts: dict[str, Any]) -> dict[str, str]:
    said: dict[str, str] = facts["said"]
    return said


if __name__ == "__main__":
    sys.exit(main())
