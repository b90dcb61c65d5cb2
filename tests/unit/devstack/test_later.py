"""The command that a supervisor runs once beside the stack."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from adlake.devstack.supervisor import later, loop
from adlake.devstack.supervisor.later import LEAST_MEMORY_BYTES, WAIT_SECONDS, LaterCommand

WRITES = "import os, sys; open(sys.argv[1], 'a').write(f'{os.nice(0)} ')"
LASTS = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
)


@dataclass
class Bench:
    """A clock that a test moves, memory and a wish that it sets."""

    file: Path
    now: float = 0.0
    free: int = LEAST_MEMORY_BYTES
    wanted: bool = True
    program: str = WRITES
    commands: list[LaterCommand] = field(default_factory=list)

    def command(self) -> LaterCommand:
        made = LaterCommand(
            [sys.executable, "-c", self.program, str(self.file)],
            lambda: self.wanted, lambda: self.free, lambda: self.now,
        )  # fmt: skip
        self.commands.append(made)
        return made

    def text(self) -> str:
        """What the command wrote, once it wrote anything."""
        deadline = time.monotonic() + 20
        while not (self.file.exists() and self.file.read_text()):
            assert time.monotonic() < deadline, "it did not run"
            time.sleep(0.05)
        return self.file.read_text()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "ran")


def test_it_runs_once_after_a_while_at_the_lowest_priority(bench: Bench) -> None:
    bench.program = "import time; time.sleep(1); " + WRITES
    command = bench.command()
    command.look()
    bench.now = WAIT_SECONDS - 1
    command.look()
    assert command._process is None, "a first `make up` may still be at work"
    bench.now = WAIT_SECONDS
    command.look()
    assert bench.text() == "19 "
    assert command._process is not None
    command._process.wait(20)
    for _ in range(3):
        bench.now += WAIT_SECONDS
        command.look()
    command.stop()
    assert bench.file.read_text() == "19 "


@pytest.mark.parametrize("reason", ["memory", "wish"])
def test_it_is_put_off_while_there_is_no_room_or_no_wish(bench: Bench, reason: str) -> None:
    command = bench.command()
    bench.free, bench.wanted = (0, True) if reason == "memory" else (LEAST_MEMORY_BYTES, False)
    bench.now = WAIT_SECONDS
    command.look()
    assert command._process is None
    bench.free, bench.wanted = LEAST_MEMORY_BYTES, True
    command.look()
    assert command._process is None, "looked at again after a while, not every second"
    bench.now += WAIT_SECONDS
    command.look()
    assert bench.text()
    command.stop()


def test_it_ends_with_what_it_started(bench: Bench) -> None:
    bench.program = LASTS
    command = bench.command()
    bench.now = WAIT_SECONDS
    command.look()
    child = psutil.Process(int(bench.text()))
    command.stop()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    command.stop()


def test_nothing_is_stopped_that_never_ran(bench: Bench) -> None:
    bench.command().stop()


def test_the_supervisor_makes_the_class_archive_where_a_stream_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[list[str], bool]] = []

    class Noted:
        def __init__(self, command: list[str], is_wanted: object) -> None:
            assert callable(is_wanted)
            (tmp_path / "run" / "stream.json").unlink(missing_ok=True)
            before = is_wanted()
            (tmp_path / "run" / "stream.json").write_text("{}")
            made.append((command[-2:], not before and is_wanted()))

        def look(self) -> None:
            raise OSError("no process")

        def stop(self) -> None:
            made.append((["stopped"], True))

    (tmp_path / "run").mkdir()
    monkeypatch.setattr(loop, "LaterCommand", Noted)
    monkeypatch.setattr(loop.signal, "signal", lambda *_: None)
    looks = iter([False, False, True])
    monkeypatch.setattr(loop.threading, "Event", lambda: _Stopping(looks))
    loop.main(tmp_path)
    assert made == [(["install", "--class-archive"], True), (["stopped"], True)]
    assert later.WAIT_SECONDS >= 60, "a first `make up` takes about a minute"
    assert int(loop.ready_file(tmp_path).read_text()) == os.getpid()


class _Stopping:
    """Says when the supervisor was told to stop."""

    def __init__(self, looks: object) -> None:
        self._looks = looks

    def wait(self, _seconds: float) -> bool:
        return next(self._looks)  # type: ignore[call-overload,no-any-return]

    def set(self) -> None:
        pass
