"""Which share of each room of src/adlake the quick tests run: `make coverage`.

    python benchmarks/covered.py <arguments of pytest>

Writes benchmarks/reports/coverage.json and coverage.md. The report holds a floor, `SLACK` points
below the highest total that was ever recorded: a run below it fails and records nothing. Rooms that
work inside Spark, on a broker or on Trino are run by the slower tiers, which are not measured.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.settings import REPO_ROOT
from tests.fixtures.machine import code_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "coverage.json"
DATA = REPO_ROOT / ".cache" / "coverage"
SLACK = 2.0
"""So many points may the total lie below the highest one."""


def main(arguments: list[str]) -> int:
    """Run the tests measured, compare with the floor, write the report; the exit code."""
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    if failed := _coverage("run", "-m", "pytest", "-q", *arguments):
        return failed
    _coverage("combine", "-q")
    _coverage("json", "-q", "-o", str(DATA / "coverage.json"))
    before = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    found = report(json.loads((DATA / "coverage.json").read_text()), before.get("floor", 0.0))
    print("\n".join(table(found)))
    if trouble := below_floor(found):
        print(trouble, file=sys.stderr)
        return 1
    document = found | code_facts()
    REPORT.write_text(json.dumps(document, indent=2) + "\n")
    REPORT.with_suffix(".md").write_text("\n".join(table(document)) + "\n")
    return 0


def report(measured: dict[str, Any], floor: float) -> dict[str, Any]:
    """Statements and their covered share, of each room and of all; the floor only rises."""
    statements: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for file, facts in measured["files"].items():
        room = room_of(file)
        statements[room] += facts["summary"]["num_statements"]
        covered[room] += facts["summary"]["covered_lines"]
    total = percent(covered.total(), statements.total())
    return {
        "tier": "quick",
        "total_percent": total,
        "floor": max(floor, round(total - SLACK, 1)),
        "statements": statements.total(),
        "rooms": {
            room: {"percent": percent(covered[room], count), "statements": count}
            for room, count in sorted(statements.items())
        },
    }


def room_of(file: str) -> str:
    """The folder of src/adlake that a file is in; `adlake` for the modules beside them."""
    inside = file.partition("src/adlake/")[2].split("/")
    return inside[0] if len(inside) > 1 else "adlake"


def percent(covered: int, statements: int) -> float:
    """With one digit; a room without statements is wholly covered."""
    return round(100 * covered / statements, 1) if statements else 100.0


def below_floor(found: dict[str, Any]) -> str:
    """What to say of a total below the floor; empty where there is nothing to say."""
    if found["total_percent"] >= found["floor"]:
        return ""
    return (
        f"the quick tests run {found['total_percent']} % of the code, the floor is "
        f"{found['floor']} % ({REPORT.relative_to(REPO_ROOT)}): test what was added"
    )


def table(found: dict[str, Any]) -> list[str]:
    """The report as Markdown."""
    commit = f" at commit {found['commit']}" if "commit" in found else ""
    if found.get("dirty"):
        commit += ", changed"
    return [
        f"The quick tests run {found['total_percent']} % of the {found['statements']:,} statements "
        f"of src/adlake{commit}; below {found['floor']} % `make coverage` fails.",
        "",
        "| room | % run | statements |",
        "| --- | --- | --- |",
        *(
            f"| {room} | {facts['percent']} | {facts['statements']:,} |"
            for room, facts in found["rooms"].items()
        ),
    ]


def _coverage(*arguments: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=REPO_ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
