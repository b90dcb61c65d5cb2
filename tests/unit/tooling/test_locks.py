"""The lock files hold what the project declares, at the versions that were decided."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement

from adlake.devstack.install.fetch import DELTA_SET, SETS
from adlake.devstack.install.versions import read_versions
from adlake.settings import REPO_ROOT
from tools import lock


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_hold_the_decided_versions(name: str) -> None:
    text = (REPO_ROOT / name).read_text()
    for pin in lock.pins(read_versions()).splitlines():
        assert f"\n{pin} \\" in text, f"run `make lock`: {name} lacks {pin}"
    is_for_developers = name == "requirements-dev.lock"
    for pin in lock.pins(read_versions(), lock.DEV_PREFIX).splitlines():
        assert (f"\n{pin} \\" in text) is is_for_developers, f"run `make lock`: {name}, {pin}"
    assert read_versions()["SPARK_VERSION"] == read_versions()["PYPI_PYSPARK"]


def test_the_lock_of_the_peers_holds_the_decided_versions() -> None:
    text = (REPO_ROOT / lock.PEERS).read_text()
    wanted = lock.peers(read_versions()).split()
    assert len(wanted) == 5
    for pin in wanted:
        assert f"\n{pin} \\" in text or f"\n{pin}==" in text, f"run `make lock`: {pin}"
    # DuckDB loads an extension of its own version alone.
    versions = read_versions()
    assert versions["PEER_PYPI_DUCKDB"] == versions["PEER_PYPI_DUCKDB_EXTENSION_DUCKLAKE"]


def test_no_peer_is_among_what_a_user_installs() -> None:
    for name in ("requirements.lock", "requirements-notebook.lock"):
        locked = {package for package, _ in lock.locked((REPO_ROOT / name).read_text())}
        assert not locked & {"chdb-core", "duckdb-extension-ducklake"}
    assert DELTA_SET not in SETS


@pytest.mark.parametrize(
    ("name", "extras"), [("requirements.lock", []), ("requirements-dev.lock", ["dev"])]
)
def test_the_locks_hold_every_declared_package(name: str, extras: list[str]) -> None:
    project = tomllib.loads((REPO_ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    locked = {package for package, _ in lock.locked((REPO_ROOT / name).read_text())}
    missing = {Requirement(package).name for package in declared} - locked
    assert not missing, f"run `make lock`: {name} lacks {missing}"
