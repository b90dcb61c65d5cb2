"""The end-to-end benchmark: paced traffic through the whole native stack on this machine.

Runs Postgres, Kafka, Trino, the streaming job and the dashboard beside the generator, times canary
events from the producer to Trino, then waits, verifies every row and writes a JSON report.
`make bench` runs it for 10 minutes at 5,000 events a second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.ports import free_ports
from adlake.devstack.process import memory_bytes
from adlake.devstack.stack import Stack
from adlake.io.trino import connect
from adlake.settings import REPO_ROOT, Settings
from benchmarks.canary import CanaryWatch, percentile
from benchmarks.machine import machine_facts

PORTS = ("KAFKA", "KAFKA_CONTROLLER", "POSTGRES", "TRINO", "DASHBOARD", "SPARK_UI")
REPORTS = REPO_ROOT / "benchmarks" / "reports"
FRESHNESS_P95_LIMIT_SECONDS = 30.0
SUSTAINED_SHARE = 0.99
WARM_UP_SECONDS = 60


def main() -> int:
    arguments = parse_arguments()
    home = Path(tempfile.mkdtemp(prefix="adlake-bench-")) / "home"
    ports = zip(PORTS, free_ports(len(PORTS)), strict=True)
    environment = {"ADLAKE_HOME": str(home)} | {f"ADLAKE_{n}_PORT": str(p) for n, p in ports}
    environment |= {k: v for k, v in os.environ.items() if k.startswith("ADLAKE_")}
    settings = Settings(environment)
    stack = Stack(settings, report=print)
    try:
        stack.up(without=["generator"])
        report = measure(settings, stack, arguments)
    finally:
        stack.nuke()
    REPORTS.mkdir(exist_ok=True)
    target = REPORTS / arguments.report
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    print(f"written to {target.relative_to(REPO_ROOT)}")
    return 0 if all(report["verdict"].values()) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=5_000, help="events per second")
    parser.add_argument("--report", default="bench.json", help="file under benchmarks/reports")
    return parser.parse_args()


def adlake(settings: Settings, *command: str) -> list[str]:
    return [sys.executable, "-m", "adlake.cli", *command]


def measure(settings: Settings, stack: Stack, arguments: argparse.Namespace) -> dict[str, Any]:
    environment = {**os.environ, **settings.as_environment()}
    canaries = CanaryWatch(
        settings.bootstrap_servers, settings.kafka.topic, settings.ports.trino_port
    )
    warm_up(settings, environment, arguments.rate)
    seconds = int(arguments.minutes * 60)
    traffic = adlake(settings, "generate", "--rate", str(arguments.rate), "--seed", "7",
                     "--duration", f"{seconds}s")  # fmt: skip
    started_ms = time.time_ns() // 1_000_000
    with subprocess.Popen(traffic, env=environment, stdout=subprocess.DEVNULL) as generator:
        canaries.start()
        peaks = watch_memory(stack, generator)
    ended_ms = time.time_ns() // 1_000_000
    lag = subprocess.run(adlake(settings, "wait", "--timeout", "120"), env=environment, check=False)
    drained_ms = time.time_ns() // 1_000_000
    canaries.stop(drain_seconds=30)
    batches = batches_between(settings, started_ms, ended_ms)
    proof = subprocess.run(
        adlake(settings, "verify", "--slice-rows", "600000"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(proof.stdout, proof.stderr)
    sustained = sum(batch["rows"] for batch in batches) / (
        (batches[-1]["published_ms"] - batches[0]["started_ms"]) / 1000
    )
    first, last = minute_medians(batches)
    freshness = {
        name: round(percentile(canaries.seconds, share), 2)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {
        "what": f"{arguments.rate} events/s paced for {arguments.minutes:g} minutes, all services "
        "on one machine, canaries timed from send to a row returned by Trino",
        "machine": machine_facts(),
        "settings": {
            "trigger_seconds": settings.stream.trigger_seconds,
            "driver_memory": settings.stream.driver_memory,
            "compact_every_batches": settings.stream.compact_every_batches,
        },
        "rate_offered": arguments.rate,
        "rate_sustained": round(sustained),
        "seconds_to_drain_after_the_end": round((drained_ms - ended_ms) / 1000, 1),
        "freshness_seconds": freshness | {"canaries": len(canaries.seconds)},
        "canaries_never_seen": len(canaries.pending),
        "batches": len(batches),
        "batch_seconds_median_first_minute": first,
        "batch_seconds_median_last_minute": last,
        "batch_seconds_per_minute": per_minute(batches),
        "memory_mib_peak": peaks,
        "memory_mib_peak_total": round(sum(peaks.values())),
        "proof": proof.stdout.strip().splitlines(),
        "verdict": {
            "keeps_up": lag.returncode == 0 and sustained >= SUSTAINED_SHARE * arguments.rate,
            "fresh": freshness["p95"] < FRESHNESS_P95_LIMIT_SECONDS and not canaries.pending,
            "proven": proof.returncode == 0,
        },
    }


def warm_up(settings: Settings, environment: dict[str, str], rate: int) -> None:
    """The first batches compile plans and code: they are not what a running system does."""
    subprocess.run(
        adlake(settings, "generate", "--rate", str(rate), "--seed", "6",
               "--duration", f"{WARM_UP_SECONDS}s"),
        env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    subprocess.run(adlake(settings, "wait", "--timeout", "180"), env=environment, check=True)


def watch_memory(stack: Stack, generator: subprocess.Popen[bytes]) -> dict[str, float]:
    """Peak memory (MiB, process trees) per service until the generator ends."""
    peaks: dict[str, float] = {}
    while generator.poll() is None:
        sizes = {service.name: service.processes() for service in stack.services()}
        try:
            sizes["generator"] = [psutil.Process(generator.pid)]
            for name, processes in sizes.items():
                mib = memory_bytes(processes) / 2**20
                peaks[name] = round(max(peaks.get(name, 0.0), mib), 1)
        except psutil.Error:
            continue
        time.sleep(5)
    return {name: mib for name, mib in peaks.items() if mib > 0}


def batches_between(settings: Settings, started_ms: int, ended_ms: int) -> list[dict[str, Any]]:
    """Published batches that began inside the window, oldest first."""
    with connect(settings.ports.trino_port, catalog="lakehouse") as client:
        rows = client.rows(
            "SELECT CAST(to_unixtime(committed_at) * 1000 AS bigint), "
            "CAST(summary['adlake.batch-started-ms'] AS bigint), "
            "CAST(summary['adlake.batch-rows'] AS bigint), snapshot_id "
            'FROM gold."ad_performance_state$snapshots" '
            "WHERE element_at(summary, 'adlake.batch-id') IS NOT NULL "
            "ORDER BY committed_at"
        )
    # Append and MERGE of one batch are two snapshots with one stamp: the last one is published.
    published = {started: (committed, count) for committed, started, count, _ in rows}
    return [
        {"started_ms": started, "published_ms": committed, "rows": count}
        for started, (committed, count) in sorted(published.items())
        if started_ms <= started and committed <= ended_ms
    ]


def batch_seconds(batch: dict[str, Any]) -> float:
    return (batch["published_ms"] - batch["started_ms"]) / 1000


def per_minute(batches: list[dict[str, Any]]) -> list[float]:
    """Median batch time of each minute."""
    start = batches[0]["started_ms"]
    minutes: dict[int, list[float]] = {}
    for batch in batches:
        minutes.setdefault((batch["started_ms"] - start) // 60_000, []).append(batch_seconds(batch))
    return [round(statistics.median(minutes[n]), 2) for n in sorted(minutes)]


def minute_medians(batches: list[dict[str, Any]]) -> tuple[float, float]:
    medians = per_minute(batches)
    return medians[0], medians[-1]


if __name__ == "__main__":
    sys.exit(main())
