"""What the fault tests did and found, written as a report when they are run for one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_facts

REPORT_VARIABLE = "CHAOS_REPORT"
"""Path of the JSON report; a Markdown table is written beside it."""


@dataclass
class Chronicle:
    """One record per fault that was put in."""

    records: list[dict[str, Any]] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)

    def add(self, fault: str, what: str, **facts: Any) -> None:  # noqa: ANN401 - facts of any kind
        """Note a fault of the matrix by its number, what was done, and what was found."""
        self.records.append({"fault": fault, "what": what, **facts})

    def write(self) -> None:
        """Write the report where the environment asks for it.

        What an earlier run of other faults found stays: each record says at which commit.
        """
        target = os.environ.get(REPORT_VARIABLE)
        if not target or not self.records:
            return
        path, facts = Path(target), machine_facts()
        before = json.loads(path.read_text()) if path.exists() else {"faults": [], "totals": {}}
        found = {(one["fault"], one["what"]): one for one in before["faults"]}
        for record in self.records:
            found[record["fault"], record["what"]] = {**record, "commit": facts["commit"]}
        self.records = [found[key] for key in sorted(found)]
        document = {
            "machine": facts,
            "totals": before["totals"] | self.totals,
            "faults": self.records,
        }
        path.write_text(json.dumps(document, indent=2) + "\n")
        path.with_suffix(".md").write_text("\n".join(self._table()) + "\n")

    def _table(self) -> list[str]:
        lines = ["| fault | what was done | found |", "| --- | --- | --- |"]
        for record in self.records:
            facts = {k: v for k, v in record.items() if k not in ("fault", "what")}
            found = ", ".join(f"{name} {value}" for name, value in facts.items())
            lines.append(f"| {record['fault']} | {record['what']} | {found} |")
        return lines
