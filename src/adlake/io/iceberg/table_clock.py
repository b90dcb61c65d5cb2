"""Whether this machine's clock is behind the tables: Iceberg then refuses every commit.

A commit carries the time of the machine. One that is more than a minute older than the table's last
one is refused, in words that blame Iceberg itself. Nothing is wrong but the clock, and it goes on
by itself: so whoever commits waits, and says what for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from adlake.io.iceberg.table import IcebergTable

TOLERANCE_MS = 60_000
"""What Iceberg forgives."""
LOOK_SECONDS = 0.2
TELL_SECONDS = 60.0


@dataclass(frozen=True)
class ClockBehind:
    """A table whose last commit lies ahead of the clock; times are epoch ms."""

    table: str
    last_commit_ms: int
    now_ms: int

    @property
    def until_ms(self) -> int:
        """When commits are taken again."""
        return self.last_commit_ms - TOLERANCE_MS

    def __str__(self) -> str:
        """One sentence: how far, which table, until when, what to do."""
        behind = (self.last_commit_ms - self.now_ms) / 1000
        return (
            f"the clock of this machine is {_duration(behind)} behind the last commit of "
            f"{self.table} ({_shown(self.last_commit_ms)}): commits wait until it shows "
            f"{_shown(self.until_ms)}, then go on by themselves; nothing is lost. Set the clock "
            "right, or let it run"
        )


def clock_behind(tables: Iterable[IcebergTable], now_ms: int | None = None) -> ClockBehind | None:
    """The table that is furthest ahead of the clock, if commits to it would be refused."""
    now = int(time.time() * 1000) if now_ms is None else now_ms
    furthest = max(
        (ClockBehind(one.name, one.last_commit_ms(), now) for one in tables if one.exists()),
        key=lambda found: found.last_commit_ms,
        default=None,
    )
    return furthest if furthest is not None and furthest.until_ms > now else None


def wait_for_clock(
    find: Callable[[], ClockBehind | None],
    is_stopping: Callable[[], bool],
    tell: Callable[[str], None],
) -> bool:
    """Block until commits are taken; says why at once and then every minute.

    Returns:
        True when they are; False when the process is to stop first.
    """
    while (behind := find()) is not None:
        told_at = -TELL_SECONDS
        # Only this process commits, so the tables stand still while it waits.
        while (now_ms := int(time.time() * 1000)) < behind.until_ms:
            if is_stopping():
                return False
            if time.monotonic() - told_at >= TELL_SECONDS:
                tell(str(ClockBehind(behind.table, behind.last_commit_ms, now_ms)))
                told_at = time.monotonic()
            time.sleep(LOOK_SECONDS)
    return True


def _shown(epoch_ms: int) -> str:
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s"
