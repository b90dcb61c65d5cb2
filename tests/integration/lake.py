"""A whole stack on free ports with its own state, driven through the commands a user types."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from adlake.devstack.ports import private_environment
from adlake.devstack.service import Service, State
from adlake.devstack.stack import Stack
from adlake.devstack.stream import Stream
from adlake.settings import REPO_ROOT, Settings

SERVERS = ("postgres", "kafka", "trino")


@dataclass
class Lake:
    """One lake under `home`; `extra` are settings beyond the ports."""

    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = private_environment(self.home)

    def settings(self, **more: str) -> Settings:
        """Settings of this lake; `more` are ADLAKE_ names without the prefix."""
        given = {f"ADLAKE_{name}": value for name, value in (self.extra | more).items()}
        return Settings(self.environment | given)

    def stack(self, **more: str) -> Stack:
        return Stack(self.settings(**more), report=print)

    def stream(self, **more: str) -> Stream:
        """The driver alone, for tests that start it to see it die."""
        stack = self.stack(**more)
        return Stream(stack.settings, stack.installation)

    def adlake(
        self, *arguments: str, expected: int | None = 0, timeout: float = 300.0
    ) -> subprocess.CompletedProcess[str]:
        """Run one command; `expected` None accepts any exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "adlake.cli", *arguments],
            env={**os.environ, **self.settings().as_environment()},
            cwd=REPO_ROOT, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if expected is not None:
            output = f"{done.stdout}\n{done.stderr}\n{self.stream().last_log_lines(60)}"
            assert done.returncode == expected, f"adlake {' '.join(arguments)}:\n{output}"
        return done

    def fired(self, failpoint: str) -> bool:
        """Whether a planted fault fired: its marker file exists."""
        return any((self.home / "failpoints").glob(f"{failpoint}.*"))

    def wait_for_death(self, service: Service, timeout: float = 120.0) -> None:
        """Block until the service's process is gone."""
        deadline = time.monotonic() + timeout
        while service.state() in (State.READY, State.NOT_READY):
            assert time.monotonic() < deadline, f"{service.name} still runs"
            time.sleep(0.2)
