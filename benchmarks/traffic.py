"""A generator under fire: it runs on, or ends with a clear error and is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from adlake.generator.truth import load_truth
from adlake.io.kafka.topic import topic_facts
from adlake.settings import REPO_ROOT
from tests.fixtures.lake import Lake

FLOW_SECONDS = 120.0
"""So long may the topic stand still when all services are up."""
SETTLE_SECONDS = 10.0
LAST_CHARACTERS = 1_500


class TrafficError(RuntimeError):
    """The drill tests nothing, or the generator failed in a way that nobody meant."""


def demand(holds: object, otherwise: str) -> None:
    """Raise TrafficError where something does not hold."""
    if not holds:
        raise TrafficError(otherwise)


class Traffic:
    """Paced events with every fault of the generator, for as long as the block runs.

    A broker that is away for too long ends the generator by design: it says so, and goes on from
    its saved position when it is started again.
    """

    def __init__(self, lake: Lake, rate: int, seed: int) -> None:
        self._lake = lake
        self._order = [
            sys.executable, "-m", "adlake.cli", "generate",
            "--rate", str(rate), "--faults", "all", "--seed", str(seed),
        ]  # fmt: skip
        self._log: Path = lake.home / "logs" / "traffic.log"
        self._process = self._start()
        self.restarts = 0

    def __enter__(self) -> Traffic:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            return subprocess.Popen(
                self._order,
                env={**os.environ, **self._lake.settings().as_environment()}, cwd=REPO_ROOT,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def records(self) -> int:
        """Offsets that the broker has given out."""
        settings = self._lake.settings()
        facts = topic_facts(settings.bootstrap_servers, settings.kafka.topic)
        return sum(facts.end_offsets.values())

    def keep_alive(self) -> None:
        """Start it again when it ended; anything but its own clear error is a failure."""
        if self._process.poll() is None:
            return
        last = self._log.read_text()[-LAST_CHARACTERS:]
        demand("Traceback" not in last, f"the traffic crashed:\n{last}")
        demand("adlake: " in last, f"the traffic ended without a reason:\n{last}")
        print(f"the traffic ended: {last.splitlines()[-1]}", flush=True)
        self.restarts += 1
        self._process = self._start()

    def wait_for_more_than(self, records: int) -> int:
        """Block until the broker has more records than that; returns how many."""
        deadline = time.monotonic() + FLOW_SECONDS
        while (now := self.records()) <= records:
            demand(time.monotonic() < deadline, "no traffic: the storm would test nothing")
            self.keep_alive()
            time.sleep(1)
        return now

    def finish(self) -> int:
        """Stop it while it flows, with everything acknowledged; returns the deliveries made."""
        self.keep_alive()
        self.wait_for_more_than(self.records())
        time.sleep(SETTLE_SECONDS)
        demand(self._process.poll() is None, "the traffic did not live to the end")
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=120)
        demand(code == 0, f"exit code {code}: {self._log.read_text()[-LAST_CHARACTERS:]}")
        return sum(one.deliveries for one in load_truth(self._lake.settings().paths.truth_dir))
