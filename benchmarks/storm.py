"""Random faults against live traffic, reproducible by a seed: `make chaos MINUTES=10 SEED=7`.

The seed fixes the traffic, and which fault comes when. Traffic flows all the while; whatever died
is started again by `make up`'s own repair. A fault that hits no process fails the storm. At the end
the lake must be proven, every head that Gold ever had must be lawful, and no reader may have seen
anything else. Writes benchmarks/reports/storm.json.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.services.service import Service
from adlake.settings import REPO_ROOT
from adlake.wiring.lake import lake_reader
from tests.fixtures.drill.lake import (
    client_of,
    drilled_lake,
    heads_of,
    prove,
    prove_history,
    signal_all,
    wait_for_free_port,
)
from tests.fixtures.drill.oracles import PollingReader, commit_times, recovery_seconds
from tests.fixtures.drill.traffic import Traffic, demand
from tests.fixtures.lake import Lake
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "storm.json"
RATE = 300
PAUSE_SECONDS = (15.0, 45.0)
"""Between two faults: long enough for the driver to come back now and then."""
Fault = Callable[[Lake], list[int]]
"""Does it, and returns the processes it met."""
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
        with (
            PollingReader(lake.settings().ports.trino_port) as reader,
            Traffic(lake, RATE, arguments.seed) as traffic,
        ):
            faults = [put_in(lake, traffic, fault) for fault in schedule]
            produced = traffic.finish()
        repair(lake)
        proof = prove(lake)
        found = prove_history(lake)
        with client_of(lake) as trino:
            reader.assert_saw_only_heads(trino, heads_of(lake))
        # Each contains what passes until `up` is called, as the faults say.
        recoveries = recovery_seconds(
            [(fault["at_ms"], is_driver_kill(fault["fault"])) for fault in faults],
            commit_times(lake_reader(lake.settings())),
        )
    report = {
        "machine": machine_facts(),
        "seed": arguments.seed,
        "minutes": arguments.minutes,
        "rate": RATE,
        "faults": faults,
        "produced": produced,
        "generator_restarts": traffic.restarts,
        "reader_polls": reader.polls,
        "seconds_from_kill_to_gold": recoveries,
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


def put_in(lake: Lake, traffic: Traffic, fault: dict[str, Any]) -> dict[str, Any]:
    """Wait, let it happen, and let `up` repair what is down; returns the fault and what it hit."""
    before = traffic.records()
    time.sleep(fault["after_seconds"])
    traffic.wait_for_more_than(before)
    was_down = lake.stream().main_process() is None
    repair(lake)  # a fault that meets nobody is none
    print(f"{time.strftime('%H:%M:%S')} {fault['fault']}", flush=True)
    moment = int(time.time() * 1000)
    hit = FAULTS[fault["fault"]](lake)
    demand(hit, f"{fault['fault']}: there was nothing to hit")
    repair(lake)
    traffic.keep_alive()
    return {**fault, "at_ms": moment, "pids_hit": hit, "driver_had_ended_before": was_down}


def is_driver_kill(name: str) -> bool:
    return name.startswith("driver") and name.endswith("killed")


def repair(lake: Lake) -> None:
    if lake.stream().main_process() is None:
        wait_for_free_port(lake)
    lake.stack().up(only=EVERYTHING)


def service(lake: Lake, name: str) -> Service:
    [one] = lake.stack().services([name])
    return one


def is_jvm(process: psutil.Process) -> bool:
    return process.name() == "java"


def kill_python(lake: Lake) -> list[int]:
    stream = service(lake, "stream").processes()
    hit = send([one for one in stream if not is_jvm(one)], signal.SIGKILL)
    time.sleep(3)
    return hit


def kill_jvm(lake: Lake) -> list[int]:
    stream = service(lake, "stream").processes()
    hit = send([one for one in stream if is_jvm(one)], signal.SIGKILL)
    time.sleep(5)
    return hit


def killer(name: str) -> Fault:
    return lambda lake: send(service(lake, name).processes(), signal.SIGKILL)


def pauser(name: str, seconds: float) -> Fault:
    def pause(lake: Lake) -> list[int]:
        processes = service(lake, name).processes()
        hit = send(processes, signal.SIGSTOP)
        time.sleep(seconds)
        signal_all(processes, signal.SIGCONT)
        return hit

    return pause


def stop_cleanly(lake: Lake) -> list[int]:
    stream = service(lake, "stream")
    hit = [one.pid for one in stream.processes()]
    stream.stop()
    return hit


def send(processes: list[psutil.Process], what: signal.Signals) -> list[int]:
    """Signal all; returns the pids of those that were there."""
    hit = [one.pid for one in processes if one.is_running()]
    signal_all(processes, what)
    return hit


FAULTS: dict[str, Fault] = {
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
