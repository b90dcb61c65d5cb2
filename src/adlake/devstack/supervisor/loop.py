"""Starts a service again that ended by itself; one process per ADLAKE_HOME, started by `make up`.

It never decides what shall run: a service is wanted while its pid file exists, and `down` removes
that. What was dead before it looked first stays so until somebody starts it. It starts no service
itself either: `adlake revive` does, under the same lock as `up` and `down`, and looks once more
whether the service is still wanted and still dead. So it cannot undo what an operator does. Time
is monotonic: a step of the wall clock neither hurries nor delays it.

Beside that it has Spark's class archive made where a stream runs (ADR 0034).
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.supervisor.endings import Ending, append_event, begin_events, read_ending
from adlake.devstack.supervisor.later import LaterCommand
from adlake.devstack.supervisor.process import PidFile
from adlake.environment import command_line

log = logging.getLogger(__name__)

NAME = "supervisor"
SPARK_SERVICE = "stream"
"""The service that starts faster from a class archive."""
LOOK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
LASTING_PAUSE_SECONDS = 300.0
"""Before a service is tried again that said nothing will help but an operator."""
GOOD_SECONDS = 180.0
"""A service that ran this long begins with the shortest pause again."""
MOST_LOG_BYTES = 200_000_000
"""A log above this is cut: one copy is kept beside it."""

Revive = Callable[[str], str | None]
"""Starts a service again; returns why not, None when it was started."""


@dataclass
class _Track:
    """What is known of one service; seconds of the monotonic clock."""

    known: PidFile | None = None
    since: float = 0.0
    ended_in_a_row: int = 0
    due: float | None = None
    own_start: PidFile | None = None
    """What we started last: after an operator's start the pauses begin anew."""


class Supervisor:
    """Looks at every pid file, and revives what is due."""

    def __init__(
        self, home: Path, revive: Revive, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._home = home
        self._revive = revive
        self._clock = clock
        self._tracks: dict[str, _Track] = {}
        self._left_dead = {
            name: known for name, known in self._wanted() if not self._lives(name, known)
        }

    def look(self) -> None:
        """One round over all wanted services; a fault is logged, and the next round tries again."""
        wanted = dict(self._wanted())
        self._tracks = {name: self._tracks.get(name, _Track()) for name in wanted}
        for name, known in wanted.items():
            with logged_errors(name):
                self._look_at(name, known)

    def _look_at(self, name: str, known: PidFile) -> None:
        cut_log(self._home / "logs" / f"{name}.log")
        if self._lives(name, known):
            self._is_alive(self._tracks[name], known)
        elif self._left_dead.get(name) != known:
            self._is_dead(name, self._tracks[name])

    def _wanted(self) -> Iterator[tuple[str, PidFile]]:
        for path in sorted((self._home / "run").glob("*.json")):
            known = PidFile.read(path)
            if known is not None and path.stem != NAME:
                yield path.stem, known

    def _lives(self, name: str, known: PidFile) -> bool:
        return known.process(f"{self._home}:{name}") is not None

    def _is_alive(self, track: _Track, known: PidFile) -> None:
        now = self._clock()
        if known != track.known:
            if known != track.own_start:
                track.ended_in_a_row = 0
            track.known, track.since, track.due = known, now, None
        elif now - track.since > GOOD_SECONDS:
            track.ended_in_a_row = 0

    def _is_dead(self, name: str, track: _Track) -> None:
        now = self._clock()
        if track.due is None:
            self._put_off(name, track, "ended", read_ending(self._home, name))
        elif now >= track.due:
            refusal = self._revive(name)
            if refusal is None:
                track.due, track.own_start = None, dict(self._wanted()).get(name)
                if track.own_start is None:
                    return  # taken down meanwhile: nothing was started
                append_event(self._home, name, "started")
                log.info("%s started again", name)
            else:
                self._put_off(name, track, "not-started", Ending(refusal))

    def _put_off(self, name: str, track: _Track, event: str, ending: Ending) -> None:
        pause = min(2.0**track.ended_in_a_row, LONGEST_PAUSE_SECONDS)
        if ending.is_lasting:
            pause = LASTING_PAUSE_SECONDS
        track.ended_in_a_row = min(track.ended_in_a_row + 1, 10)
        track.due = self._clock() + pause
        append_event(self._home, name, event, ending.reason, pause)
        log.warning("%s %s, next try in %.0f s: %s", name, event, pause, ending.reason)


@contextmanager
def logged_errors(name: str) -> Iterator[None]:
    """A full disk or an unreadable file ends neither the others' turn nor the supervisor."""
    try:
        yield
    except Exception as error:
        log.warning("%s: looked at in vain, once more in %.0f s: %r", name, LOOK_SECONDS, error)


def cut_log(path: Path, most_bytes: int = MOST_LOG_BYTES) -> None:
    """Keep a log from filling the disk: its writer appends, so it goes on at the new end."""
    with suppress(OSError):
        if path.stat().st_size > most_bytes:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)


def revive_by_command(name: str) -> str | None:
    """Run `adlake revive`, whose parent will be nobody once it is done."""
    done = subprocess.run(command_line("revive", name), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"adlake revive ended with {done.returncode}"


def ready_file(home: Path) -> Path:
    """Holds the pid of the supervisor once it knows what was dead before it came."""
    return home / "run" / f"{NAME}.ready"


def main(home: Path) -> None:
    """Look until SIGTERM, or until the state folder is gone."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    begin_events(home)
    supervisor = Supervisor(home, revive_by_command)
    archive = LaterCommand(
        command_line("install", "--class-archive"), (home / "run" / f"{SPARK_SERVICE}.json").exists
    )
    ready_file(home).write_text(str(os.getpid()))
    log.info("supervising %s", home)
    while not stopping.wait(LOOK_SECONDS) and (home / "run").is_dir():
        with logged_errors(str(home)):
            supervisor.look()
        with logged_errors("class archive"):
            archive.look()
    archive.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
