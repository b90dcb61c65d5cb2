"""Whatever goes wrong, a command ends in a sentence; any terminal and any reader of it will do."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from adlake import environment
from adlake.environment import SOURCES
from tests.fixtures.hostile import hostile_environment

FAILING = """
import sys
sys.path.insert(0, {sources!r})
from adlake import environment
environment.enter(__file__, "probe")
from adlake.cli import application

def probe():
    {body}

application.app.command(name="probe")(probe)
application.main()
"""


def ended(
    tmp_path: Path, body: str, *, stdout: int | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "probe.py"
    script.write_text(FAILING.format(sources=str(SOURCES), body=body), encoding="utf-8")
    given = {**os.environ, "ADLAKE_HOME": str(tmp_path / "lake"), **more}
    return subprocess.run(
        [sys.executable, str(script)], env=given, text=True, timeout=60, check=False,
        stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_an_error_nobody_foresaw_is_a_sentence_with_its_details_in_a_log(tmp_path: Path) -> None:
    logs = tmp_path / "lake" / "logs"
    logs.mkdir(parents=True)
    done = ended(tmp_path, "{}['no such key']")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("adlake: unexpected KeyError: 'no such key'.")
    assert str(logs / "errors.log") in done.stderr
    assert "Traceback" in (logs / "errors.log").read_text()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise OSError(28, 'x', '/the/file')", "no room is left on the disk: /the/file"),
        ("open('/proc/nosuch/x', 'w')", "unexpected FileNotFoundError"),
        ("raise PermissionError(13, 'x', '/the/file')", "permission denied: /the/file"),
        ("'\\udcff'.encode()", "the given text is not UTF-8"),
    ],
)
def test_troubles_of_the_machine_are_named(tmp_path: Path, body: str, sentence: str) -> None:
    done = ended(tmp_path, body)
    assert done.returncode == 1
    assert done.stderr.startswith(f"adlake: {sentence}")
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_the_output_is_named(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = ended(tmp_path, "print('x' * 100_000)", stdout=full.fileno())
    assert (done.returncode, done.stderr) == (1, "adlake: no room is left on the disk\n")


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = ended(tmp_path, "print('x' * 100_000)", stdout=writing)
    os.close(writing)
    assert done.stderr == ""


TIDIED = """import os, signal
    try:
        os.kill(os.getpid(), signal.{name})
    finally:
        {then}"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize(
    "then",
    [
        "pass",
        # The JVM of a command got the same signal, and is gone before it is asked to stop.
        "raise ConnectionRefusedError(111, 'Connection refused')",
        "from adlake.settings import SettingsError; raise SettingsError('gone')",
        # `make` sends it to the group and to its child: twice.
        "os.kill(os.getpid(), signal.SIGTERM); open('/proc/nosuch/x')",
        "import logging; logging.getLogger('x').exception('operation 7')",
    ],
)
def test_a_signal_is_told_as_one_whatever_fails_after_it(
    tmp_path: Path, name: str, code: int, then: str
) -> None:
    done = ended(tmp_path, TIDIED.format(name=name, then=then))
    assert (done.returncode, done.stderr) == (code, "adlake: ended by a signal\n")


def test_a_signal_at_the_exit_tells_nothing(tmp_path: Path) -> None:
    kill = "os.kill(os.getpid(), signal.SIGTERM)"
    done = ended(tmp_path, f"import atexit, os, signal; atexit.register(lambda: {kill})")
    assert (done.returncode, done.stderr) == (-15, "")


def test_what_is_logged_with_an_error_is_a_line_and_its_traceback_a_file(tmp_path: Path) -> None:
    logs = tmp_path / "lake" / "logs"
    logs.mkdir(parents=True)
    body = """import logging
    try:
        {}['no such key']
    except KeyError:
        logging.getLogger('adlake').exception('operation %d', 7)
    logging.getLogger('adlake').warning('lost %s', 'x')
    logging.getLogger('adlake').info('nobody asked')"""
    done = ended(tmp_path, body)
    assert done.stderr.splitlines() == [
        f"adlake: operation 7 failed: the details are at the end of {logs / 'errors.log'}",
        "adlake: lost x",
    ]
    assert "KeyError: 'no such key'" in (logs / "errors.log").read_text()


@pytest.mark.parametrize("given", [{}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "LANG": "C"}])
def test_a_pipe_gets_utf8_whatever_the_locale(tmp_path: Path, given: dict[str, str]) -> None:
    done = ended(tmp_path, "print('Zürich 日本')", **given)
    assert (done.returncode, done.stdout) == (0, "Zürich 日本\n")


def test_a_terminal_gets_what_it_cannot_show_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setattr(environment.locale, "getencoding", lambda: "latin-1")
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "stderr", terminal)
        environment.choose_encoding()
        print("Zürich 日本", flush=True)  # noqa: T201
        monkeypatch.undo()
    assert os.read(ours, 100).rstrip() == "Zürich \\u65e5\\u672c".encode("latin-1")
    os.close(ours)


def test_every_command_explains_itself_in_a_hostile_shell(tmp_path: Path) -> None:
    given = hostile_environment(tmp_path, ADLAKE_HOME=str(tmp_path / "lake"))
    done = subprocess.run(
        environment.command_line("--help"), env=given, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Usage: adlake " in done.stdout
