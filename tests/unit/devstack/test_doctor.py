"""What `make doctor` finds, with the remedy."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from adlake.devstack import doctor
from adlake.devstack.doctor import Verdict
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.java import find_jdk, read_jdk
from adlake.devstack.services.ports import private_environment
from adlake.settings import Settings


def make_jdk(home: Path, version: str, modules: str = "java.base jdk.incubator.vector") -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text("#!/bin/sh\nexit 0\n")
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return home


def settings_with(tmp_path: Path, **environment: str) -> Settings:
    return Settings(private_environment(tmp_path) | environment)


def test_java_home_wins_when_its_version_is_accepted(tmp_path: Path) -> None:
    home = make_jdk(tmp_path / "mine", "21.0.5")
    assert find_jdk((17, 21), {"JAVA_HOME": str(home), "PATH": ""}).home == home


def test_an_unfit_java_home_is_passed_over(tmp_path: Path) -> None:
    too_new = make_jdk(tmp_path / "new", "25.0.1")
    fit = make_jdk(tmp_path / "fit", "17.0.15")
    environment = {"JAVA_HOME": str(too_new), "PATH": str(fit / "bin")}
    assert find_jdk((17, 21), environment).home == fit


def test_a_runtime_image_without_sparks_module_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adlake.devstack.install.java.SEARCH_GLOBS", ())
    slim = make_jdk(tmp_path / "slim", "17.0.15", modules="java.base")
    with pytest.raises(DevstackError, match="need a full JDK 17 or 21") as raised:
        find_jdk((17, 21), {"JAVA_HOME": str(slim), "PATH": ""})
    assert "JAVA_HOME" in str(raised.value)


def test_a_folder_without_java_is_no_jdk(tmp_path: Path) -> None:
    assert read_jdk(tmp_path) is None


def test_a_taken_port_blocks_with_its_setting(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    with socket.create_server(("127.0.0.1", settings.ports.trino_port)):
        findings = list(doctor.port_findings(settings))
    blocked = [finding for finding in findings if finding.verdict is Verdict.BLOCKS]
    assert [finding.subject for finding in blocked] == [f"port {settings.ports.trino_port}"]
    assert "ADLAKE_TRINO_PORT=<port>" in blocked[0].remedy
    assert doctor.is_blocked(findings)


def test_free_ports_do_not_block(tmp_path: Path) -> None:
    assert not doctor.is_blocked(list(doctor.port_findings(settings_with(tmp_path))))


def test_an_old_python_blocks() -> None:
    assert doctor.python_finding((3, 10, 1)).verdict is Verdict.BLOCKS
    assert doctor.python_finding((3, 11, 0)).verdict is Verdict.OK


def test_a_full_disk_blocks(tmp_path: Path) -> None:
    finding = doctor.disk_finding("state disk", tmp_path, 10**9, "ADLAKE_HOME")
    assert finding.verdict is Verdict.BLOCKS
    assert "ADLAKE_HOME" in finding.remedy


def test_little_memory_and_few_files_warn() -> None:
    assert doctor.memory_finding(1 << 30).verdict is Verdict.WARNING
    assert doctor.memory_finding(8 << 30).verdict is Verdict.OK
    assert doctor.files_finding(256).verdict is Verdict.WARNING


def test_missing_downloads_warn_and_say_how_to_get_them(tmp_path: Path) -> None:
    finding = doctor.cache_finding(tmp_path)
    assert finding.verdict is Verdict.WARNING
    assert "kafka, spark, trino" in finding.detail


@pytest.mark.parametrize(
    ("free_gib", "rate", "verdict", "words"),
    [
        (100, 1_000.0, Verdict.OK, "about 5 days of traffic at 1,000 events a second"),
        (30, 1_000.0, Verdict.OK, "about 36 hours of traffic"),
        (10, 1_000.0, Verdict.WARNING, "about 12 hours of traffic"),
        (10, 100.0, Verdict.OK, "about 5 days of traffic at 100 events a second"),
        (4, 1_000.0, Verdict.BLOCKS, "4 GiB free"),
    ],
)
def test_room_is_told_in_days_of_traffic(  # noqa: PLR0917
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_gib: int, rate: float,
    verdict: Verdict, words: str,
) -> None:  # fmt: skip
    usage = SimpleNamespace(free=free_gib * doctor.GIB)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    finding = doctor.state_finding(tmp_path / "home", rate)
    assert finding.verdict is verdict
    assert words in finding.detail
    assert bool(finding.remedy) is (verdict is not Verdict.OK)
