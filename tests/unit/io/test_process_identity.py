"""A process is known, and its age told, by what no clock moves."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from adlake.io import process_identity
from adlake.io.process_identity import age_seconds, beginning


def test_two_processes_differ_and_one_stays_itself() -> None:
    own = psutil.Process()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert beginning(psutil.Process(other.pid)) != beginning(own) == beginning(psutil.Process())
        other.kill()


def test_age_grows_with_time_and_not_with_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    own = psutil.Process()
    before = age_seconds(own)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= age_seconds(own) < before + 60


def test_a_system_without_proc_has_an_identity_and_an_age_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_identity, "_start_ticks", lambda _pid: None)
    own = psutil.Process()
    assert beginning(own) == beginning(psutil.Process())
    assert age_seconds(own) > 0
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert age_seconds(own) == 0.0, "a clock in 1970 makes nobody younger than born"
