"""What `--help` tells: the names to choose from, exit codes as such, the stack first."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from adlake import __version__
from adlake.cli import app, generate, stack
from adlake.cli.application import FIRST, PANELS
from adlake.devstack.stack import SERVICES
from adlake.generator.faults import PROFILES


def help_of(*path: str) -> str:
    """Without the frame, in one line: the frame breaks sentences."""
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"}).output
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown).split())


def commands() -> Iterator[tuple[str, ...]]:
    """Every command that is shown, with its groups."""
    waiting: list[tuple[tuple[str, ...], click.Command]] = [((), get_command(app))]
    while waiting:
        path, one = waiting.pop()
        yield path
        for name, inner in getattr(one, "commands", {}).items():
            if not inner.hidden:
                waiting.append(((*path, name), inner))


def test_the_version_is_told() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"adlake {__version__}\n")


@pytest.mark.parametrize("path", [("up",), ("down",), ("logs",)])
def test_services_are_listed_by_name(path: tuple[str, ...]) -> None:
    assert tuple(kind.name for kind in SERVICES) == stack.SERVICE_NAMES
    assert ", ".join(stack.SERVICE_NAMES) in help_of(*path)


def test_profiles_of_faults_are_listed_by_name() -> None:
    assert set(generate.FAULT_NAMES) == set(PROFILES)
    assert ", ".join(generate.FAULT_NAMES) in help_of("generate")


def test_explain_says_where_an_impression_is_found() -> None:
    assert "query impressions` lists some" in help_of("explain")


@pytest.mark.parametrize("path", sorted(commands()))
def test_a_number_that_is_an_exit_code_is_called_one(path: tuple[str, ...]) -> None:
    assert not re.search(r"(?<!exit code )\b1(?= when|: )", help_of(*path), re.IGNORECASE)


def test_the_stack_comes_first_and_up_before_all_else() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert sorted(PANELS, key=shown.index) == list(PANELS)
    names = re.findall(r"^│ ([a-z][a-z-]+)  ", shown, re.MULTILINE)
    assert names[: len(FIRST)] == list(FIRST)
