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
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.stack import Stack
from adlake.devstack.supervisor.process import memory_bytes
from adlake.io.trino.client import connect
from adlake.settings import REPO_ROOT, Settings
from benchmarks.beside import QuestionWatch, disk_facts, written_bytes
from benchmarks.canary import CanaryWatch, percentile
from benchmarks.own_stack import own_stack
from tests.fixtures.machine import machine_facts
from tests.fixtures.memory_group import memory_group

REPORTS = REPO_ROOT / "benchmarks" / "reports"
FRESHNESS_P95_LIMIT_SECONDS = 30.0
SUSTAINED_SHARE = 0.99
DRAIN_LIMIT_SECONDS = 30.0
WARM_UP_SECONDS = 60


def main() -> int:
    arguments = parse_arguments()
    with ExitStack() as ends:
        group = None
        if arguments.memory_mib:
            group = ends.enter_context(memory_group(arguments.memory_mib))
            group.take(os.getpid())
        stack = ends.enter_context(own_stack(without=["generator"]))
        report = measure(stack.settings, stack, arguments)
        if group is not None:
            facts = report["memory_limit"] = group.facts()
            report["verdict"]["within_memory"] = facts["processes_killed"] == 0
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
    parser.add_argument(
        "--no-proof", dest="proof", action="store_false",
        help="leave out `adlake verify`, which takes a minute per million events",
    )  # fmt: skip
    parser.add_argument("--faults", default="default", help="as in `adlake generate --faults`")
    parser.add_argument(
        "--memory-mib", type=int, help="limit of all processes together, by a control group"
    )
    parser.add_argument("--report", default="bench.json", help="file under benchmarks/reports")
    return parser.parse_args()


def adlake(*command: str) -> list[str]:
    return [sys.executable, "-m", "adlake.cli", *command]


def measure(settings: Settings, stack: Stack, arguments: argparse.Namespace) -> dict[str, Any]:
    environment = {**os.environ, **settings.as_environment()}
    canaries = CanaryWatch(
        settings.bootstrap_servers, settings.kafka.topic, settings.ports.trino_port
    )
    question = QuestionWatch(settings.ports.trino_port)
    warm_up(environment, arguments.rate)
    traffic = adlake("generate", "--rate", str(arguments.rate), "--seed", "7",
                     "--faults", arguments.faults,
                     "--duration", f"{int(arguments.minutes * 60)}s")  # fmt: skip
    started_ms = now_ms()
    with subprocess.Popen(traffic, env=environment, stdout=subprocess.DEVNULL) as generator:
        canaries.start()
        question.start()
        peaks = watch_memory(stack, generator)
    ended_ms = now_ms()
    question.stop()
    lag = subprocess.run(adlake("wait", "--timeout", "120"), env=environment, check=False)
    drained_ms = now_ms()
    canaries.stop(drain_seconds=30)
    batches = batches_between(settings, started_ms, ended_ms)
    events = events_in(settings)
    disk = disk_facts(settings.paths.home / "warehouse", events, written_bytes(stack))
    proof = proof_of(environment) if arguments.proof else None
    sustained = published_per_second(batches)
    freshness = freshness_of(canaries)
    return {
        **described(settings, arguments),
        "rate_sustained": round(sustained),
        "rejected_share": rejected_share(settings, started_ms),
        "seconds_to_drain_after_the_end": round((drained_ms - ended_ms) / 1000, 1),
        "freshness_seconds": freshness | {"canaries": len(canaries.seconds)},
        "canaries_never_seen": len(canaries.pending),
        "question_seconds": question.facts(),
        "disk": disk,
        **batch_facts(batches),
        "memory_mib_peak": peaks,
        "memory_mib_peak_total": round(sum(peaks.values())),
        "proof": proof.stdout.strip().splitlines() if proof else "not asked for",
        "verdict": {
            "keeps_up": lag.returncode == 0
            and sustained >= SUSTAINED_SHARE * arguments.rate
            and drained_ms - ended_ms < DRAIN_LIMIT_SECONDS * 1000,
            "fresh": freshness["p95"] < FRESHNESS_P95_LIMIT_SECONDS and not canaries.pending,
        }
        | ({"proven": proof.returncode == 0} if proof else {}),
    }


def proof_of(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        adlake("verify", "--full", "--slice-rows", "600000"), env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout, done.stderr)
    return done


def described(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    """What was run, where, with which settings."""
    return {
        "what": f"{arguments.rate} events/s paced for {arguments.minutes:g} minutes, faults "
        f"{arguments.faults}, all services on one machine, canaries timed from send to a row "
        "returned by Trino",
        "machine": machine_facts(),
        "settings": {
            "trigger_seconds": settings.stream.trigger_seconds,
            "driver_memory": settings.stream.driver_memory,
            "compact_every_batches": settings.stream.compact_every_batches,
        },
        "rate_offered": arguments.rate,
    }


def freshness_of(canaries: CanaryWatch) -> dict[str, float]:
    """Seconds from the send of a canary to its row in Trino."""
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return {name: round(percentile(canaries.seconds, share), 2) for name, share in shares}


def published_per_second(batches: list[dict[str, Any]]) -> float:
    """Rows made visible per second, from the first publication to the last.

    The first batch only starts the clock: its rows were offered before it. Counting them, or the
    time before it, would measure the length of a batch as well as the rate.
    """
    seconds: float = (batches[-1]["published_ms"] - batches[0]["published_ms"]) / 1000
    rows: int = sum(batch["rows"] for batch in batches[1:])
    return rows / seconds


def batch_facts(batches: list[dict[str, Any]]) -> dict[str, Any]:
    """Batch time over the run, medians per minute."""
    medians = per_minute(batches)
    return {
        "batches": len(batches),
        "batch_seconds_median_first_minute": medians[0],
        "batch_seconds_median_last_minute": medians[-1],
        "batch_seconds_per_minute": medians,
    }


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def warm_up(environment: dict[str, str], rate: int) -> None:
    """The first batches compile plans and code: they are not what a running system does."""
    subprocess.run(
        adlake("generate", "--rate", str(rate), "--seed", "6",
               "--duration", f"{WARM_UP_SECONDS}s"),
        env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    subprocess.run(adlake("wait", "--timeout", "180"), env=environment, check=True)


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


def rejected_share(settings: Settings, started_ms: int) -> float:
    """Rejected deliveries in Bronze among those the broker took since then."""
    with connect(settings.ports.trino_port, catalog="lakehouse") as client:
        [(share,)] = client.rows(
            "SELECT CAST(count(reject_reason) AS double) / count(*) FROM bronze.ad_events "
            "WHERE ingest_ts >= from_unixtime(? / DOUBLE '1000')",
            [started_ms],
        )
    return round(float(share), 4)


def events_in(settings: Settings) -> int:
    """Deliveries of ad events that the lake holds."""
    with connect(settings.ports.trino_port, catalog="lakehouse") as client:
        [(rows,)] = client.rows("SELECT count(*) FROM bronze.ad_events")
    return int(rows)


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
    seconds: float = (batch["published_ms"] - batch["started_ms"]) / 1000
    return seconds


def per_minute(batches: list[dict[str, Any]]) -> list[float]:
    """Median batch time of each minute."""
    start = batches[0]["started_ms"]
    minutes: dict[int, list[float]] = {}
    for batch in batches:
        minutes.setdefault((batch["started_ms"] - start) // 60_000, []).append(batch_seconds(batch))
    return [round(statistics.median(minutes[n]), 2) for n in sorted(minutes)]


if __name__ == "__main__":
    sys.exit(main())
