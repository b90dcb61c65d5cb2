"""What a process and its children have used of the processor; needs nothing of adlake."""

from __future__ import annotations

from contextlib import suppress

import psutil


def cpu_seconds(process: psutil.Process) -> float:
    """Of it and all its children so far: of a driver with its JVM, say."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total
