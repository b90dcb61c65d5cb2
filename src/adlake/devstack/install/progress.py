"""Shows how far parallel downloads are: one live line on a terminal, a line now and then else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

MEGABYTE = 1_000_000
TERMINAL_SECONDS = 0.5
LOG_SECONDS = 10.0


class DownloadProgress:
    """Bytes arrived against bytes expected, per set of files."""

    def __init__(self, expected_bytes: dict[str, int]) -> None:
        self._expected = expected_bytes
        self._arrived: dict[str, int] = {}
        self._lock = threading.Lock()
        self._is_terminal = sys.stderr.isatty()
        self._shown_at = 0.0
        self._began = time.monotonic()

    def of(self, set_name: str) -> Callable[[int], None]:
        """The callback for one set."""

        def arrived(count: int) -> None:
            with self._lock:
                self._arrived[set_name] = count
                self._show()

        return arrived

    def line(self) -> str:
        """Current state in words."""
        parts = (
            f"{name} {min(count, self._expected[name]) / MEGABYTE:.0f}"
            f"/{self._expected[name] / MEGABYTE:.0f} MB"
            for name, count in sorted(self._arrived.items())
        )
        return f"  fetching {', '.join(parts)} ({time.monotonic() - self._began:.0f} s)"

    def _show(self) -> None:
        now = time.monotonic()
        interval = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        if now - self._shown_at < interval:
            return
        self._shown_at = now
        end = "\r" if self._is_terminal else "\n"
        sys.stderr.write(f"{self.line()}{end}")
        sys.stderr.flush()
