"""A lake under fire: drivers that die at a named place, drivers beside the managed one, proofs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.devstack.errors import DevstackError
from adlake.devstack.ports import free_ports, is_free
from adlake.io.trino import TrinoClient, connect
from adlake.settings import REPO_ROOT
from adlake.wiring import lake_reader
from tests.faults.oracles import (
    assert_every_head_is_lawful,
    assert_stamps_only_grow,
    gold_heads,
)
from tests.integration.lake import SERVERS, Lake

TRAFFIC = ("--unpaced", "--faults", "all", "--history", "48h", "--drain")
QUICK = {
    "TRIGGER_SECONDS": "1", "MAX_OFFSETS_PER_TRIGGER": "600", "SNAPSHOT_MINUTES": "600",
    "COMPACT_EVERY_BATCHES": "3", "EXPIRE_EVERY_BATCHES": "3", "LEASE_TTL_SECONDS": "6",
}  # fmt: skip
"""Small batches, all snapshots kept (the oracles read the whole history), quick take-over."""
VICTIMS = {"kill9": "both", "kill9jvm": "JVM", "kill9python": "Python"}
"""Action of a failpoint -> which process of the driver it kills."""


@contextmanager
def drilled_lake(home: Path, **more: str) -> Iterator[Lake]:
    """Postgres, Kafka and Trino of a lake of its own; everything is removed at the end."""
    lake = Lake(home, QUICK | more)
    try:
        lake.stack().up(only=SERVERS)
        yield lake
    finally:
        lake.stack().nuke()


def produce(lake: Lake, events: int, seed: int, *more: str) -> None:
    """Publish ad and business events with every fault of the generator, history included."""
    lake.adlake(
        "generate", "--events", str(events), "--history-events", str(events), "--seed", str(seed),
        *TRAFFIC, "--business", *more,
    )  # fmt: skip


def run_into(lake: Lake, failpoints: str, **settings: str) -> int:
    """Run a driver until the planted fault ended it; returns when it fired (epoch ms)."""
    doomed = lake.stream(FAILPOINTS=failpoints, **settings)
    wait_for_free_port(lake)
    with suppress(DevstackError):  # some faults end it before it is ready
        doomed.start()
    lake.wait_for_death(doomed)
    return fired_at(lake, failpoints)


def fired_at(lake: Lake, failpoints: str) -> int:
    """Epoch ms at which the first planted fault fired; fails when it never did."""
    name, _, rest = failpoints.split(",", maxsplit=1)[0].partition("=")
    action, _, batch = rest.partition("@batch")
    marker = lake.home / "failpoints" / f"{name.replace(':', '.')}.{action}.{batch or None}"
    assert marker.exists(), f"{failpoints} never fired:\n{lake.stream().last_log_lines(40)}"
    return int(marker.read_text())


def wait_for_free_port(lake: Lake, seconds: float = 30.0) -> None:
    """A JVM outlives its killed Python by seconds and holds the port of its UI."""
    port = lake.settings().ports.spark_ui_port
    deadline = time.monotonic() + seconds
    while not is_free(port):
        assert time.monotonic() < deadline, "the JVM of a killed driver still lives"
        time.sleep(0.1)


@contextmanager
def second_driver(lake: Lake, log_name: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A driver that the stack does not know of: another terminal, another machine."""
    [port] = free_ports(1)
    chosen = lake.settings(SPARK_UI_PORT=str(port), **settings)
    environment = {**os.environ, **chosen.as_environment()}
    environment["JAVA_HOME"] = str(lake.stack().installation.jdk.home)
    log = lake.home / "logs" / log_name
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "adlake.cli", "stream"],
            env=environment, cwd=REPO_ROOT, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield process
        finally:
            kill_tree(process.pid)
            process.wait(timeout=30)


def wait_until_stopped(process: subprocess.Popen[bytes], seconds: float = 180.0) -> None:
    """Block until the failpoint paused it."""
    deadline = time.monotonic() + seconds
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert process.poll() is None, "ended before it was paused"
        assert time.monotonic() < deadline, "the failpoint never fired"
        time.sleep(0.1)


def kill_tree(pid: int) -> None:
    """Kill a process and all its children, if they still live."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for one in [*root.children(recursive=True), root]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def kill_victims(driver: subprocess.Popen[bytes], victims: str) -> bool:
    """Kill -9 a driver's JVM, its Python, or both; whether what was left ended by itself."""
    root = psutil.Process(driver.pid)
    jvms = [one for one in root.children(recursive=True) if one.name() == "java"]
    assert jvms, "this driver has no JVM"
    signal_all({"both": [root, *jvms], "JVM": jvms, "Python": [root]}[victims], signal.SIGKILL)
    _, alive = psutil.wait_procs([root, *jvms], timeout=60)
    signal_all(alive, signal.SIGKILL)
    return not alive


def kill_service(lake: Lake, name: str) -> None:
    """Kill -9 all processes of a service, and wait until the kernel has let their ports go."""
    [service] = lake.stack().services([name])
    processes = service.processes()
    signal_all(processes, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=30)


def signal_all(processes: Iterable[psutil.Process], what: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(what)


def prove(lake: Lake) -> str:
    """Gold contains everything and equals the law; the generator's books agree."""
    lake.adlake("wait", "--timeout", "240")
    proof = lake.adlake("verify").stdout
    assert "offsets    partition" in proof
    assert ": 0 differ" in proof
    assert "every sum is equal" in proof
    return proof


def run_once(lake: Lake, **settings: str) -> None:
    """Let a healthy driver take everything in, prove it, and stop it."""
    wait_for_free_port(lake)
    lake.stack(**settings).up(only=["stream"])
    prove(lake)
    lake.stack().down(only=["stream"])


def prove_history(lake: Lake) -> dict[str, int]:
    """The oracles over all heads and stamps; returns how much was looked at."""
    with client_of(lake) as trino:
        return {
            "gold_heads_compared": assert_every_head_is_lawful(trino, heads_of(lake)),
            "bronze_stamps": assert_stamps_only_grow(trino, BRONZE_EVENTS),
            "gold_stamps": assert_stamps_only_grow(trino, GOLD_STATE),
        }


def heads_of(lake: Lake) -> list[int]:
    """Every snapshot that readers of Gold ever saw, oldest first."""
    return gold_heads(lake_reader(lake.settings()))


def client_of(lake: Lake) -> TrinoClient:
    return connect(lake.settings().ports.trino_port)
