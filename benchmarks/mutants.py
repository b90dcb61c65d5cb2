"""Plants named bugs in the real code, one at a time, and shows the test that catches each.

Each mutation replaces one piece of a symbol in a copy of the checkout, runs the named test there,
and expects it to fail; all chosen tests must pass in the unspoiled copy first. A mutation whose
piece is not found, or whose test passes or cannot run, is a failure. Writes
benchmarks/reports/mutants.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.settings import REPO_ROOT
from benchmarks.mutations import MUTATIONS, Mutation
from tests.fixtures.drill.chronicle import REPORT_VARIABLE
from tests.fixtures.machine import code_facts, machine_facts

Result = TypeVar("Result")
COPIED = (
    "src", "sql", "metabase", "grafana", "tests", "benchmarks", "tools", "infra", "docs",
    "notebooks", "contracts", "pyproject.toml", "Makefile", "docker-compose.yml",
)  # fmt: skip
REPORT = REPO_ROOT / "benchmarks" / "reports" / "mutants.json"
SAME = ("name", "place", "test")
"""A bug that was moved, or given to another test, is another one: what was found of it is not."""
TEST_SECONDS = 900
"""For one file of tests."""
TESTS_FAILED = 1
"""pytest's exit code; any other says that the test did not run."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of mutations' names")
    parser.add_argument("--tests", default="", help="those caught by tests below, e.g. tests/unit")
    parser.add_argument("--workers", type=int, default=2, help="bugs planted at once, a copy each")
    given = parser.parse_args()
    chosen = [
        one for one in MUTATIONS
        if one.test.startswith(given.tests) and any(part in one.name for part in given.only)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="adlake-mutants-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(given.workers):
            copies.put(checkout(Path(folder) / f"checkout{number}"))
        for tests in tests_of(chosen):
            beside = ["-n", str(given.workers), "--dist", "loadfile"]
            unspoiled = in_a_copy(copies, partial(run_tests, tests=[*beside, *tests]))
            if unspoiled.returncode != 0:
                print(unspoiled.stdout[-4_000:])
                print("the tests must pass before anything is planted")
                return 1
        caught = 0
        with ThreadPoolExecutor(given.workers) as workers:
            outcomes = [
                workers.submit(in_a_copy, copies, partial(outcome, mutation=one)) for one in chosen
            ]
            for done in as_completed(outcomes):
                caught += done.result()["caught"]
                write_report(done.result())
    print(f"{caught} of {len(chosen)} caught")
    return 0 if caught == len(chosen) else 1


def tests_of(mutations: list[Mutation]) -> list[list[str]]:
    """Each named test once, of a file or one of its tests, by the folder of its tier.

    A process has one Spark, and tiers want other ones.
    """
    named = sorted({one.test for one in mutations})
    return [list(tests) for _, tests in groupby(named, key=lambda one: one.split("/")[1])]


def checkout(copy: Path) -> Path:
    """A copy of what the tests need."""
    for name in COPIED:
        source = REPO_ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, _made(copy / name))
    return copy


def in_a_copy(copies: SimpleQueue[Path], work: Callable[[Path], Result]) -> Result:
    """Do it in a copy that nobody else uses meanwhile."""
    copy = copies.get()
    try:
        return work(copy)
    finally:
        copies.put(copy)


def write_report(result: dict[str, Any]) -> None:
    """Put one outcome beside those of earlier runs; each says at which commit it was found."""
    known = json.loads(REPORT.read_text()) if REPORT.exists() else {"mutants": []}
    found = {tuple(one[part] for part in SAME): one for one in known["mutants"]}
    found[tuple(result[part] for part in SAME)] = result
    planted = {tuple(getattr(one, part) for part in SAME): one.name for one in MUTATIONS}
    kept = [found[key] for key in planted if key in found]
    report = {
        "machine": machine_facts(),
        "planted": len(MUTATIONS),
        "caught": sum(one["caught"] for one in kept),
        "not_run": [name for key, name in planted.items() if key not in found],
        "mutants": kept,
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n")


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def outcome(copy: Path, mutation: Mutation) -> dict[str, Any]:
    """Plant one bug, run its test, take the bug out again."""
    file = copy / mutation.file
    original, planted = file.read_text(), mutation.planted(copy)
    file.write_text(planted)
    try:
        done = run_tests(copy, [mutation.test])
    finally:
        file.write_text(original)
    caught = done.returncode == TESTS_FAILED
    print(f"{'caught  ' if caught else 'ESCAPED '} {mutation.name}", flush=True)
    return {
        "name": mutation.name,
        "place": mutation.place,
        "test": mutation.test,
        "caught": caught,
        "by": re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)[:3],
        "said": re.findall(r"^E +(.+)", done.stdout, re.MULTILINE)[:1],
        **code_facts(),
    }


def run_tests(copy: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    limit = TEST_SECONDS * len(tests)
    try:
        return subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True,
            check=False, timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        # Without the bug they end in time: a test that hangs has failed.
        return subprocess.CompletedProcess(
            command, TESTS_FAILED, stdout=f"E   did not end in {limit} s"
        )


def _environment(copy: Path) -> dict[str, str]:
    # A drill that fails here on purpose has no place in the report of the drills.
    kept = {name: value for name, value in os.environ.items() if name != REPORT_VARIABLE}
    return {**kept, "PYTHONPATH": f"{copy / 'src'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    sys.exit(main())
