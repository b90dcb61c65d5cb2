"""The report of coverage: shares by room, and a floor that only rises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import covered


def measured(**statements_and_covered: tuple[int, int]) -> dict[str, Any]:
    """What coverage says of one file in each room; `adlake` is a module beside the rooms."""
    files = {}
    for room, (statements, run) in statements_and_covered.items():
        inside = "flow.py" if room == "adlake" else f"{room}/deep/module.py"
        summary = {"num_statements": statements, "covered_lines": run}
        files[f"src/adlake/{inside}"] = {"summary": summary}
    return {"files": files}


def test_shares_are_those_of_rooms_and_of_all_statements() -> None:
    found = covered.report(measured(proof=(300, 240), io=(100, 10), adlake=(0, 0)), 0.0)
    assert found["rooms"] == {
        "adlake": {"percent": 100.0, "statements": 0},
        "io": {"percent": 10.0, "statements": 100},
        "proof": {"percent": 80.0, "statements": 300},
    }
    assert (found["total_percent"], found["floor"]) == (62.5, 60.5)
    assert "| proof | 80.0 | 300 |" in covered.table(found)


def test_a_total_up_to_two_points_below_the_highest_passes_and_keeps_the_floor() -> None:
    best = covered.report(measured(proof=(1_000, 800)), 0.0)
    lower = covered.report(measured(proof=(1_000, 780)), best["floor"])
    assert lower["floor"] == best["floor"] == 78.0
    assert covered.below_floor(lower) == ""
    fallen = covered.report(measured(proof=(1_000, 779)), lower["floor"])
    assert "run 77.9 % of the code, the floor is 78.0 %" in covered.below_floor(fallen)


@pytest.mark.parametrize(("run", "code"), [(900, 0), (700, 1)])
def test_a_run_below_the_floor_fails_and_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: int, code: int
) -> None:
    before = covered.report(measured(proof=(1_000, 800)), 0.0)
    report = covered.REPO_ROOT / "benchmarks" / "reports" / "coverage.json"
    assert report == covered.REPORT
    monkeypatch.setattr(covered, "REPO_ROOT", tmp_path)
    monkeypatch.setattr(covered, "REPORT", tmp_path / "coverage.json")
    monkeypatch.setattr(covered, "DATA", tmp_path / "data")
    covered.REPORT.write_text(json.dumps(before))

    def coverage(verb: str, *_: str) -> int:
        if verb == "json":
            (covered.DATA / "coverage.json").write_text(json.dumps(measured(proof=(1_000, run))))
        return 0

    monkeypatch.setattr(covered, "_coverage", coverage)
    assert covered.main([]) == code
    after = json.loads(covered.REPORT.read_text())
    assert after["total_percent"] == (80.0 if code else 90.0)
    assert covered.REPORT.with_suffix(".md").exists() == (code == 0)


def test_failed_tests_are_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covered, "DATA", tmp_path / "data")
    monkeypatch.setattr(covered, "_coverage", lambda verb, *_: 1 if verb == "run" else 0)
    assert covered.main([]) == 1


def test_the_committed_report_is_whole() -> None:
    report = json.loads(covered.REPORT.read_text())
    assert covered.below_floor(report) == ""
    assert report["floor"] >= round(report["total_percent"] - covered.SLACK, 1)
    assert covered.REPORT.with_suffix(".md").read_text().splitlines() == covered.table(report)
    assert {"attribution", "proof", "streaming"} < set(report["rooms"])
