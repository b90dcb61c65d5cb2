"""Whether the holder of a lease still lives does not depend on the wall clock."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import psutil
import pytest

from adlake.io.postgres.lease import holder_is_dead, this_holder


def test_a_living_holder_lives_on_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    holder = this_holder()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 0.0)
    assert not holder_is_dead(holder)


def test_an_ended_process_and_a_reused_pid_are_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    host = socket.gethostname()
    assert holder_is_dead(f"{host}/pid {ended.pid}/started 1")
    assert holder_is_dead(f"{host}/pid {os.getpid()}/started another")


def test_nobody_judges_another_machine() -> None:
    assert not holder_is_dead("elsewhere/pid 1/started 1")
    assert not holder_is_dead("nobody")
