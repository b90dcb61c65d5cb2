"""No test is in a folder that no tier collects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import FOLDERS, has_its_folder

TESTS = Path(__file__).parents[2]
MAKEFILE = TESTS.parent / "Makefile"


@pytest.mark.parametrize(
    ("folder", "markers", "is_collected"),
    [
        ("unit", set(), True), ("unit", {"spark"}, False), ("unit", {"browser"}, False),
        ("spark", {"spark"}, True), ("spark", {"spark", "integration"}, False),
        ("contract", {"spark", "integration"}, True), ("faults", {"integration"}, False),
        ("faults", {"integration", "chaos"}, True),
    ],
)  # fmt: skip
def test_a_test_belongs_where_its_tier_looks(
    folder: str, markers: set[str], is_collected: bool
) -> None:
    assert has_its_folder(TESTS / folder / "room" / "test_it.py", markers) is is_collected


def test_the_makefile_names_the_folders() -> None:
    lines = MAKEFILE.read_text().splitlines()
    [stack] = [one for one in lines if one.startswith("STACK := ")]
    [spark] = [one for one in lines if one.startswith("SPARK := ")]
    assert {one.removeprefix("tests/") for one in stack.split() if one.startswith("tests/")} == (
        FOLDERS
    )
    assert [one for one in spark.split() if one.startswith("tests/")] == ["tests/spark"]
