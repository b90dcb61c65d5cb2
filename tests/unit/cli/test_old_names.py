"""Commands that were renamed answer to their old names for one release, and no help shows those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adlake.cli import app

RENAMED = [
    (("epoch", "show"), ("source", "show")),
    (("epoch", "continue"), ("source", "continue")),
    (("ledger",), ("producers",)),
    (("quarantine", "replay"), ("quarantine", "resubmit")),
]


def way_to(path: tuple[str, ...]) -> list[Any]:
    """The groups on the way to a command, and the command."""
    way: list[Any] = [typer.main.get_command(app)]
    for name in path:
        way.append(way[-1].commands[name])
    return way[1:]


@pytest.mark.parametrize(("old", "new"), RENAMED)
def test_an_old_name_takes_the_same_options_and_is_hidden(
    old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    way, new_way = way_to(old), way_to(new)
    was, is_now = way[-1], new_way[-1]
    assert was.help == is_now.help
    assert [one.opts for one in was.params] == [one.opts for one in is_now.params]
    assert any(one.hidden for one in way)
    assert not any(one.hidden for one in new_way)


@pytest.mark.parametrize(("old", "new"), RENAMED)
def test_an_old_name_does_what_the_new_one_does(
    old: tuple[str, ...], new: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADLAKE_HOME", str(tmp_path / "never"))
    more = ["--reason", "a test"] if new[-1] == "continue" else []
    was, is_now = (CliRunner().invoke(app, [*path, *more]) for path in (old, new))
    assert "nothing runs here yet" in str(was.exception)
    assert (was.exit_code, was.output, str(was.exception)) == (
        is_now.exit_code, is_now.output, str(is_now.exception)
    )  # fmt: skip


@pytest.mark.parametrize(("old", "new"), RENAMED)
def test_help_shows_the_new_name_alone(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    differs = next(place for place, name in enumerate(new) if name != old[place])
    shown = CliRunner().invoke(app, [*new[:differs], "--help"]).output
    names = {words[0] for line in shown.splitlines() if (words := line.strip("│ ").split())}
    assert new[differs] in names
    assert old[differs] not in names
    assert old[differs] not in shown or old[differs] == "replay"
