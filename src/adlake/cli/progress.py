"""Shows how far a long command is: phase, share done, time left.

One live line on a terminal; elsewhere a line now and then. On standard error, so that what a
command prints stays what others can read.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Share = Callable[[], float | None]
TERMINAL_SECONDS = 0.5
LINE_SECONDS = 10.0
FEW_PERCENT = 0.02
"""Before that, a guess of the time left would be a lie."""


@contextmanager
def watched(phase: str, share: Share) -> Iterator[None]:
    """Show a phase while the block runs; `share` is asked for in a thread of its own."""
    done = threading.Event()
    show = _on_terminal if sys.stderr.isatty() else _in_lines
    thread = threading.Thread(target=show, args=(phase, share, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)


def progress_words(phase: str, share: float | None, seconds: float) -> str:
    """Phase, share done and time left; `seconds` is how long the phase has run."""
    if share is None:
        return f"{phase}: {seconds:.0f} s"
    left = f", about {seconds * (1 - share) / share:.0f} s left" if share > FEW_PERCENT else ""
    return f"{phase}: {share:.0%} done{left}"


def _in_lines(phase: str, share: Share, done: threading.Event) -> None:
    began = time.monotonic()
    while not done.wait(LINE_SECONDS):
        print(progress_words(phase, _asked(share), time.monotonic() - began), file=sys.stderr)  # noqa: T201


def _on_terminal(phase: str, share: Share, done: threading.Event) -> None:
    began = time.monotonic()
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(phase, total=None)
        while not done.wait(TERMINAL_SECONDS):
            found = _asked(share)
            words = progress_words(phase, found, time.monotonic() - began)
            bar.update(task, description=words, total=1.0 if found else None, completed=found or 0)


def _asked(share: Share) -> float | None:
    with suppress(Exception):  # the work itself says what is wrong, not its progress
        return share()
    return None
