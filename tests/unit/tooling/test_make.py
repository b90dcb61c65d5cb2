"""What is given to make reaches the program as it was typed, and nothing else steers make."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tests.fixtures.hostile import hostile_environment

PROGRAM = """#!/bin/sh
for word in "$@"; do printf '[%s]' "$word"; done
test "$2" != - || cat
"""


def made(tmp_path: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Standard output of make, with a program that shows its arguments in the place of adlake."""
    program = tmp_path / "shows"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    # Variables of the command line, so that nothing is installed and nothing runs.
    done = subprocess.run(
        ["make", *arguments, f"ADLAKE={program}", "BOOTSTRAP=true"],
        cwd=REPO_ROOT, env=environment or dict(os.environ), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT * FROM gold."ad_performance_state$snapshots"',
        "SELECT 'it''s', \"a b\" -- $HOME $(id) `id` $$ \\n %s #",
        "SELECT 1\nFROM t;",
        "",
    ],
)
def test_sql_reaches_the_command_as_typed(tmp_path: Path, statement: str) -> None:
    assert made(tmp_path, "sql", f"SQL={statement}") == f"[sql][-]{statement}"


def test_names_and_arguments_keep_their_words(tmp_path: Path) -> None:
    assert made(tmp_path, "query", "NAME=a $b's") == "[query][a $b's]"
    assert made(tmp_path, "query") == "[query]"
    assert made(tmp_path, "logs", "NAME=stream", "FOLLOW=1") == "[logs][stream][-f]"
    assert (
        made(tmp_path, "generate", "ARGS=--faults 'a $x' -n 1")
        == "[generate][--faults][a $x][-n][1]"
    )
    assert made(tmp_path, "up", "ONLY=kafka", "RUNTIME=native") == (
        "[up][--runtime][native][--only][kafka]"
    )


def test_a_group_of_commands_shows_when_nothing_is_asked(tmp_path: Path) -> None:
    assert made(tmp_path, "source") == "[source][show]"
    assert made(tmp_path, "source", "ARGS=continue --reason 'a, $b'") == (
        "[source][continue][--reason][a, $b]"
    )
    assert made(tmp_path, "quarantine") == "[quarantine][list]"
    assert made(tmp_path, "quarantine", "ARGS=show 2/1234") == "[quarantine][show][2/1234]"
    assert made(tmp_path, "explain", "ARGS=my-ad") == "[explain][my-ad]"


@pytest.mark.parametrize(
    ("target", "typed"),
    [
        ("up", "[up]"), ("down", "[down]"), ("nuke", "[nuke]"), ("jobs", "[flow][--tables]"),
        ("views", "[views]"), ("contracts", "[contracts][check]"), ("topics", "[topics]"),
        ("app", "[up][--runtime][docker][--only][postgres,trino,dashboard]"),
        ("app-local", "[up][--runtime][native][--only][postgres,trino,dashboard]"),
        ("generate", "[generate]"), ("maintain", "[maintain]"),
    ],
)  # fmt: skip
def test_every_verb_that_was_promised_runs_its_command(
    tmp_path: Path, target: str, typed: str
) -> None:
    assert made(tmp_path, target) == typed


def test_a_day_of_customers_is_named_by_make_too(tmp_path: Path) -> None:
    typed = made(tmp_path, "maintain", "ARGS=--as-of 2026-04-02")
    assert typed == "[maintain][--as-of][2026-04-02]"


def test_python_is_the_systems_unless_make_is_told_another() -> None:
    def first_step(*arguments: str, **environment: str) -> str:
        done = subprocess.run(
            ["make", "-n", "venv", *arguments], cwd=REPO_ROOT, env={**os.environ, **environment},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    script = "-I tools/bootstrap.py runtime\n"
    assert first_step() == first_step(PYTHON="/nosuch") == f"python3 {script}"
    assert first_step("PYTHON=/my/python") == f"/my/python {script}"


def test_variables_of_other_tools_do_not_steer_make(tmp_path: Path) -> None:
    environment = hostile_environment(tmp_path)
    assert made(tmp_path, "query", environment=environment) == "[query]"
    assert made(tmp_path, "up", environment=environment) == "[up]"
    assert made(tmp_path, "replay", environment=environment) == "[replay]"
