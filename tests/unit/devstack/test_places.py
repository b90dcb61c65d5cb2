"""A place either works or is refused by name before anything is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adlake.devstack import doctor
from adlake.devstack.doctor import Verdict
from adlake.devstack.errors import DevstackError
from adlake.devstack.install import places
from adlake.devstack.install.prerequisites import place_problems
from adlake.devstack.services.templates import render
from adlake.devstack.stack import Stack
from adlake.settings import Settings

FREE_ID = 54_321


@pytest.mark.parametrize("name", ["a b", "it's", "ü & ñ", "(1)", "x=y@z", "日本", "l" * 200])
def test_odd_paths_that_work_pass(name: str) -> None:
    assert places.path_problem(Path("/home") / name, "the path") is None


@pytest.mark.parametrize("sign", [*':\\"$`#%?*[]{}!,;<>|^', "\n", "\t"])
def test_signs_that_a_server_misreads_are_named(sign: str) -> None:
    problem = places.path_problem(Path(f"/home/a{sign}b"), "ADLAKE_HOME")
    assert problem is not None
    assert "ADLAKE_HOME" in problem
    assert (sign if sign.isprintable() else repr(sign)) in problem


def test_a_path_that_is_not_utf8_is_named() -> None:
    assert "is not UTF-8" in str(places.path_problem(Path(os.fsdecode(b"/home/\xff")), "the path"))


def test_a_user_id_without_an_entry_is_named() -> None:
    assert places.user_problem() is None
    assert f"user id {FREE_ID} has no entry" in str(places.user_problem(FREE_ID))


def test_a_file_in_the_way_and_a_closed_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "is no folder" in str(places.folder_problem(file / "lake", "ADLAKE_HOME"))
    assert places.folder_problem(tmp_path / "new" / "lake", "ADLAKE_HOME") is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "is not writable" in str(places.folder_problem(tmp_path / "lake", "ADLAKE_HOME"))


def test_a_disk_without_programs_is_named_where_programs_run() -> None:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    closed = [
        Path(one[1])
        for one in mounts
        if "noexec" in one[3].split(",") and Path(one[1]).is_dir() and os.access(one[1], os.W_OK)
    ]
    if not closed:
        pytest.skip("no disk here is mounted noexec")
    assert "noexec" in str(places.folder_problem(closed[0], "ADLAKE_HOME"))
    assert places.folder_problem(closed[0], "ADLAKE_CACHE", runs_programs=False) is None


def test_up_refuses_an_unfit_place_before_it_makes_or_fetches_anything(tmp_path: Path) -> None:
    home = tmp_path / "100%"
    settings = Settings({"ADLAKE_HOME": str(home), "ADLAKE_CACHE": str(tmp_path / "cache")})
    with pytest.raises(DevstackError, match=r"ADLAKE_HOME .* has % in it"):
        Stack(settings).up()
    assert not list(tmp_path.iterdir())
    found = list(doctor.place_findings(settings))
    assert [(one.verdict, one.subject) for one in found] == [(Verdict.BLOCKS, "place")]


def test_a_fit_place_is_fine(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path), "ADLAKE_CACHE": str(tmp_path / "cache")})
    assert place_problems(settings) == []


def test_property_files_are_written_as_java_reads_them(tmp_path: Path) -> None:
    target = tmp_path / "server.properties"
    values = {
        "listeners": "A://b:1", "advertised": "A://b:1", "controller_port": 2,
        "log_dirs": "/a b/ü/日/😀/data",
    }  # fmt: skip
    render("kafka/server.properties", target, values)
    assert "log.dirs=/a b/\\u00fc/\\u65e5/\\ud83d\\ude00/data\n" in target.read_text("ascii")
