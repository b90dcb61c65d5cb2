"""Makes the job fail where a test planted it (contracts.failpoints), nothing otherwise."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from adlake.contracts.failpoints import Failpoint, parse

STOPS_FOR_SECONDS: Final = 60


class FailpointError(RuntimeError):
    """Raised by a planted fault."""


class _Armed:
    lock = Lock()
    """Tables that are written at the same time reach one place together; it fires once."""
    points: tuple[Failpoint, ...] = ()
    marker_dir: Path | None = None
    jvm_pid: int | None = None
    batch_id: int | None = None
    pipeline: str = ""


def arm(text: str, marker_dir: Path, jvm_pid: int | None) -> None:
    """Plant the faults of the setting; an empty text disarms."""
    _Armed.points = parse(text)
    _Armed.marker_dir = marker_dir
    _Armed.jvm_pid = jvm_pid
    _Armed.batch_id = None
    _Armed.pipeline = ""


def are_planted() -> bool:
    """Whether any fault is planted: places that cost something to find ask first."""
    return bool(_Armed.points)


def enter_batch(batch_id: int, pipeline: str = "") -> None:
    """Tell the failpoints which batch of which pipeline runs."""
    _Armed.batch_id = batch_id
    _Armed.pipeline = pipeline


def reach(name: str) -> None:
    """Pass a named place; with nothing planted this is one comparison."""
    if not _Armed.points:
        return
    for point in _Armed.points:
        is_here = point.name == name and point.pipeline in ("", _Armed.pipeline)
        if is_here and point.batch_id in (None, _Armed.batch_id):
            _fire(point)


def _fire(point: Failpoint) -> None:
    assert _Armed.marker_dir is not None  # noqa: S101 - set together with the points
    _Armed.marker_dir.mkdir(parents=True, exist_ok=True)
    marker = _Armed.marker_dir / point.marker
    with _Armed.lock:
        if marker.exists() and point.action != "raise_always":
            return
        marker.write_text(f"{time.time_ns() // 1_000_000}\n")
    _ACTIONS[point.action](point)


def _kill(*pids: int | None) -> None:
    for pid in pids:
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def _raise(point: Failpoint) -> None:
    raise FailpointError(f"planted fault at {point.name}")


_ACTIONS: Final[Mapping[str, Callable[[Failpoint], None]]] = {
    "kill9": lambda _point: _kill(_Armed.jvm_pid, os.getpid()),
    "kill9jvm": lambda _point: _kill(_Armed.jvm_pid),
    "kill9python": lambda _point: _kill(os.getpid()),
    "term": lambda _point: os.kill(os.getpid(), signal.SIGTERM),
    "stop": lambda _point: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
    "raise_always": _raise,
    "sleep": lambda _point: time.sleep(STOPS_FOR_SECONDS),
}
