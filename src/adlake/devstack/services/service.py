"""One service of the stack: how it is started, recognised as ready, and stopped."""

from __future__ import annotations

import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import psutil

from adlake import environment
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.installation import Installation
from adlake.devstack.services.ports import refuse_taken
from adlake.devstack.supervisor import process
from adlake.devstack.supervisor.endings import ended_file
from adlake.devstack.supervisor.priority import give_way
from adlake.io.process_identity import beginning
from adlake.settings import REPO_ROOT, Settings

POLL_SECONDS = 0.2
LAST_LINES = 15
JOIN_SECONDS = 30.0
"""A server elsewhere may be starting beside us."""
Report = Callable[[str], None]


class State(StrEnum):
    """What a service is doing."""

    READY = "ready"
    NOT_READY = "not ready"
    DIED = "died"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Started:
    """Result of a start."""

    seconds: float
    already_running: bool


class _DiedError(DevstackError):
    """The main process ended before it was ready."""


class Service(ABC):
    """Base of all services; everything is derived from the settings, nothing is global."""

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    """Services that must be ready before this one starts."""
    elsewhere_setting: ClassVar[str] = ""
    """What says that others run it."""
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    grace_seconds: ClassVar[float] = 20.0
    ready_seconds: ClassVar[float] = 120.0
    is_optional: ClassVar[bool] = False
    """`make up` goes without it where it cannot be started."""
    niceness: ClassVar[int] = 0
    """How far it lets the others go first when all want the processor."""
    reads_secrets: ClassVar[bool] = False
    """A program of ours that reads the settings: its environment holds their secrets too."""

    def __init__(self, settings: Settings, installation: Installation | None = None) -> None:
        self.settings = settings
        self._installation = installation
        self.home = settings.paths.home.resolve()
        self.pid_path = self.home / "run" / f"{self.name}.json"
        self.log_file = self.home / "logs" / f"{self.name}.log"
        self.marker = f"{self.home}:{self.name}"
        self.cancelled = threading.Event()
        """Set by who waits for the start and wants to stop waiting."""

    @property
    def installation(self) -> Installation:
        """Programs and jars; only starting needs them, stopping and looking do not."""
        if self._installation is None:
            raise DevstackError(f"{self.name} cannot be started before the installation")
        return self._installation

    @abstractmethod
    def command(self) -> list[str]:
        """Argument vector."""

    @abstractmethod
    def ports(self) -> dict[str, int]:
        """Setting name -> port on 127.0.0.1; the first is the one users see."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Does it serve requests now? Must not raise for a service that is down."""

    def elsewhere(self) -> str:
        """Address of a server that others run: never started or stopped here; empty: it is ours."""
        return ""

    def missing(self) -> str:
        """What an optional service cannot be started without, and how to get it; empty: nothing."""
        return ""

    def waits_for(self) -> str:
        """What keeps a running service from its work, in one sentence; empty: nothing."""
        return ""

    def prepare(self) -> None:  # noqa: B027  optional step
        """Write configuration and create state before the start; called for each start."""

    def after_ready(self) -> None:  # noqa: B027  optional step
        """Bring what lives in the service up to date; called by every `up`, so idempotent."""

    def environment(self) -> dict[str, str]:
        """Variables on top of the settings; of the user's own none but a few arrive."""
        return {}

    def working_folder(self) -> Path:
        """Folder the service runs in; tools look there for configuration, so it is our own."""
        return environment.scratch_of(self.home) / self.name

    def user(self) -> int | None:
        """Numeric user to run as, None for our own."""
        return None

    def main_process(self) -> psutil.Process | None:
        """The running main process, if any; one whose pid file is lost is known by its marker."""
        known = process.PidFile.read(self.pid_path)
        if known is not None:
            return known.process(self.marker)
        return next(iter(process.roots_of(process.marked(self.marker))), None)

    def processes(self) -> list[psutil.Process]:
        """Every living process of this service."""
        return self.processes_of(self.main_process())

    def processes_of(self, main: psutil.Process | None) -> list[psutil.Process]:
        """The same of a main process that was found already: each search looks at all processes."""
        if main is None and not self.pid_path.exists():
            return []  # it was searched for by its marker, and nothing has it
        return process.family_of(main, self.marker)

    def state(self) -> State:
        """What the service is doing now."""
        return self.state_of(self.main_process())

    def state_of(self, main: psutil.Process | None) -> State:
        """The same of a main process that was found already."""
        if main is not None or self.elsewhere():
            return State.READY if self.is_ready() else State.NOT_READY
        return State.DIED if self.pid_path.exists() else State.STOPPED

    def start(self) -> Started:
        """Start if needed and wait until ready; raises DevstackError with the last log lines."""
        began = time.monotonic()
        running = self.main_process() is not None
        if running:
            self._refuse_other_port()
        else:
            self._launch()
        try:
            self._wait_until_ready(began)
        except _DiedError:
            if not running:
                raise
            # Killed a moment ago, it was still dying when we looked.
            running = False
            self._launch()
            self._wait_until_ready(began)
        self.after_ready()
        return Started(time.monotonic() - began, running)

    def join(self, patience_seconds: float = JOIN_SECONDS) -> Started:
        """Wait for a server that others run, and bring what lives in it up to date.

        Raises:
            DevstackError: it does not answer in time.
        """
        began = time.monotonic()
        while not self.is_ready():
            if self.cancelled.is_set() or time.monotonic() - began > patience_seconds:
                raise DevstackError(
                    f"{self.name} at {self.elsewhere()} does not answer. It is not started from "
                    f"here, since the settings say that it runs there: start it there, or change "
                    f"{self.elsewhere_setting}"
                )
            time.sleep(POLL_SECONDS)
        self.after_ready()
        return Started(time.monotonic() - began, already_running=True)

    def revive(self) -> None:
        """Start it again if it ended by itself, and do not wait; what it said last is kept."""
        if self.state() is State.DIED:
            self._launch(is_new=False)

    def stop(self) -> process.Stopped:
        """Stop the service and everything it started; harmless when it is not running."""
        stopped = process.stop(
            self.main_process(), self.marker,
            stop_signal=self.stop_signal, grace_seconds=self.grace_seconds,
        )  # fmt: skip
        self.pid_path.unlink(missing_ok=True)
        return stopped

    def last_log_lines(self, count: int = LAST_LINES) -> str:
        """End of the log, for messages."""
        if not self.log_file.exists():
            return "(no log)"
        with self.log_file.open("rb") as stream:
            stream.seek(max(0, self.log_file.stat().st_size - 64_000))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-count:])

    def _launch(self, *, is_new: bool = True) -> None:
        process.stop(None, self.marker, stop_signal=self.stop_signal, grace_seconds=0)
        refuse_taken(self.name, self.ports())
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if is_new and self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        ended_file(self.home, self.name).unlink(missing_ok=True)
        for folder in (self.working_folder(), environment.home_of_tools(self.home)):
            folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        started = process.start_detached(
            self.command(),
            environment=environment.of_service(
                self.settings.as_environment(with_secrets=self.reads_secrets),
                self.marker,
                self.home,
            )
            | self.environment(),
            log_file=self.log_file,
            cwd=self.working_folder(),
            user=self.user(),
        )
        port = next(iter(self.ports().values()), None)
        settings = self.settings.as_environment(with_secrets=False)
        process.PidFile(started.pid, beginning(started), port, settings).write(self.pid_path)
        if self.niceness:
            give_way(started.pid, self.niceness)

    def _refuse_other_port(self) -> None:
        known = process.PidFile.read(self.pid_path)
        setting, wanted = next(iter(self.ports().items()), ("", None))
        if known is not None and known.port != wanted:
            raise DevstackError(
                f"{self.name} runs on port {known.port}, but {setting} is {wanted}: run "
                "`make down` first, then `make up`"
            )

    def _wait_until_ready(self, began: float) -> None:
        while not self.is_ready():
            if self.main_process() is None:
                raise _DiedError(self._story("died while starting"))
            if reason := self.waits_for():
                raise DevstackError(f"{self.name} runs, and waits: {reason}")
            if self.cancelled.is_set():
                raise DevstackError(f"the start of {self.name} was interrupted")
            if time.monotonic() - began > self.ready_seconds:
                raise DevstackError(self._story(f"is not ready after {self.ready_seconds:.0f} s"))
            time.sleep(POLL_SECONDS)

    def _story(self, what: str) -> str:
        return (
            f"{self.name} {what}. The end of its log ({self.log_file}):\n{self.last_log_lines()}\n"
            f"Repair the cause and run `make up` again; `make doctor` checks the machine."
        )


def shorten(path: Path) -> str:
    """Path relative to the checkout where possible, for messages."""
    return str(path.relative_to(REPO_ROOT)) if path.is_relative_to(REPO_ROOT) else str(path)
