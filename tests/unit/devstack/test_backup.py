"""A backup is complete or absent, and comes back whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from adlake.contracts.place import LakePlaceError
from adlake.devstack import backup as job
from adlake.devstack.archive import ArchiveError, extract_archive
from adlake.devstack.errors import DevstackError
from adlake.devstack.home import bind_home
from adlake.devstack.supervisor.process import MARKER
from adlake.settings import Settings

FORMS = pytest.mark.parametrize("end", ["tar", "tar.gz", "tar.zst"])


def quiet(_line: str) -> None:
    pass


def settings_of(home: Path, **more: str) -> Settings:
    return Settings({"ADLAKE_HOME": str(home)} | more)


@pytest.fixture
def lake(tmp_path: Path) -> Settings:
    """A stopped lake: closed secrets, a linked database, a warehouse outside, leftovers."""
    home, outside = tmp_path / "lake", tmp_path / "outside"
    bind_home(home)
    (outside / "data").mkdir(parents=True)
    (outside / "data").chmod(0o700)
    (outside / "data" / "PG_VERSION").write_text("18")
    (outside / "server").mkdir()
    (outside / "server" / "postgres").write_text("a program")
    (home / "postgres").symlink_to(outside)
    (home / "secrets").mkdir(mode=0o700)
    (home / "secrets" / "word").write_text("x")
    (home / "secrets" / "word").chmod(0o600)
    for left_out in job.LEFT_OUT:
        (home / left_out).mkdir(exist_ok=True)
        (home / left_out / "leftover").write_text("x")
    warehouse = tmp_path / "tables"
    (warehouse / "gold" / "p=n%C3%A4m").mkdir(parents=True)
    (warehouse / "gold" / "p=n%C3%A4m" / "a.parquet").write_bytes(bytes(range(256)) * 5_000)
    (warehouse / ".adlake-lake.json").write_text("{}")
    return settings_of(home, ADLAKE_WAREHOUSE=f"file://{warehouse}")


@pytest.fixture(autouse=True)
def adopted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Homes that a restore would have adopted: that itself needs the database."""
    seen: list[Path] = []
    monkeypatch.setattr(job, "adopt", lambda s, _report: seen.append(s.paths.home) or "new-id")
    monkeypatch.setattr(job, "house_database", lambda _home: None)
    return seen


@FORMS
def test_a_backup_comes_back_whole(
    lake: Settings, tmp_path: Path, end: str, adopted: list[Path]
) -> None:
    target, lines = tmp_path / f"lake.{end}", list[str]()
    size = job.backup(lake, target, lines.append)
    assert size > 1_000_000
    assert target.stat().st_mode & 0o777 == 0o600
    assert lines[-1].startswith("  100 %")
    home = tmp_path / "other" / "home"
    assert job.restore(settings_of(home), target, quiet) == "new-id"
    assert adopted == [home]
    assert (home / "secrets" / "word").stat().st_mode & 0o777 == 0o600
    assert (home / "postgres" / "data").stat().st_mode & 0o777 == 0o700
    assert (home / "postgres" / "data" / "PG_VERSION").read_text() == "18"
    assert not (home / "postgres" / "server").exists()
    rows = home / "warehouse" / "gold" / "p=n%C3%A4m" / "a.parquet"
    assert rows.read_bytes() == bytes(range(256)) * 5_000
    assert not [name for name in job.LEFT_OUT if (home / name).exists()]
    assert sorted(path.name for path in home.parent.iterdir()) == ["home"]


@FORMS
def test_a_cut_or_damaged_backup_leaves_nothing(
    lake: Settings, tmp_path: Path, end: str, adopted: list[Path]
) -> None:
    target = tmp_path / f"lake.{end}"
    job.backup(lake, target, quiet)
    whole = target.read_bytes()
    home = tmp_path / "other" / "home"
    middle = len(whole) // 2
    for broken in (
        whole[:middle],
        whole[: -len(whole) // 10],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    ):
        target.write_bytes(broken)
        with pytest.raises(ArchiveError, match=r"cut|damaged|differ|no backup"):
            job.restore(settings_of(home), target, quiet)
        assert not home.exists()
        assert list(home.parent.glob("*")) + list(home.parent.glob(".*")) == []
    assert adopted == []


@FORMS
@pytest.mark.usefixtures("adopted")
def test_a_damaged_byte_anywhere_is_one_sentence_or_does_no_harm(
    lake: Settings, tmp_path: Path, end: str
) -> None:
    target = tmp_path / f"lake.{end}"
    job.backup(lake, target, quiet)
    whole = target.read_bytes()
    refused = 0
    for number, place in enumerate(range(0, len(whole), max(1, len(whole) // 150))):
        target.write_bytes(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1 :])
        home = tmp_path / f"home{number}"
        try:
            job.restore(settings_of(home), target, quiet)
        except ArchiveError:
            refused += 1
            assert not home.exists()
    assert refused > 50


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("mtime", [1e30, -1e30, float("inf"), float("nan")])
def test_a_time_that_no_clock_shows_is_one_sentence(
    lake: Settings, tmp_path: Path, mtime: float
) -> None:
    whole, damaged = tmp_path / "lake.tar", tmp_path / "damaged.tar"
    job.backup(lake, whole, quiet)
    with tarfile.open(whole) as source, tarfile.open(damaged, "w") as target:
        for member in source:
            if member.name.startswith("home/"):
                member.mtime, member.pax_headers = 0, {"mtime": str(mtime)}
            target.addfile(member, source.extractfile(member))
    with pytest.raises(ArchiveError, match="damaged"):
        job.restore(settings_of(tmp_path / "home"), damaged, quiet)
    assert not (tmp_path / "home").exists()


def test_what_would_overwrite_or_be_torn_is_refused(lake: Settings, tmp_path: Path) -> None:
    target = tmp_path / "lake.tar"
    job.backup(lake, target, quiet)
    with pytest.raises(ArchiveError, match="exists: choose another name"):
        job.backup(lake, target, quiet)
    with pytest.raises(ArchiveError, match="ends with"):
        job.backup(lake, tmp_path / "lake.zip", quiet)
    with pytest.raises(LakePlaceError, match="is not empty"):
        job.restore(lake, target, quiet)
    taken = settings_of(tmp_path / "n", ADLAKE_WAREHOUSE=lake.paths.warehouse_uri)
    with pytest.raises(LakePlaceError, match="tables is not empty"):
        job.restore(taken, target, quiet)
    (lake.paths.home / "postgres" / "data" / "postmaster.pid").write_text("1")
    with pytest.raises(LakePlaceError, match="not stopped cleanly"):
        job.backup(lake, tmp_path / "other.tar", quiet)
    assert not list(tmp_path.glob("*.partial"))


def test_a_running_lake_is_not_backed_up(lake: Settings, tmp_path: Path) -> None:
    marker = {MARKER: f"{lake.paths.home}:kafka"}
    running = [sys.executable, "-c", "print('up', flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(running, stdin=pipe, stdout=pipe, env=marker) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(LakePlaceError, match="kafka of this lake runs: stop it first"):
            job.backup(lake, tmp_path / "lake.tar", quiet)


def test_too_little_room_is_said_before_anything_is_written(
    lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lake.tar"
    job.backup(lake, target, quiet)
    usage = type("Usage", (), {"free": 1_000})
    monkeypatch.setattr(job.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(DevstackError, match="GB are needed"):
        job.backup(lake, tmp_path / "other.tar", quiet)
    with pytest.raises(DevstackError, match="GB are needed"):
        job.restore(settings_of(tmp_path / "new"), target, quiet)
    assert not (tmp_path / "other.tar").exists()
    assert not (tmp_path / "new").exists()


def test_a_tar_of_something_else_is_no_backup(tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    subprocess.run(["tar", "-cf", other, "-C", "/etc", "hostname"], check=True)
    with pytest.raises(ArchiveError, match="no backup of a lake"):
        job.restore(settings_of(tmp_path / "new"), other, quiet)
    with pytest.raises(ArchiveError, match="checksums, which come last, are missing"):
        extract_archive(other, lambda name: tmp_path / "x" / name, lambda _size: None)
