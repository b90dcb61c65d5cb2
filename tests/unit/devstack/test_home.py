"""A state folder knows where it was made: a copied or moved one is refused, and harms nobody."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adlake.contracts.place import LakePlaceError
from adlake.devstack.errors import DevstackError
from adlake.devstack.home import HOME_MARKER, bind_home, read_home, refuse_other_home
from adlake.devstack.services import postgres_place
from adlake.devstack.services.postgres_place import outside_folder, remove_place, settle_database
from adlake.devstack.stack import Stack
from adlake.settings import Settings
from tests.fixtures.many_commands import said_by

OLD_TEXT = "State of adlake; `make nuke` removes this folder.\n"


def stack_in(home: Path) -> Stack:
    return Stack(Settings({"ADLAKE_HOME": str(home)}))


@pytest.fixture
def original(tmp_path: Path) -> Path:
    home = tmp_path / "original"
    bind_home(home)
    (home / "run").mkdir()
    (home / "warehouse").mkdir()
    return home


@pytest.mark.parametrize("verb", ["up", "down", "nuke"])
def test_a_copied_home_is_refused_before_anything_is_touched(original: Path, verb: str) -> None:
    copy = original.with_name("copy")
    shutil.copytree(original, copy, symlinks=True)
    before = sorted(copy.rglob("*"))
    with pytest.raises(LakePlaceError, match=f"not where this lake was made, but {original}"):
        getattr(stack_in(copy), verb)()
    assert sorted(copy.rglob("*")) == before
    refuse_other_home(original)


def test_a_moved_home_is_refused_and_told_the_way_on(original: Path) -> None:
    moved = original.rename(original.with_name("moved"))
    with pytest.raises(LakePlaceError, match="start it where it was made"):
        refuse_other_home(moved)


def test_down_in_a_copy_leaves_the_processes_of_the_original(original: Path) -> None:
    import psutil

    from adlake.devstack.supervisor.process import PidFile
    from adlake.io.process_identity import beginning

    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        try:
            began = beginning(psutil.Process(child.pid))
            PidFile(child.pid, began, None).write(original / "run" / "kafka.json")
            copy = original.with_name("copy")
            shutil.copytree(original, copy)
            with pytest.raises(LakePlaceError):
                stack_in(copy).down()
            assert child.poll() is None
        finally:
            child.kill()


def test_every_command_names_the_copy_in_one_sentence(original: Path, tmp_path: Path) -> None:
    copy = original.with_name("copy")
    shutil.copytree(original, copy)
    (copy / "secrets").mkdir()
    (copy / "secrets" / "postgres_password").write_text("x")
    commands = (
        ("status",), ("down",), ("nuke",), ("doctor",), ("query", "roas"), ("stream",), ("wait",),
    )  # fmt: skip
    here = {"ADLAKE_HOME": str(copy), "ADLAKE_POSTGRES_PORT": "1"}
    for command, said in zip(commands, said_by(tmp_path, commands, **here), strict=True):
        assert said.code == 1, (command, said)
        told = said.stdout + said.stderr
        assert f"is not where this lake was made, but {original}" in told, (command, said)
        assert "Traceback" not in said.stderr, (command, said)


def test_a_home_of_an_older_version_is_bound_at_its_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / HOME_MARKER).write_text(OLD_TEXT)
    refuse_other_home(home)
    bind_home(home)
    known = json.loads((home / HOME_MARKER).read_text())
    assert known["home"] == str(home)
    bind_home(home)
    assert json.loads((home / HOME_MARKER).read_text()) == known


def test_a_copy_of_an_older_version_is_known_by_its_brokers_folder(tmp_path: Path) -> None:
    home = tmp_path / "copy"
    (home / "kafka").mkdir(parents=True)
    (home / HOME_MARKER).write_text(OLD_TEXT)
    (home / "kafka" / "server.properties").write_text("node.id=1\nlog.dirs=/data/old/kafka/data\n")
    mark = read_home(home)
    assert mark is not None
    assert mark.home == Path("/data/old")
    with pytest.raises(LakePlaceError, match="but /data/old"):
        refuse_other_home(home)


def test_a_copied_link_to_the_database_of_another_home_is_refused_and_never_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_place, "OUTSIDE_ROOT", tmp_path / "lib")
    original, copy = tmp_path / "original", tmp_path / "copy"
    outside = outside_folder(original)
    (outside / "data").mkdir(parents=True)
    for home in (original, copy):
        home.mkdir()
        (home / HOME_MARKER).write_text(OLD_TEXT)
        (home / "postgres").symlink_to(outside)
    refuse_other_home(original)
    with pytest.raises(LakePlaceError, match="the database in"):
        stack_in(copy).nuke()
    remove_place(copy)
    assert (outside / "data").is_dir()
    assert not (copy / "postgres").is_symlink()
    remove_place(original)
    assert not outside.exists()


def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setattr(postgres_place, "OUTSIDE_ROOT", tmp_path / "lib")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    original, theirs = tmp_path / "original", outside_folder(tmp_path / "original")
    (theirs / "data").mkdir(parents=True)
    (theirs / "data" / "PG_VERSION").write_text("18")
    original.mkdir()
    (original / "postgres").symlink_to(theirs)
    return original, theirs


def test_an_adopted_copy_gets_a_database_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, theirs = settled(tmp_path, monkeypatch)
    copy = tmp_path / "copy"
    shutil.copytree(original, copy, symlinks=True)
    (theirs / "data" / "postmaster.pid").write_text("1")
    with pytest.raises(DevstackError, match="a server works on"):
        settle_database(copy, original)
    (theirs / "data" / "postmaster.pid").unlink()
    settle_database(copy, original)
    settle_database(copy, original)
    assert (copy / "postgres").resolve() == outside_folder(copy)
    (copy / "postgres" / "data" / "PG_VERSION").write_text("19")
    assert (original / "postgres" / "data" / "PG_VERSION").read_text() == "18"


def test_a_moved_home_takes_its_database_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, theirs = settled(tmp_path, monkeypatch)
    moved = original.rename(tmp_path / "moved")
    settle_database(moved, original)
    assert (moved / "postgres").resolve() == outside_folder(moved)
    assert (moved / "postgres" / "data" / "PG_VERSION").read_text() == "18"
    assert not theirs.exists()
