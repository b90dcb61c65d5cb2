"""docs/trust.md: its numbers leave none out, and the files and commands it names exist."""

from __future__ import annotations

import re

import pytest

from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "trust.md").read_text()
ORACLES = re.findall(r"^\| O(\d+) \| .+? \| (.+) \|$", TEXT, re.MULTILINE)


def test_the_oracles_are_numbered_without_a_gap() -> None:
    assert [int(number) for number, _ in ORACLES] == list(range(1, len(ORACLES) + 1))
    table = TEXT.partition("## Oracles")[2].partition("\n## ")[0]
    assert table.count("\n| ") == len(ORACLES) + 2, "a row without a number"
    drill = (REPO_ROOT / "tests" / "fixtures" / "drill" / "oracles.py").read_text()
    of_drill = {number for number, where in ORACLES if "drill/oracles.py" in where}
    assert {f"O{number}" for number in of_drill} <= set(re.findall(r"\bO\d+\b", drill))


def test_the_faults_are_numbered_without_a_gap() -> None:
    """One that is not built is said to be so."""
    told = {int(number) for number in re.findall(r"\bF(\d+)\b", TEXT)}
    assert told == set(range(1, max(told) + 1))


def test_each_file_that_is_named_exists() -> None:
    roots = (REPO_ROOT, REPO_ROOT / "src" / "adlake")
    named = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|sql|json|md))`", TEXT)
    assert len(named) > 50
    assert [one for one in named if not any((root / one).exists() for root in roots)] == []
