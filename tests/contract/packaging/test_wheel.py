"""The wheel, installed into an environment of its own, against servers that run already."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.folders import SHIPPED
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.made_tables import MadeTables
from tools import wheel

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and an empty folder to work in."""

    folder: Path
    work: Path

    def adlake(self, *arguments: str, expected: int = 0, **variables: str) -> str:
        """What a command says."""
        done = subprocess.run(
            [self.folder / "bin" / "adlake", *arguments], cwd=self.work, env=variables,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """What it requires is that of this environment: pip asks no index here."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", folder, built]
    subprocess.run(install, check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(folder, tmp_path_factory.mktemp("work"))


def test_it_holds_each_file_that_the_code_reads(built: Path) -> None:
    names = set(zipfile.ZipFile(built).namelist())
    for folder in SHIPPED:
        tracked = subprocess.run(
            ["git", "ls-files", folder], cwd=REPO_ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        missing = {f"adlake/files/{name}" for name in tracked} - names
        assert tracked
        assert not missing
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_its_requirements_are_pinned(built: Path) -> None:
    packed = zipfile.ZipFile(built)
    (metadata,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
    required = [
        line for line in packed.read(metadata).decode().splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]  # fmt: skip
    assert len(required) > 20
    assert all("==" in line for line in required), required


def test_its_state_and_settings_lie_in_the_folder_where_it_is_called(installed: Installed) -> None:
    refused = installed.adlake("sql", "SELECT 1", expected=1)
    assert f"{installed.work}/.runtime was never started" in refused
    (installed.work / ".env").write_text("ADLAKE_TRINO_PORT=none\n")
    try:
        refused = installed.adlake("status", expected=2)
    finally:
        (installed.work / ".env").unlink()
    assert "ADLAKE_TRINO_PORT" in refused


def test_it_asks_servers_that_run(
    installed: Installed, empty_lake: Settings, spark: SparkSession, made_tables: MadeTables
) -> None:
    made_tables.provision(spark)
    ports = empty_lake.ports
    servers = {
        "ADLAKE_TRINO_PORT": str(ports.trino_port),
        "ADLAKE_CATALOG_URI": f"jdbc:postgresql://127.0.0.1:{ports.postgres_port}/lakehouse",
    }  # fmt: skip
    assert "42" in installed.adlake("sql", "SELECT 40 + 2 AS answer", **servers)
    assert "roas" in installed.adlake("query")
    assert "0.00" in installed.adlake("query", "roas", **servers)
    # Its own sources, and not those of the checkout beside it.
    where = "import adlake; print(adlake.__file__)"
    done = subprocess.run(
        [installed.folder / "bin" / "python", "-I", "-c", where], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(installed.folder))


def test_containers_are_for_a_checkout(installed: Installed) -> None:
    refused = installed.adlake("up", "--runtime", "docker", expected=1)
    assert "docker-compose.yml is no part of an installed package" in refused
