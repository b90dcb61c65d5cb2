"""Which process this is, told by nothing that a clock can move.

`psutil.Process.create_time` is the boot time plus the ticks since then, and the boot time that
Linux states follows every step of the wall clock: the same process then has another creation time.
The boot's own id and the ticks alone stay as they are.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil


def beginning(process: psutil.Process) -> str:
    """When a process began, as text that no other process with this pid has.

    Raises psutil.NoSuchProcess when there is none.
    """
    ticks = _start_ticks(process.pid)
    if ticks is None:  # no Linux, or it ended just now: what psutil itself compares processes by
        return f"{process._ident[1]:.2f}"  # type: ignore[attr-defined]
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text()[:8]}+{ticks}"


def age_seconds(process: psutil.Process) -> float:
    """How long a process has run, suspended time included; never negative."""
    ticks = _start_ticks(process.pid)
    if ticks is None:
        return max(0.0, time.time() - process.create_time())
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, since_boot - ticks / os.sysconf("SC_CLK_TCK"))


def _start_ticks(pid: int) -> int | None:
    """Field 22 of Linux's `stat`; the name before it may hold blanks and brackets."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return None
