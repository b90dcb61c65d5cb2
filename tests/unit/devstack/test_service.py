"""Start, recognise and stop processes, with real ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adlake.devstack.errors import DevstackError
from adlake.devstack.services.ports import free_ports
from adlake.devstack.services.service import State
from adlake.devstack.status import status_of
from adlake.devstack.supervisor import process
from tests.unit.devstack.fakes import FakeService, fake_service


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def service(tmp_path: Path, port: int) -> Iterator[FakeService]:
    one = fake_service(tmp_path, port)
    yield one
    one.stop()


@pytest.fixture
def parent(tmp_path: Path, port: int) -> Iterator[FakeService]:
    one = fake_service(tmp_path, port, "child")
    yield one
    one.stop()


def test_start_is_harmless_twice_and_stop_leaves_nothing(parent: FakeService) -> None:
    assert parent.state() is State.STOPPED
    assert not parent.start().already_running
    first = parent.main_process()
    assert parent.start().already_running
    assert parent.main_process() == first
    family = parent.processes()
    assert len(family) == 2, "the server and its child"
    stopped = parent.stop()
    assert stopped.was_running
    assert not any(process.is_alive(one) for one in family)
    assert parent.state() is State.STOPPED


def test_start_repairs_when_the_main_process_was_killed(parent: FakeService) -> None:
    parent.start()
    killed = parent.main_process()
    assert killed is not None
    orphans = killed.children(recursive=True)
    killed.kill()
    psutil.wait_procs([killed], timeout=5)
    assert parent.state() is State.DIED
    assert any(process.is_alive(orphan) for orphan in orphans), "the child outlived its parent"
    assert not parent.start().already_running
    assert parent.state() is State.READY
    assert not any(process.is_alive(orphan) for orphan in orphans), "start sweeps leftovers"


def test_what_dies_while_start_looks_at_it_is_started_anew(
    service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.start()
    dying = service.main_process()
    assert dying is not None
    is_ready = service.is_ready

    def dies_first() -> bool:
        if service.main_process() == dying:
            dying.kill()
            psutil.wait_procs([dying], timeout=5)
            return False
        return is_ready()

    monkeypatch.setattr(service, "is_ready", dies_first)
    assert not service.start().already_running
    assert service.main_process() not in (None, dying)


def test_stop_kills_and_says_so_when_the_signal_is_ignored(tmp_path: Path, port: int) -> None:
    service = fake_service(tmp_path, port, "deaf")
    service.start()
    main = service.main_process()
    assert main is not None
    stopped = service.stop()
    assert stopped.killed == (main.pid,)
    assert not process.is_alive(main)


def test_a_recycled_pid_is_never_touched(service: FakeService) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        process.PidFile(stranger.pid, "of another boot+1", None).write(service.pid_path)
        assert service.main_process() is None
        assert not service.stop().was_running
        assert stranger.poll() is None, "somebody else's process was stopped"
    finally:
        stranger.kill()
        stranger.wait()


def move_the_boot_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """What a step of the wall clock does: the same process was created at another time."""
    told = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda one: told(one) + seconds)


@pytest.mark.parametrize("seconds", [-14_400.0, -1.0, 1.0, 14_400.0])
def test_a_step_of_the_clock_takes_no_living_service_for_dead(
    service: FakeService, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    service.start()
    before = service.main_process()
    move_the_boot_time(monkeypatch, seconds)
    assert service.state() is State.READY
    assert 0 <= (status_of(service).uptime_seconds or -1) < 60, "uptime follows the clock"
    assert service.start().already_running
    assert service.main_process() == before
    assert service.stop().killed == (), "it was killed instead of asked"


def as_written_before(path: Path) -> None:
    told = json.loads(path.read_text())
    path.write_text(json.dumps({"pid": told["pid"], "created_at": 1.5, "port": told["port"]}))


@pytest.mark.parametrize("harm", [as_written_before, Path.unlink], ids=["older", "lost"])
def test_a_service_with_an_older_or_lost_pid_file_is_asked_to_stop(
    service: FakeService, harm: Callable[[Path], None]
) -> None:
    service.start()
    before = service.main_process()
    harm(service.pid_path)
    assert service.state() is State.READY
    assert service.main_process() == before
    stopped = service.stop()
    assert (stopped.was_running, stopped.killed) == (True, ())


def test_what_outlived_its_main_process_is_asked_to_stop(service: FakeService) -> None:
    service.start()
    stopped = process.stop(
        None, service.marker, stop_signal=service.stop_signal, grace_seconds=5
    )  # fmt: skip
    assert (stopped.was_running, stopped.killed) == (True, ())


def test_a_service_with_a_damaged_pid_file_is_asked_to_stop(service: FakeService) -> None:
    service.start()
    service.pid_path.write_text("{")
    assert service.state() is State.READY
    stopped = service.stop()
    assert (stopped.was_running, stopped.killed) == (True, ())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "port": 1}'])
def test_a_damaged_pid_file_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "fake.json"
    path.write_text(content)
    assert process.PidFile.read(path) is None


def test_a_taken_port_is_named_with_its_setting(service: FakeService, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(DevstackError) as raised:
        service.start()
    message = str(raised.value)
    assert f"port {port}" in message
    assert "ADLAKE_DASHBOARD_PORT=<port>" in message
    assert f"pid {os.getpid()}" in message
    assert service.main_process() is None


def test_another_port_in_the_settings_is_refused_while_running(
    service: FakeService, tmp_path: Path
) -> None:
    service.start()
    moved = fake_service(tmp_path, free_ports(1)[0])
    with pytest.raises(DevstackError, match="run `make down` first"):
        moved.start()


def test_a_death_while_starting_shows_the_log(tmp_path: Path, port: int) -> None:
    service = fake_service(tmp_path, port, "dies")
    with pytest.raises(DevstackError, match="the reason of the death") as raised:
        service.start()
    assert "died while starting" in str(raised.value)
    assert service.stop().killed == ()


def test_a_new_start_keeps_the_previous_log(service: FakeService) -> None:
    service.log_file.parent.mkdir(parents=True)
    service.log_file.write_text("of the run before\n")
    service.start()
    assert service.log_file.with_suffix(".log.1").read_text() == "of the run before\n"


def test_children_carry_settings_and_marker(service: FakeService) -> None:
    service.start()
    main = service.main_process()
    assert main is not None
    environment = main.environ()
    assert environment["ADLAKE_HOME"] == str(service.home)
    assert environment[process.MARKER] == f"{service.home}:fake"


def test_stop_uses_the_signal_of_the_service(tmp_path: Path, port: int) -> None:
    service = fake_service(tmp_path, port, "deaf")
    service.stop_signal = signal.SIGINT  # type: ignore[misc]
    service.start()
    assert service.stop().killed == (), "SIGINT ends it although SIGTERM is ignored"
