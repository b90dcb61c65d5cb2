"""What the running stack costs a machine: memory, processor time and disk, service by service.

Brings a whole stack up with the default traffic of `make up`, warms it up, and watches it for a
while: memory and processor time of each service's processes, bytes of the topics and of each table.
Writes benchmarks/reports/cost.json, from which docs/cost.md is made (`make docs`).

    make bench-cost ARGS="--minutes 10"
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.stack import Stack
from adlake.devstack.supervisor.process import memory_bytes
from adlake.settings import REPO_ROOT, Settings
from benchmarks.own_stack import adlake, own_stack
from tests.fixtures.machine import machine_facts

REPORTS = REPO_ROOT / "benchmarks" / "reports"
LOOK_SECONDS = 5.0
WARM_UP_SECONDS = 120
MIB = 1 << 20
DAY_SECONDS = 86_400


@dataclass
class Watched:
    """One service over the time of the measurement."""

    memory_mib: list[float] = field(default_factory=list)
    cpu: dict[tuple[int, float], float] = field(default_factory=dict)
    """Process (pid and when it began) -> its processor seconds when it was seen last."""
    cpu_before: float | None = None
    """What all of them had used at the first look."""

    def looked_at(self, processes: Sequence[psutil.Process]) -> None:
        """One look; a process that ends meanwhile keeps what it had."""
        self.memory_mib.append(memory_bytes(processes) / MIB)
        for one in processes:
            try:
                times = one.cpu_times()
                self.cpu[one.pid, one.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        if self.cpu_before is None:
            self.cpu_before = sum(self.cpu.values())

    def cpu_seconds(self) -> float:
        """Since the first look."""
        return sum(self.cpu.values()) - (self.cpu_before or 0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--report", default="cost.json", help="file under benchmarks/reports")
    arguments = parser.parse_args()
    with own_stack() as stack:
        time.sleep(WARM_UP_SECONDS)
        found = measure(stack, arguments.minutes * 60)
    (REPORTS / arguments.report).write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0


def measure(stack: Stack, seconds: float) -> dict[str, Any]:
    settings = stack.settings
    before = sizes(settings)
    began = time.monotonic()
    services = watch(stack, seconds)
    passed = time.monotonic() - began
    after = sizes(settings)
    events = after["records"] - before["records"]
    return {
        "what": f"`make up` with its default traffic, watched for {seconds / 60:g} minutes after "
        f"{WARM_UP_SECONDS / 60:g} of warm-up; memory is the proportional share of each process",
        "machine": machine_facts(),
        "settings": {
            "generator_rate": settings.generator.generator_rate,
            "driver_memory": settings.stream.driver_memory,
            "snapshot_minutes": settings.stream.snapshot_minutes,
        },
        "load_average": round(psutil.getloadavg()[1], 1),
        "records": events,
        "services": {name: summed(one, passed, events) for name, one in services.items()},
        "disk": disk(before, after, passed),
        "programs_mib": programs(settings),
    }


def watch(stack: Stack, seconds: float) -> dict[str, Watched]:
    """Every service that runs, and the supervisor."""
    found: dict[str, Watched] = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for service in [*stack.services(), stack.supervisor()]:
            if processes := service.processes():
                found.setdefault(service.name, Watched()).looked_at(processes)
        time.sleep(LOOK_SECONDS)
    return found


def summed(one: Watched, seconds: float, records: int) -> dict[str, float]:
    used = one.cpu_seconds()
    return {
        "memory_mib_median": round(statistics.median(one.memory_mib), 1),
        "memory_mib_peak": round(max(one.memory_mib), 1),
        "cores": round(used / seconds, 3),
        "cpu_seconds_per_million_records": round(used / max(records, 1) * 1_000_000, 1),
    }


def sizes(settings: Settings) -> dict[str, Any]:
    """Records that the broker has, and bytes of the topics, of the tables and of the folders."""
    home = settings.paths.home.resolve()
    tables = json.loads(adlake(settings, "query", "table_sizes", "--format", "json"))
    topics = json.loads(adlake(settings, "topics", "--format", "json"))
    return {
        "records": sum(one["offsets"] for one in topics),
        "tables": {one["table_name"]: int(one["total_bytes"]) for one in tables},
        "rows": {one["table_name"]: int(one["stored_rows"]) for one in tables},
        "folders": {
            name: folder_bytes(home / name) for name in ("kafka", "warehouse", "postgres", "logs")
        },
    }


def folder_bytes(folder: Path) -> int:
    """Bytes that the files of a folder take on the disk."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += 0 if path.is_symlink() else path.stat().st_blocks * 512
        except OSError:
            continue
    return total


def disk(before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What grew, by the million records of all topics, and what that is a day of such traffic."""
    records = max(after["records"] - before["records"], 1)
    shares = {
        name: (after["tables"][name] - before["tables"].get(name, 0)) / records
        for name in sorted(after["tables"])
    }
    topics = (after["folders"]["kafka"] - before["folders"]["kafka"]) / records
    a_day = records / seconds * DAY_SECONDS / 2**30
    return {
        "topics_mib_per_million_records": round(topics * 1e6 / MIB, 1),
        "tables_mib_per_million_records": {
            name: round(share * 1e6 / MIB, 1) for name, share in shares.items()
        },
        "tables_gib_per_day": round(sum(shares.values()) * a_day, 2),
        "topics_gib_per_day": round(topics * a_day, 2),
        "folders_mib_at_the_end": {
            name: round(size / MIB, 1) for name, size in after["folders"].items()
        },
        "rows_at_the_end": after["rows"],
    }


def programs(settings: Settings) -> dict[str, float]:
    """The downloads and the Python environment, this one with the development tools or without."""
    folders = {"cache": settings.paths.cache.resolve(), "venv": REPO_ROOT / ".venv"}
    return {name: round(folder_bytes(folder) / MIB) for name, folder in folders.items()}


if __name__ == "__main__":
    sys.exit(main())
