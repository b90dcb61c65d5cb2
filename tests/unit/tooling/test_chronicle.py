"""The report of the fault tests: failures show, and go away when the test passes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.drill.chronicle import REPORT_VARIABLE, Chronicle
from tests.fixtures.machine import code_facts, machine_facts

GREEN, RED = "tests/faults/test_a.py::test_f01", "tests/faults/test_a.py::test_f02"


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "chaos.json"
    monkeypatch.setenv(REPORT_VARIABLE, str(path))
    return path


def run(monkeypatch: pytest.MonkeyPatch, test: str, *, failed: bool) -> None:
    """One session with one test, which notes a fault before it ends."""
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{test} (call)")
    one = Chronicle()
    one.ended(test, failed=False)
    one.add(test[-3:], "something", outcome="survived")
    one.ended(test, failed=failed)
    one.ended(test, failed=False)
    one.write()


def written(report: Path) -> tuple[list[str], list[str]]:
    """Tests that failed, and tests of the green lines."""
    found: dict[str, Any] = json.loads(report.read_text())
    return [one["test"] for one in found["failed"]], [one["test"] for one in found["faults"]]


def test_a_failure_takes_the_older_green_line_out_until_the_test_passes(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, GREEN, failed=False)
    run(monkeypatch, RED, failed=False)
    assert written(report) == ([], [GREEN, RED])
    run(monkeypatch, RED, failed=True)
    assert written(report) == ([RED], [GREEN])
    run(monkeypatch, GREEN, failed=False)
    assert written(report) == ([RED], [GREEN]), "only its own pass clears a failure"
    assert RED in report.with_suffix(".md").read_text().partition("| fault |")[0]
    run(monkeypatch, RED, failed=False)
    assert written(report) == ([], [GREEN, RED])
    assert "Failed" not in report.with_suffix(".md").read_text()


def test_a_test_that_failed_before_it_noted_anything_is_listed(report: Path) -> None:
    one = Chronicle()
    one.ended(RED, failed=True)
    one.write()
    assert written(report) == ([RED], [])


def test_older_reports_without_tests_and_failures_are_kept(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"fault": "F9", "what": "checkpoint deleted", "commit": "abc"}
    report.write_text(json.dumps({"machine": {}, "totals": {"kills": 3}, "faults": [old]}))
    run(monkeypatch, GREEN, failed=False)
    found = json.loads(report.read_text())
    assert old in found["faults"]
    assert found["totals"] == {"kills": 3}


def test_facts_say_when_the_checkout_is_not_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "benchmarks" / "reports").mkdir(parents=True)
    code, report = tmp_path / "code.py", tmp_path / "benchmarks" / "reports" / "one.json"
    code.write_text("1")
    report.write_text("1")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for order in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *order], check=True)
    report.write_text("2")
    assert "dirty" not in code_facts()
    code.write_text("2")
    assert code_facts()["dirty"] is True
    assert machine_facts()["dirty"] is True
