"""What the fault tests did and found, written as a report when they are run for one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import code_facts, machine_facts

REPORT_VARIABLE = "CHAOS_REPORT"
"""Path of the JSON report; a Markdown table is written beside it."""


@dataclass
class Chronicle:
    """One record per fault that was put in, and how each test of this run ended."""

    records: list[dict[str, Any]] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)
    has_failed: dict[str, bool] = field(default_factory=dict)
    """Test -> whether any part of it failed."""

    def add(self, fault: str, what: str, **facts: Any) -> None:  # noqa: ANN401 - facts of any kind
        """Note a fault of the matrix by its number, what was done, and what was found."""
        record = {"fault": fault, "what": what, **facts}
        self.records.append(record | {"test": _running_test()})

    def ended(self, test: str, *, failed: bool) -> None:
        """Note that a test passed, or that it, its setup or its teardown failed: that decides."""
        self.has_failed[test] = failed or self.has_failed.get(test, False)

    def write(self) -> None:
        """Write the report where the environment asks for it.

        What an earlier run of other faults found stays: each record says at which commit. A test
        that failed is listed until it passes, and what it ever found is taken out.
        """
        target = os.environ.get(REPORT_VARIABLE)
        if not target or not (self.records or self.has_failed):
            return
        path = Path(target)
        before = json.loads(path.read_text()) if path.exists() else {}
        failed = self._failed(before.get("failed", []))
        document = {
            "machine": machine_facts(),
            "failed": failed,
            "totals": before.get("totals", {}) | self.totals,
            "faults": self._found(before.get("faults", []), {one["test"] for one in failed}),
        }
        path.write_text(json.dumps(document, indent=2) + "\n")
        path.with_suffix(".md").write_text("\n".join(table(document)) + "\n")

    def _failed(self, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Failures of this run, and older ones of tests that did not run again."""
        older = [one for one in before if one["test"] not in self.has_failed]
        code = code_facts()
        newer = [{"test": test, **code} for test, failed in self.has_failed.items() if failed]
        return sorted([*older, *newer], key=lambda one: str(one["test"]))

    def _found(self, before: list[dict[str, Any]], failed: set[str]) -> list[dict[str, Any]]:
        # What a test found before it ran again is no news any more, whatever it was called then.
        kept = [one for one in before if one.get("test") not in self.has_failed]
        found = {(one["fault"], one["what"]): one for one in kept}
        code = code_facts()
        for record in self.records:
            found[record["fault"], record["what"]] = record | code
        return [found[key] for key in sorted(found) if found[key].get("test") not in failed]


def table(document: dict[str, Any]) -> list[str]:
    """The report as Markdown: what failed comes first."""
    lines = []
    if document["failed"]:
        lines += ["Failed, and not passed since:", "", "| test | commit |", "| --- | --- |"]
        lines += [f"| `{one['test']}` | {_commit(one)} |" for one in document["failed"]]
        lines.append("")
    lines += ["| fault | what was done | found |", "| --- | --- | --- |"]
    for record in document["faults"]:
        hidden = ("fault", "what", "test", "commit", "dirty")
        facts = {name: value for name, value in record.items() if name not in hidden}
        found = ", ".join(f"{name} {value}" for name, value in facts.items())
        found = ", ".join(filter(None, (found, f"commit {_commit(record)}")))
        lines.append(f"| {record['fault']} | {record['what']} | {found} |")
    return lines


def _commit(record: dict[str, Any]) -> str:
    return f"{record['commit']}, changed" if record.get("dirty") else str(record["commit"])


def _running_test() -> str:
    """pytest's name of the test that runs, without its phase."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
