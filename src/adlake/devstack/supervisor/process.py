"""Detached processes: start, recognise, measure and stop them, never somebody else's.

A process is ours when it began when our pid file says, or when it carries our marker in its
environment; a recycled pid has neither. No wall clock takes part: it may be set while we run.
"""

from __future__ import annotations

import json
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import psutil

from adlake.environment import MARKER
from adlake.io.process_identity import beginning

CHILDREN_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class PidFile:
    """What is known about a started service."""

    pid: int
    started: str | None
    """When the process began (io.process_identity); None in a file of an older version."""
    port: int | None
    settings: Mapping[str, str] | None = None
    """What it was started with, without secrets: what starts it again when it ends by itself."""

    def write(self, path: Path) -> None:
        """Replace `path` atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".writing")
        scratch.write_text(json.dumps(asdict(self)))
        scratch.replace(path)

    @staticmethod
    def read(path: Path) -> PidFile | None:
        """The content of `path`; None when there is none or it is damaged."""
        try:
            told = json.loads(path.read_text())
            pid, settings = int(told["pid"]), told.get("settings")
            return PidFile(pid, told.get("started"), told["port"], settings)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def process(self, marker: str) -> psutil.Process | None:
        """The living process, None when it is gone or its pid belongs to another one now.

        `marker` is what its environment carries: enough for a file of an older version.
        """
        try:
            process = psutil.Process(self.pid)
            same = beginning(process) == self.started or marker_of(process) == marker
            return process if same and is_alive(process) else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True)
class Stopped:
    """How a service ended."""

    was_running: bool
    seconds: float
    killed: tuple[int, ...]
    """Pids that ignored the stop signal and got SIGKILL."""


def start_detached(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log_file: Path,
    cwd: Path,
    user: int | None = None,
) -> psutil.Process:
    """Start `command` in a session of its own, output appended to `log_file`.

    `user` is a numeric id to switch to (group and extra groups follow it); needs root.
    """
    with log_file.open("ab") as log:
        child = subprocess.Popen(
            list(command), env=dict(environment), cwd=cwd, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **run_as(user),
        )  # fmt: skip
    # The child outlives us by design; without this, Popen warns when it is collected.
    child.returncode = 0
    return psutil.Process(child.pid)


class Identity(TypedDict, total=False):
    """Arguments of subprocess that change the user."""

    user: int
    group: int
    extra_groups: list[int]


def run_as(user: int | None) -> Identity:
    """Become a numeric user with its primary group and no others; None: stay who we are."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []}


def is_alive(process: psutil.Process) -> bool:
    """Running and not a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tree_of(process: psutil.Process) -> list[psutil.Process]:
    """The process and all its living descendants."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


_seen: dict[psutil.Process, str | None] | None = None
"""Markers of the look that is being taken; None: there is none."""


@contextmanager
def one_look() -> Iterator[None]:
    """Inside, each process is asked for its marker once: each service is looked for among all."""
    global _seen  # noqa: PLW0603 - of this module alone, and of one thread
    _seen = {}
    try:
        yield
    finally:
        _seen = None


def marker_of(process: psutil.Process) -> str | None:
    """The marker in a process's environment; None where there is none, or none we may read."""
    if _seen is None:
        return _read_marker(process)
    if process not in _seen:
        _seen[process] = _read_marker(process)
    return _seen[process]


def _read_marker(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARKER)
    except (psutil.Error, OSError):
        return None


def marked(value: str) -> list[psutil.Process]:
    """Living processes with `MARKER=value` in their environment."""
    return [one for one in psutil.process_iter() if marker_of(one) == value and is_alive(one)]


def roots_of(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those whose parent is not among them: the ones to ask, the rest follows."""
    pids = {one.pid for one in processes}
    found = []
    for one in processes:
        try:
            if one.ppid() not in pids:
                found.append(one)
        except psutil.NoSuchProcess:
            continue
    return found


def family_of(main: psutil.Process | None, marker: str) -> list[psutil.Process]:
    """Every living process of a service; a descendant with another marker is another service."""
    found = {one.pid: one for one in marked(marker)}
    for one in tree_of(main) if main is not None else ():
        if marker_of(one) in {None, marker}:
            found[one.pid] = one
    return list(found.values())


def memory_bytes(processes: Sequence[psutil.Process]) -> int:
    """Memory of a process tree: proportional set size where readable, else resident size."""
    total = 0
    for process in processes:
        try:
            full = process.memory_full_info()
            total += getattr(full, "pss", 0) or full.rss
        except psutil.AccessDenied:
            total += _resident(process)
        except psutil.NoSuchProcess:
            continue
    return total


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def stop(
    main: psutil.Process | None,
    marker: str,
    *,
    stop_signal: signal.Signals,
    grace_seconds: float,
) -> Stopped:
    """Ask `main` to stop, wait, then SIGKILL whatever is left of the service.

    Without a main process, what carries the marker is asked instead: a server whose pid file was
    lost still ends softly.
    """
    began = time.monotonic()
    family = family_of(main, marker)
    asked = [main] if main is not None else roots_of(family)
    for process in asked:
        _signal(process, stop_signal)
    psutil.wait_procs(asked, timeout=grace_seconds)
    leftovers = [process for process in family if is_alive(process)]
    has_ended = not any(is_alive(process) for process in asked)
    _, stubborn = psutil.wait_procs(leftovers, timeout=CHILDREN_GRACE_SECONDS if has_ended else 0)
    late = {process.pid: process for process in [*stubborn, *marked(marker)]}
    killed = tuple(pid for pid, process in late.items() if is_alive(process))
    for process in late.values():
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(list(late.values()), timeout=CHILDREN_GRACE_SECONDS)
    return Stopped(bool(family), time.monotonic() - began, killed)


def _signal(process: psutil.Process, which: signal.Signals) -> None:
    try:
        process.send_signal(which)
    except psutil.NoSuchProcess:
        return
