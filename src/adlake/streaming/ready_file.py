"""When the stream is ready: its first batch is in the lake, or there is nothing to read.

A query that has merely started may die of its first record a moment later.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOTHING_TO_READ = "Waiting for data to arrive"
"""What Spark says of a query that has looked and found no new record."""

WAITING = "waiting"
"""Name of the file beside it that says, while the stream waits, for what."""


class WaitingNote:
    """What a running stream waits for, where `adlake up` and `adlake status` read it."""

    def __init__(self, ready_file: Path) -> None:
        self._path = ready_file.with_name(WAITING)

    def tell(self, sentence: str) -> None:
        """Replace what it says."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(sentence)

    def forget(self) -> None:
        """It waits no longer."""
        self._path.unlink(missing_ok=True)

    def read(self) -> str:
        """Empty: it waits for nothing."""
        try:
            return self._path.read_text()
        except OSError:
            return ""


class ReadyFile:
    """Holds the pid of the stream from its first work on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_written = False

    def withdraw(self) -> None:
        """What an earlier run said is not true of this one."""
        self._path.unlink(missing_ok=True)

    def withdraw_namesake(self) -> None:
        """Where each run of a container has the pid of the one before it, that one is gone."""
        try:
            is_namesake = self._path.read_text() == str(os.getpid())
        except OSError:
            return
        if is_namesake:
            self.withdraw()

    def write(self) -> None:
        """The first work is done."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(str(os.getpid()))
        self.is_written = True


def has_worked(batches_done: int, status: Mapping[str, Any]) -> bool:
    """Whether a query has done a batch, or looked and found nothing; `status` is Spark's of it."""
    return bool(batches_done) or status["message"] == NOTHING_TO_READ
