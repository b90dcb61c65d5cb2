"""File locks that die with their holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adlake.devstack.errors import DevstackError

POLL_SECONDS = 0.2


@contextmanager
def exclusive(
    path: Path, what: str, *, wait_seconds: float, report: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock file `path`; waits for another holder, then raises DevstackError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    told = False
    with path.open("a+") as stream:
        while not _try_lock(stream.fileno()):
            stream.seek(0)
            holder = stream.read().strip() or "unknown"
            if time.monotonic() > deadline:
                raise DevstackError(f"{what} is still busy in process {holder}: wait for it to end")
            if not told:
                report(f"waiting: {what} is busy in process {holder}")
                told = True
            time.sleep(POLL_SECONDS)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
