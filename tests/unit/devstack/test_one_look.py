"""A look at many services asks each process once; the next look asks again."""

from __future__ import annotations

import psutil
import pytest

from adlake.devstack.supervisor import process


def test_each_process_is_asked_once_in_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def read(one: psutil.Process) -> str:
        asked.append(one.pid)
        return "mine"

    monkeypatch.setattr(process, "_read_marker", read)
    here = psutil.Process()
    with process.one_look():
        assert [process.marker_of(here) for _ in range(3)] == ["mine"] * 3
        assert here.pid in [one.pid for one in process.marked("mine")]
    assert asked.count(here.pid) == 1
    assert process.marker_of(here) == "mine"
    assert asked.count(here.pid) == 2
