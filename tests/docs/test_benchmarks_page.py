"""docs/benchmarks.md: every committed report, what was not kept, what is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tools.pages import benchmarks

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "benchmarks.md").read_text()
FOUND = {path.stem: json.loads(path.read_text()) for path in benchmarks.REPORTS.glob("*.json")}
NAMED_REPORT = re.compile(r"\| `(\S+)\.json` \|$", re.MULTILINE)


def test_every_report_has_its_machine_and_commit() -> None:
    assert [name for name in FOUND if f"| `{name}.json` | " not in TEXT] == []


def test_a_report_without_a_table_shows_its_numbers() -> None:
    report = {"what": "posts.", "posts": {"a_second": 1_000}, "verdict": {"fast": False}}
    told = benchmarks.others({**FOUND, "new": report})
    assert "`new.json`: posts. Verdict: **not kept: fast**." in told
    assert "| posts, a second | 1000 |" in told
    known = {*benchmarks._ONE_REPORT, *(name for name in FOUND if "rate_sustained" in FOUND[name])}
    assert [name for name in set(FOUND) - known if f"`{name}.json`: " not in TEXT] == []


def test_a_promise_that_was_not_kept_is_said() -> None:
    broken = [name for name, one in FOUND.items() if not all(one.get("verdict", {}).values())]
    for name in set(broken) & set(benchmarks._ONE_REPORT):
        part = TEXT.partition(f"<!-- generated: {name} -->")[2].partition("<!-- end of")[0]
        assert "not kept" in part, name


def test_every_claim_without_a_report_is_named() -> None:
    claimed = NAMED_REPORT.findall(benchmarks.CLAIMS.read_text())
    missing = [name for name in claimed if name not in FOUND]
    told = benchmarks.not_measured(FOUND)
    assert len(re.findall(r"^\| (?!claim|---)", told, re.MULTILINE)) == len(missing)
    assert benchmarks.not_measured({name: {} for name in claimed}) == "Nothing."


def test_a_report_that_is_not_there_has_no_figures(tmp_path: Path) -> None:
    assert benchmarks.parts(tmp_path)["replay"] == "Not measured yet."


def test_every_machine_had_as_many_cores_as_the_page_says() -> None:
    assert "made on 2 cores" in TEXT
    assert {one["machine"]["cores"] for one in FOUND.values() if "machine" in one} == {2}
