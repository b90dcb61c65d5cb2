"""How a service ended and what was done about it: for the supervisor, `status` and alerts.

A service that refuses to work says so in `run/<service>.ended`, as nobody waits for its exit code.
What the supervisor saw and did is one JSON object a line in `run/restarts.jsonl`.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from adlake.environment import MARKER

LONGEST_REASON = 400
MOST_EVENT_BYTES = 1_000_000


@dataclass(frozen=True)
class Ending:
    """Why a service ended; `is_lasting`: trying again helps nothing until somebody acts."""

    reason: str
    is_lasting: bool = False


@dataclass(frozen=True)
class Event:
    """One line of the event file; `at` is UTC."""

    at: str
    service: str
    event: str
    """ended, started (again) or not-started."""
    reason: str = ""
    next_try_seconds: float | None = None


def record_ending(ending: Ending) -> None:
    """Called by a service of ours about to end; does nothing in a process started by hand."""
    home, _, service = os.environ.get(MARKER, "").rpartition(":")
    if home:
        with suppress(OSError):
            ended_file(Path(home), service).write_text(json.dumps(asdict(ending)))


def read_ending(home: Path, service: str) -> Ending:
    """What a service said at its end, else the last line of its log."""
    try:
        return Ending(**json.loads(ended_file(home, service).read_text()))
    except (OSError, ValueError, TypeError):
        lines = [line for line in _end_of(home / "logs" / f"{service}.log") if line.strip()]
        return Ending(lines[-1].strip()[:LONGEST_REASON] if lines else "it said nothing")


def ended_file(home: Path, service: str) -> Path:
    """Where a service leaves its last words; removed before each start."""
    return home / "run" / f"{service}.ended"


def append_event(
    home: Path, service: str, event: str, reason: str = "", next_try: float | None = None
) -> Event:
    """Add one event, stamped now; the file begins anew when it has grown large."""
    path = events_file(home)
    if path.exists() and path.stat().st_size > MOST_EVENT_BYTES:
        begin_events(home)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    made = Event(at, service, event, reason, next_try)
    with path.open("a") as stream:
        stream.write(json.dumps(asdict(made)) + "\n")
    return made


def read_events(home: Path) -> list[Event]:
    """Every event since supervision began, oldest first; a line cut short is left out."""
    found = []
    for line in _lines(events_file(home)):
        with suppress(ValueError, TypeError):
            found.append(Event(**json.loads(line)))
    return found


def begin_events(home: Path) -> None:
    """Put the events of an earlier supervisor aside."""
    with suppress(OSError):
        events_file(home).replace(events_file(home).with_suffix(".jsonl.1"))


def events_file(home: Path) -> Path:
    """Where the supervisor writes what it saw and did."""
    return home / "run" / "restarts.jsonl"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _end_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 8_000))
            return stream.read().decode(errors="replace").splitlines()
    except OSError:
        return []
