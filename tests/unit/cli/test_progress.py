"""A long command says how far it is, and Spark's own lines stay out of the terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adlake.cli import progress
from adlake.cli.progress import progress_words, watched
from adlake.io.spark.session import _output_to
from tests.fixtures.patience import wait_until


@pytest.mark.parametrize(
    ("share", "seconds", "words"),
    [
        (None, 3.0, "building: 3 s"),
        (0.0, 3.0, "building: 0% done"),
        (0.25, 30.0, "building: 25% done, about 90 s left"),
        (1.0, 30.0, "building: 100% done, about 0 s left"),
    ],
)
def test_phase_share_and_time_left_are_told(
    share: float | None, seconds: float, words: str
) -> None:
    assert progress_words("building", share, seconds) == words


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_phase_is_shown_while_it_lasts(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], is_terminal: bool
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.05)
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0.05)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    asked: list[int] = []

    def share() -> float:
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("Spark has just gone")
        return 0.5

    with watched("2 of 3, hashing both", share):
        # When it asks again, it has told what it heard before.
        wait_until(lambda: len(asked) > 2, 20)
    shown = capfd.readouterr()
    assert shown.out == "", "what a command prints is for others to read"
    if not is_terminal:
        assert "2 of 3, hashing both: 50% done, about" in shown.err


def test_what_a_jvm_prints_goes_to_its_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logs" / "replay.log"
    noise = "import sys; print('loading settings'); print('WARN hostname', file=sys.stderr)"
    with _output_to(file):
        subprocess.run([sys.executable, "-c", noise], check=True)
    sys.stdout.write("ours\n")
    sys.stdout.flush()
    shown = capfd.readouterr()
    assert shown.out == "ours\n"
    assert shown.err == ""
    assert "loading settings" in file.read_text()
    assert "WARN hostname" in file.read_text()
