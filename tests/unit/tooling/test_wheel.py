"""The text of pyproject.toml that goes into the wheel."""

from __future__ import annotations

import tomllib

import pytest

from adlake.devstack.errors import InstallError
from adlake.folders import SHIPPED
from adlake.settings import REPO_ROOT
from tools.wheel import pinned

PROJECT = '[project]\ndependencies = [\n    "one", "Two_x[extra]",\n]\n'


def test_each_requirement_has_the_locked_version() -> None:
    told = pinned(PROJECT, "one==1.0 \\\n    --hash=x\ntwo-x==2.5\nthree==3\n")
    assert tomllib.loads(told)["project"]["dependencies"] == ["one==1.0", "Two_x[extra]==2.5"]


@pytest.mark.parametrize(
    "lock", ["one==1\n", "one==1\ntwo-x==2\ntwo-x==3 ; python_version < '3'\n"]
)
def test_a_version_that_is_not_one_is_refused(lock: str) -> None:
    with pytest.raises(InstallError, match="versions of Two_x"):
        pinned(PROJECT, lock)


def test_the_wheel_carries_what_the_code_looks_for() -> None:
    project = tomllib.loads((REPO_ROOT / "pyproject.toml").read_text())
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {name: f"adlake/files/{name}" for name in SHIPPED}
