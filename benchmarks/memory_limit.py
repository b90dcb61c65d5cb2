"""A control group that all processes of a benchmark live in, with a limit of memory.

What counts is what the kernel counts: pages of files that were read or written, too, which it takes
back when they are in the way. It needs root, and either version of control groups.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 2**20
_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")


class NoControlGroupsError(RuntimeError):
    """The kernel offers none here, or this user may make none."""


@dataclass(frozen=True)
class MemoryLimit:
    """The group of this process and of all that it starts from now on."""

    folder: Path
    is_v1: bool
    mib: int

    def facts(self) -> dict[str, Any]:
        """What the kernel saw: the peak, and how many processes the limit has killed."""
        if self.is_v1:
            peak = self._number("memory.max_usage_in_bytes")
            killed = self._counted("memory.oom_control", "oom_kill")
        else:
            peak = self._number("memory.peak")
            killed = self._counted("memory.events", "oom_kill")
        # Without the files' pages: what could not have been taken back.
        own = self._counted("memory.stat", "total_rss" if self.is_v1 else "anon")
        return {
            "limit_mib": self.mib,
            "peak_mib": round(peak / MIB),
            "own_mib_at_the_end": round(own / MIB),
            "processes_killed": killed,
        }

    def _number(self, name: str) -> int:
        return int((self.folder / name).read_text())

    def _counted(self, name: str, key: str) -> int:
        lines = (line.split() for line in (self.folder / name).read_text().splitlines())
        return next((int(line[1]) for line in lines if line[0] == key), 0)


@contextmanager
def limited_memory(mib: int) -> Iterator[MemoryLimit]:
    """This process and its children may take so many MiB inside the block, swap among them.

    Raises:
        NoControlGroupsError: there can be no such group.
    """
    is_v1 = (_V1 / "memory.limit_in_bytes").exists()
    parent = _V1 if is_v1 else _V2
    group = MemoryLimit(parent / f"adlake-bench-{os.getpid()}", is_v1, mib)
    try:
        group.folder.mkdir()
        _set_limits(group)
        (group.folder / "cgroup.procs").write_text(str(os.getpid()))
    except OSError as error:
        raise NoControlGroupsError(f"no memory can be limited here: {error}") from error
    try:
        yield group
    finally:
        for pid in (group.folder / "cgroup.procs").read_text().split():
            (parent / "cgroup.procs").write_text(pid)
        group.folder.rmdir()


def _set_limits(group: MemoryLimit) -> None:
    limit = str(group.mib * MIB)
    if group.is_v1:
        (group.folder / "memory.limit_in_bytes").write_text(limit)
        with_swap = group.folder / "memory.memsw.limit_in_bytes"
        if with_swap.exists():
            with_swap.write_text(limit)
    else:
        (group.folder / "memory.max").write_text(limit)
        (group.folder / "memory.swap.max").write_text("0")
