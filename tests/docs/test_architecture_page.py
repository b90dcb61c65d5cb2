"""docs/architecture.md: what is written there by hand and can be looked up."""

from __future__ import annotations

import re

import pytest

from adlake.devstack.stack import OWN_FOLDERS, SERVICES
from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "architecture.md").read_text()
ROOT = REPO_ROOT / "src" / "adlake"


def section(heading: str) -> str:
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_process_is_there_with_folders_that_it_may_have() -> None:
    rows = re.findall(
        r"^\| (\w+) \| .+ \| (.+) \|$", section("Processes of the native runtime"), re.M
    )
    named = {name for name, _ in rows if name != "service"}
    assert named == {one.name for one in SERVICES} | {"supervisor"}
    assert {folder for _, told in rows for folder in re.findall(r"`(\w+)/`", told)} <= OWN_FOLDERS


@pytest.mark.parametrize("heading", ["One micro-batch", "Replay", "Who watches it"])
def test_the_code_that_a_step_names_is_there(heading: str) -> None:
    named = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", section(heading))
    assert named
    places = (ROOT, REPO_ROOT)
    assert [one for one in named if not any((place / one).exists() for place in places)] == []
