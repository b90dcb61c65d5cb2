"""One command that a running stack can do without: run once, in time that nobody else wants."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from adlake.devstack.supervisor.priority import LEAST, give_way

log = logging.getLogger(__name__)

WAIT_SECONDS = 120.0
"""After the supervisor's own start: by then a first `make up` is over."""
LEAST_MEMORY_BYTES = 2 << 30
"""Of free memory, else it is put off: servers come first."""


class LaterCommand:
    """Runs `command` once, when `is_wanted` and the machine has room; its output is ours."""

    def __init__(
        self,
        command: Sequence[str],
        is_wanted: Callable[[], bool],
        free_memory: Callable[[], int] = lambda: psutil.virtual_memory().available,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = list(command)
        self._is_wanted = is_wanted
        self._free_memory = free_memory
        self._clock = clock
        self._due = clock() + WAIT_SECONDS
        self._process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """One round: start it when it is time, and take leave of it when it has ended."""
        if self._process is not None:
            self._process.poll()
        elif self._clock() >= self._due:
            if self._is_wanted() and self._free_memory() >= LEAST_MEMORY_BYTES:
                self._start()
            else:
                self._due = self._clock() + WAIT_SECONDS

    def stop(self) -> None:
        """End it and what it started; it leaves nothing that anybody needs."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _start(self) -> None:
        # In a group of its own, which can be ended as one.
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, start_new_session=True
        )
        log.info("%s: process %d, at the lowest priority", self._command[-1], self._process.pid)
        give_way(self._process.pid, LEAST)
        with suppress(psutil.Error, OSError):
            if hasattr(psutil, "IOPRIO_CLASS_IDLE"):
                psutil.Process(self._process.pid).ionice(psutil.IOPRIO_CLASS_IDLE)
