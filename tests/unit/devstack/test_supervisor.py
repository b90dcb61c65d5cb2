"""What the supervisor starts again and when, with its clock and its way of starting injected."""

from __future__ import annotations

import errno
import itertools
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from adlake.cli import application
from adlake.contracts.errors import AdlakeError
from adlake.devstack.services.service import State
from adlake.devstack.status import ServiceStatus, as_table
from adlake.devstack.supervisor import endings
from adlake.devstack.supervisor import loop as module
from adlake.devstack.supervisor.endings import (
    Ending,
    append_event,
    read_ending,
    read_events,
    record_ending,
)
from adlake.devstack.supervisor.loop import (
    GOOD_SECONDS,
    LASTING_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Supervisor,
    cut_log,
)
from adlake.devstack.supervisor.process import MARKER, PidFile
from adlake.devstack.supervisor.supervision import restarts_of
from adlake.io.postgres.lease import LeaseHeldError
from adlake.io.process_identity import beginning
from adlake.settings import Settings, SettingsError
from tests.unit.devstack.fakes import fake_service

NO_PID = 1 << 30


@dataclass
class Bench:
    """A state folder, a clock that a test moves, and starts that only note themselves."""

    home: Path
    now: float = 0.0
    revived: list[float] = field(default_factory=list)
    refusal: str | None = None
    starts: int = 0

    def __post_init__(self) -> None:
        for name in ("run", "logs"):
            (self.home / name).mkdir(parents=True)

    @property
    def pid_path(self) -> Path:
        return self.home / "run" / "stream.json"

    def started(self, *, lives: bool) -> None:
        """A start that a supervisor can see: each one is another process."""
        self.starts += 1
        port = self.starts  # tells two starts of this very process apart
        if lives:
            PidFile(os.getpid(), beginning(psutil.Process()), port).write(self.pid_path)
        else:
            PidFile(NO_PID, "never", port).write(self.pid_path)

    def revive(self, _name: str) -> str | None:
        self.revived.append(self.now)
        if self.refusal is None:
            self.started(lives=False)
        return self.refusal

    def supervisor(self) -> Supervisor:
        return Supervisor(self.home, self.revive, clock=lambda: self.now)

    def look_for(self, supervisor: Supervisor, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            supervisor.look()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def pauses(moments: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(moments)]


def test_each_further_end_in_a_row_waits_twice_as_long_up_to_a_minute(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.started(lives=False)
    bench.look_for(supervisor, 400)
    assert bench.revived[0] == pytest.approx(2)  # noticed after one second, then one of pause
    assert pauses(bench.revived)[:6] == pytest.approx([3, 5, 9, 17, 33, 61])
    assert max(pauses(bench.revived)) <= LONGEST_PAUSE_SECONDS + 1


def test_a_good_run_makes_the_next_pause_short_again(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.started(lives=False)
    bench.look_for(supervisor, 40)
    began = beginning(psutil.Process())
    PidFile(os.getpid(), began, bench.starts).write(bench.pid_path)  # our last start, alive
    bench.look_for(supervisor, int(GOOD_SECONDS) + 5)
    before = len(bench.revived)
    died_at = bench.now
    bench.started(lives=False)
    bench.look_for(supervisor, 4)
    assert bench.revived[before] - died_at <= 3


def test_a_start_by_an_operator_makes_the_pauses_begin_anew(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.started(lives=False)
    bench.look_for(supervisor, 70)
    bench.started(lives=True)  # `make up` after the cause was repaired
    bench.look_for(supervisor, 2)
    before, died_at = len(bench.revived), bench.now
    bench.started(lives=False)
    bench.look_for(supervisor, 4)
    assert bench.revived[before] - died_at <= 3


def test_what_down_took_away_is_never_started(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.started(lives=True)
    bench.look_for(supervisor, 3)
    bench.started(lives=False)
    bench.look_for(supervisor, 1)
    bench.pid_path.unlink()  # as `down` does
    bench.look_for(supervisor, 600)
    assert bench.revived == []


def test_what_was_dead_before_stays_so_until_somebody_starts_it(bench: Bench) -> None:
    """After a crash of the machine, `make up ONLY=kafka` means Kafka."""
    bench.started(lives=False)
    supervisor = bench.supervisor()
    bench.look_for(supervisor, 600)
    assert bench.revived == []
    bench.started(lives=True)
    bench.look_for(supervisor, 2)
    bench.started(lives=False)
    bench.look_for(supervisor, 3)
    assert len(bench.revived) == 1


def test_a_service_refused_by_name_is_tried_seldom_and_shown(bench: Bench) -> None:
    supervisor = bench.supervisor()
    endings.ended_file(bench.home, "stream").write_text(
        json.dumps({"reason": "adlake: the broker lost its tail", "is_lasting": True})
    )
    bench.started(lives=False)
    bench.look_for(supervisor, int(LASTING_PAUSE_SECONDS) * 2 + 10)
    assert pauses(bench.revived) == pytest.approx([LASTING_PAUSE_SECONDS + 1], abs=1)
    count, last = restarts_of(bench.home)["stream"]
    assert count == len(bench.revived) == 2
    assert "the broker lost its tail" in last


def test_a_start_that_is_refused_waits_and_is_told(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.refusal = "adlake: port 9092, wanted by kafka, is taken by pid 1"
    bench.started(lives=False)
    bench.look_for(supervisor, 8)
    assert pauses(bench.revived) == pytest.approx([2, 4], abs=0.1)
    last = read_events(bench.home)[-1]
    assert (last.event, last.reason) == ("not-started", bench.refusal)
    assert restarts_of(bench.home)["stream"][1].endswith("next try 8 s later")


def test_a_full_disk_ends_neither_the_supervisor_nor_the_turn_of_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    supervisor = bench.supervisor()
    for name in ("kafka", "stream"):
        PidFile(NO_PID, "never", 1).write(bench.home / "run" / f"{name}.json")
    monkeypatch.setattr(module, "append_event", full)
    asked: list[str] = []
    supervisor._revive = asked.append
    bench.look_for(supervisor, 3)
    assert asked == ["kafka", "stream"]
    assert "No space left on device" in caplog.text


def test_what_was_taken_down_while_it_was_revived_is_not_told_as_started(bench: Bench) -> None:
    supervisor = bench.supervisor()
    bench.started(lives=False)
    supervisor._revive = lambda _name: bench.pid_path.unlink()
    bench.look_for(supervisor, 5)
    assert [event.event for event in read_events(bench.home)] == ["ended"]


def test_status_shows_restarts_and_the_last_reason() -> None:
    row = ServiceStatus("stream", "ready", 1, 2.0, 4040, 0, 3, "ended 12:00: adlake: away")
    assert "stream: started again 3 times; ended 12:00: adlake: away" in as_table([row])


def test_the_reason_of_a_server_is_the_last_line_of_its_log(bench: Bench) -> None:
    log = bench.home / "logs" / "kafka.log"
    log.write_text("fine\nNo space left on device\n\n")
    assert read_ending(bench.home, "kafka") == Ending("No space left on device")
    assert read_ending(bench.home, "trino") == Ending("it said nothing")


@pytest.mark.parametrize(
    ("error", "is_lasting"),
    [
        (LeaseHeldError("held"), True),
        (SettingsError("wrong"), True),
        (AdlakeError("the catalog database does not answer"), False),
    ],
)
def test_a_service_leaves_its_last_words(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, is_lasting: bool
) -> None:
    monkeypatch.setenv(MARKER, f"{bench.home}:stream")
    with pytest.raises(SystemExit):
        application._fail(error, 1)
    assert read_ending(bench.home, "stream") == Ending(f"adlake: {error}", is_lasting)


def test_a_command_by_hand_leaves_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARKER, raising=False)
    record_ending(Ending("by hand"))
    assert list((bench.home / "run").iterdir()) == []


def test_events_survive_a_line_cut_short(bench: Bench) -> None:
    append_event(bench.home, "kafka", "started")
    with endings.events_file(bench.home).open("a") as stream:
        stream.write('{"at": "20')
    assert [event.event for event in read_events(bench.home)] == ["started"]


def test_a_log_is_cut_before_it_fills_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "kafka.log"
    with path.open("ab") as writer:
        writer.write(b"x" * 2_000)
        writer.flush()
        cut_log(path, most_bytes=1_000)
        writer.write(b"goes on")
        writer.flush()
    assert path.read_bytes() == b"goes on"
    assert path.with_suffix(".log.1").stat().st_size == 2_000


def test_revive_starts_what_died_and_nothing_else(tmp_path: Path) -> None:
    from adlake.devstack.services.ports import free_ports

    service = fake_service(tmp_path, free_ports(1)[0])
    try:
        service.revive()
        assert service.state() is State.STOPPED, "nobody wants it"
        service.start()
        first = service.main_process()
        service.revive()
        assert service.main_process() == first
        assert first is not None
        service.log_file.write_text("why it died\n")
        first.kill()
        psutil.wait_procs([first], timeout=5)
        service.revive()
        assert service.main_process() not in (None, first)
        assert "why it died" in service.log_file.read_text()
        known = PidFile.read(service.pid_path)
        assert known is not None
        again = Settings(known.settings)
        assert again.as_environment() == service.settings.as_environment()
    finally:
        service.stop()
