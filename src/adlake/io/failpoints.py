"""Named places where a test makes the job fail (`ADLAKE_FAILPOINTS`), nothing otherwise.

Syntax: `NAME=ACTION[@batchN][,...]`, for example `gold.before_publish=kill9@batch3`. Actions:
`kill9` (the JVM and this process), `raise`, `stop` (SIGSTOP this process), `sleep` (60 s).
A failpoint fires once per state directory: a marker file remembers it across restarts.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "batch.start",
    "bronze.before_commit",
    "bronze.after_commit",
    "gold.after_append",
    "gold.before_publish",
    "gold.after_commit",
    "batch.end",
    "recovery.start",
)


class FailpointError(RuntimeError):
    """Raised by a planted fault."""


@dataclass(frozen=True)
class Failpoint:
    """One planted fault; `batch_id` None fires at the first visit."""

    name: str
    action: str
    batch_id: int | None


class _Armed:
    points: tuple[Failpoint, ...] = ()
    marker_dir: Path | None = None
    jvm_pid: int | None = None
    batch_id: int | None = None


def parse(text: str) -> tuple[Failpoint, ...]:
    """Read the setting; raises ValueError naming the wrong part."""
    points = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, rest = part.partition("=")
        action, _, when = rest.partition("@batch")
        if name not in NAMES or action not in ("kill9", "raise", "stop", "sleep"):
            raise ValueError(
                f"failpoint {part!r}: names are {NAMES}, actions kill9 raise stop sleep"
            )
        points.append(Failpoint(name, action, int(when) if when else None))
    return tuple(points)


def arm(text: str, marker_dir: Path, jvm_pid: int | None) -> None:
    """Plant the faults of the setting; an empty text disarms."""
    _Armed.points = parse(text)
    _Armed.marker_dir = marker_dir
    _Armed.jvm_pid = jvm_pid


def enter_batch(batch_id: int) -> None:
    """Tell the failpoints which batch runs."""
    _Armed.batch_id = batch_id


def reach(name: str) -> None:
    """Pass a named place; with nothing planted this is one comparison."""
    if not _Armed.points:
        return
    for point in _Armed.points:
        if point.name == name and point.batch_id in (None, _Armed.batch_id):
            _fire(point)


def _fire(point: Failpoint) -> None:
    assert _Armed.marker_dir is not None  # noqa: S101 - set together with the points
    _Armed.marker_dir.mkdir(parents=True, exist_ok=True)
    marker = _Armed.marker_dir / f"{point.name}.{point.action}.{point.batch_id}"
    if marker.exists():
        return
    marker.write_text(f"fired in batch {_Armed.batch_id}\n")
    if point.action == "raise":
        raise FailpointError(f"planted fault at {point.name}")
    if point.action == "sleep":
        time.sleep(60)
    elif point.action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        if _Armed.jvm_pid is not None:
            os.kill(_Armed.jvm_pid, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
