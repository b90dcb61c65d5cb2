"""Whether a second driver has room under the memory limit of this process.

Without room the kernel kills the largest process of the control group: the driver of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adlake.contracts.errors import AdlakeError

GROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUPS: Final = Path("/proc/self/cgroup")
MIB: Final = 2**20
BESIDE_HEAP_MIB: Final = 640
"""What a driver of ours takes beside its heap: classes, compiled code, threads, Python's process;
the driver of the container form held 1,837 MiB with a heap of 1,280, and Python some 100."""
NO_LIMIT_MIB: Final = 2**33
"""Version 1 of control groups says a number like this where there is no limit."""
_UNITS: Final = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class NoRoomError(AdlakeError):
    """There is too little memory left for what was asked."""


@dataclass(frozen=True)
class MemoryLimit:
    """Of a control group, in MiB; pages of files do not count, the kernel takes them back."""

    most: int
    used: int


def refuse_without_room(driver_memory: str, limit: MemoryLimit | None) -> None:
    """Let a driver with this heap (`1280m`) start beside what runs already.

    Raises:
        NoRoomError: it would not fit under the limit.
    """
    needed = heap_mib(driver_memory) + BESIDE_HEAP_MIB
    if limit is None or limit.used + needed <= limit.most:
        return
    raise NoRoomError(
        f"this needs a Spark of its own, some {needed:,} MiB (ADLAKE_DRIVER_MEMORY and "
        f"{BESIDE_HEAP_MIB}), and of the {limit.most:,} MiB that are allowed here {limit.used:,} "
        "are in use. In the container form give it a container of its own: `docker-compose run "
        "--rm --no-deps lakehouse-spark adlake ...`; elsewhere raise the limit or lower "
        "ADLAKE_DRIVER_MEMORY"
    )


def heap_mib(driver_memory: str) -> int:
    """A size of the JVM (`2g`, `1280m`, bytes without a letter) in MiB."""
    unit = _UNITS.get(driver_memory[-1].lower())
    number = driver_memory if unit is None else driver_memory[:-1]
    return int(number) * (unit or 1) // MIB


def memory_limit(groups: Path = GROUPS, own_groups: Path = OWN_GROUPS) -> MemoryLimit | None:
    """The limit of this process's control group, of either version; None: there is none."""
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        return None
    paths = {parts[1]: parts[2] for line in lines if len(parts := line.split(":", 2)) == 3}
    one = _limit(groups / "memory", paths.get("memory"), "memory.limit_in_bytes", "total_rss")
    return one or _limit(groups, paths.get(""), "memory.max", "anon")


def _limit(root: Path, path: str | None, name: str, counted: str) -> MemoryLimit | None:
    """A container sees its own group as the root, and may know it by its path outside."""
    if path is None:
        return None
    own = root / path.lstrip("/")
    folder = own if (own / name).is_file() else root
    try:
        most = int((folder / name).read_text()) // MIB
        stats = dict(
            line.split(" ", 1) for line in (folder / "memory.stat").read_text().splitlines()
        )
        used = int(stats[counted]) // MIB
    except (OSError, ValueError, KeyError):  # `max`: no limit
        return None
    return MemoryLimit(most, used) if most < NO_LIMIT_MIB else None
