"""Random faults against live traffic, reproducible by a seed: `make chaos MINUTES=10 SEED=7`.

The seed fixes which fault comes when. Traffic flows all the while; whatever died is started again
by `make up`'s own repair. At the end the lake must be proven, every head that Gold ever had must be
lawful, and no reader may have seen anything else. Writes benchmarks/reports/storm.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.faults.drill import (
    client_of,
    drilled_lake,
    heads_of,
    prove,
    prove_history,
    signal_all,
    wait_for_free_port,
)
from tests.faults.oracles import PollingReader
from tests.integration.lake import Lake

from adlake.devstack.service import Service
from adlake.settings import REPO_ROOT
from benchmarks.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "storm.json"
RATE = 300
PAUSE_SECONDS = (15.0, 45.0)
"""Between two faults: long enough for the driver to come back now and then."""
EVERYTHING = ("postgres", "kafka", "trino", "stream")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    schedule = schedule_of(arguments.seed, arguments.minutes * 60)
    with (
        tempfile.TemporaryDirectory(prefix="adlake-storm-") as folder,
        drilled_lake(Path(folder) / "home", MAX_OFFSETS_PER_TRIGGER="20000") as lake,
    ):
        lake.stack().up(only=["stream"])
        with PollingReader(lake.settings().ports.trino_port) as reader, traffic(lake) as generator:
            for fault in schedule:
                put_in(lake, fault)
            generator.send_signal(signal.SIGTERM)
            generator.wait(timeout=120)
        wait_for_free_port(lake)
        lake.stack().up(only=EVERYTHING)
        proof = prove(lake)
        found = prove_history(lake)
        with client_of(lake) as trino:
            reader.assert_saw_only_heads(trino, heads_of(lake))
    report = {
        "machine": machine_facts(),
        "seed": arguments.seed,
        "minutes": arguments.minutes,
        "rate": RATE,
        "faults": schedule,
        "reader_polls": reader.polls,
        **found,
        "proof": proof.strip().splitlines(),
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0


def schedule_of(seed: int, seconds: float) -> list[dict[str, Any]]:
    """Faults with their pauses, the same for the same seed."""
    rng = random.Random(seed)
    schedule: list[dict[str, Any]] = []
    passed = 0.0
    while True:
        pause = round(rng.uniform(*PAUSE_SECONDS), 1)
        passed += pause
        if passed > seconds:
            return schedule
        schedule.append({"after_seconds": pause, "fault": rng.choice(sorted(FAULTS))})


def traffic(lake: Lake) -> subprocess.Popen[bytes]:
    """A paced generator with every fault in its traffic, until it is stopped."""
    return subprocess.Popen(
        [sys.executable, "-m", "adlake.cli", "generate", "--rate", str(RATE), "--faults", "all"],
        env={**os.environ, **lake.settings().as_environment()}, cwd=REPO_ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def put_in(lake: Lake, fault: dict[str, Any]) -> None:
    """Wait, let it happen, and let `up` repair what is down."""
    time.sleep(fault["after_seconds"])
    print(f"{time.strftime('%H:%M:%S')} {fault['fault']}", flush=True)
    FAULTS[fault["fault"]](lake)
    if lake.stream().main_process() is None:
        wait_for_free_port(lake)
    lake.stack().up(only=EVERYTHING)


def service(lake: Lake, name: str) -> Service:
    [one] = lake.stack().services([name])
    return one


def is_jvm(process: psutil.Process) -> bool:
    return process.name() == "java"


def kill_python(lake: Lake) -> None:
    stream = service(lake, "stream").processes()
    signal_all([one for one in stream if not is_jvm(one)], signal.SIGKILL)
    time.sleep(3)


def kill_jvm(lake: Lake) -> None:
    stream = service(lake, "stream").processes()
    signal_all([one for one in stream if is_jvm(one)], signal.SIGKILL)
    time.sleep(5)


def killer(name: str) -> Callable[[Lake], None]:
    return lambda lake: signal_all(service(lake, name).processes(), signal.SIGKILL)


def pauser(name: str, seconds: float) -> Callable[[Lake], None]:
    def pause(lake: Lake) -> None:
        processes = service(lake, name).processes()
        signal_all(processes, signal.SIGSTOP)
        time.sleep(seconds)
        signal_all(processes, signal.SIGCONT)

    return pause


def stop_cleanly(lake: Lake) -> None:
    service(lake, "stream").stop()


FAULTS: dict[str, Callable[[Lake], None]] = {
    "driver killed": killer("stream"),
    "driver's JVM killed": kill_jvm,
    "driver's Python killed": kill_python,
    "driver paused for 10 s, longer than its lease": pauser("stream", 10.0),
    "driver stopped": stop_cleanly,
    "broker killed": killer("kafka"),
    "broker paused for 15 s": pauser("kafka", 15.0),
    "catalog killed": killer("postgres"),
    "Trino killed": killer("trino"),
}


if __name__ == "__main__":
    sys.exit(main())
