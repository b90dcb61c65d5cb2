"""A stack of its own for a benchmark: free ports, a new folder, nothing left afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from adlake.devstack.services.ports import private_environment
from adlake.devstack.stack import Stack
from adlake.settings import Settings


@contextmanager
def own_stack(
    only: Collection[str] | None = None, without: Collection[str] = ()
) -> Iterator[Stack]:
    """These services, up; settings given as ADLAKE_* count. Taken down and deleted at the end."""
    chosen = {name: value for name, value in os.environ.items() if name.startswith("ADLAKE_")}
    with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
        stack = Stack(Settings(private_environment(Path(folder) / "home") | chosen), report=print)
        try:
            stack.up(only=only, without=without)
            yield stack
        finally:
            stack.nuke()


def adlake(settings: Settings, *command: str) -> str:
    """Run a command on the lake; what it printed. One that fails ends the benchmark."""
    done = subprocess.run(
        [sys.executable, "-m", "adlake.cli", *command],
        env={**os.environ, **settings.as_environment()},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"adlake {' '.join(command)}: {done.stdout}\n{done.stderr}")
    return done.stdout
