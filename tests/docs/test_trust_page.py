"""docs/trust.md: its numbers leave none out, and the files and commands it names exist."""

from __future__ import annotations

import json
import re
from typing import Any

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


def report(name: str) -> dict[str, Any]:
    path = REPO_ROOT / "benchmarks" / "reports" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_what_was_found_is_what_the_committed_reports_say() -> None:
    chaos, storm, poison = report("chaos")["totals"], report("storm"), report("bench-poison")
    for quoted in (
        f"{chaos['kills']} kills, all fired",
        f"{chaos['gold_heads_compared']} heads of Gold compared row by row",
        f"{chaos['reader_polls']:,} looks of a reader",
        f"p50 {chaos['recovery_seconds_p50']} s, p95 {chaos['recovery_seconds_p95']} s",
        f"({chaos['recoveries_measured']} kills;",
        f"{len(storm['faults'])} faults, {storm['produced']:,} deliveries",
        f"{storm['gold_heads_compared']} heads of Gold compared, {storm['reader_polls']} looks",
        f"{poison['rate_sustained']:,} a second sustained",
        f"{poison['freshness_seconds']['p95']:.0f} s",
    ):
        assert quoted in TEXT, quoted
