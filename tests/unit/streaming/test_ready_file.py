"""The stream is ready when its first work is done, not when its query has started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adlake.streaming.ready_file import NOTHING_TO_READ, ReadyFile, has_worked


@pytest.mark.parametrize(
    ("batches_done", "message", "is_ready"),
    [
        (0, "Initializing sources", False),
        (0, "Processing new data", False),
        (0, "Waiting for next trigger", False),
        (0, NOTHING_TO_READ, True),
        (1, "Processing new data", True),
    ],
)
def test_ready_is_said_after_the_first_batch_or_when_there_is_none(
    batches_done: int, message: str, is_ready: bool
) -> None:
    assert has_worked(batches_done, {"message": message}) == is_ready


def test_the_file_holds_the_pid_of_the_one_that_is_ready(tmp_path: Path) -> None:
    path = tmp_path / "stream" / "ready"
    ReadyFile(path).write()
    assert path.read_text() == str(os.getpid())


def test_an_earlier_run_is_not_this_one(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    path.write_text("1")
    ReadyFile(path).withdraw()
    assert not path.exists()


def test_a_run_with_the_pid_of_the_one_before_is_not_ready_yet(tmp_path: Path) -> None:
    path = tmp_path / "stream" / "ready"
    ReadyFile(path).withdraw_namesake()
    ReadyFile(path).write()
    ReadyFile(path).withdraw_namesake()
    assert not path.exists()
    path.write_text("1")  # another driver, which this one may come to follow
    ReadyFile(path).withdraw_namesake()
    assert path.read_text() == "1"
