"""The tables of docs/cost.md, from the reports of `benchmarks/run.py` and `benchmarks/cost.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPORTS = Path("benchmarks") / "reports"


def parts(root: Path) -> dict[str, str]:
    """Name of a generated part -> its text."""
    bench = json.loads((root / REPORTS / "bench.json").read_text())
    found = {"memory at full rate": memory(bench)}
    cost = root / REPORTS / "cost.json"
    report = json.loads(cost.read_text()) if cost.exists() else None
    return found | {"cost by service": services(report), "cost of disk": disk(report)}


NOT_MEASURED = "Not measured yet: `make bench-cost` does it."


def memory(report: Mapping[str, Any]) -> str:
    """Peak memory of each service at the rate of the benchmark."""
    peaks = sorted(report["memory_mib_peak"].items(), key=lambda one: -one[1])
    rows = [f"| {name} | {mib:,.0f} |" for name, mib in peaks]
    total = f"| all, each at its own peak | {report['memory_mib_peak_total']:,} |"
    return "\n".join([_measured(report), "", *_head("service", "MiB at the peak"), *rows, total])


def services(report: Mapping[str, Any] | None) -> str:
    """Memory and processor time of each service."""
    if report is None:
        return NOT_MEASURED
    found = sorted(report["services"].items(), key=lambda one: -one[1]["memory_mib_peak"])
    rows = [
        f"| {name} | {one['memory_mib_median']:,.0f} | {one['memory_mib_peak']:,.0f} "
        f"| {one['cores']:.2f} | {one['cpu_seconds_per_million_records']:,.0f} |"
        for name, one in found
    ]
    titles = ("service", "MiB, median", "MiB, peak", "cores busy", "CPU seconds a million records")
    columns = ("memory_mib_median", "memory_mib_peak", "cores", "cpu_seconds_per_million_records")
    sums = [sum(one[name] for _, one in found) for name in columns]
    total = f"| all | {sums[0]:,.0f} | {sums[1]:,.0f} | {sums[2]:.2f} | {sums[3]:,.0f} |"
    said = f"{report['what']}: {report['records']:,} records of all topics."
    return "\n".join([_measured(report), said, "", *_head(*titles), *rows, total])


def disk(report: Mapping[str, Any] | None) -> str:
    """What a million records, and a day, leave on the disk."""
    if report is None:
        return NOT_MEASURED
    found = report["disk"]
    tables = sorted(found["tables_mib_per_million_records"].items(), key=lambda one: -one[1])
    rows = [f"| `{name}` | {mib:,.1f} |" for name, mib in tables if mib > 0]
    all_tables = sum(mib for _, mib in tables)
    return "\n".join([
        *_head("where", "MiB a million records of all topics"),
        *rows,
        f"| all tables | {all_tables:,.1f} |",
        f"| the topics, in Kafka | {found['topics_mib_per_million_records']:,.1f} |",
        "",
        *_head("a day of the default traffic", "GiB"),
        f"| tables | {found['tables_gib_per_day']:.1f} |",
        f"| topics, until their limit | {found['topics_gib_per_day']:.1f} |",
        "",
        *_head("programs", "MiB"),
        f"| the cache `~/.cache/adlake` | {report['programs_mib']['cache']:,} |",
        f"| `.venv`, with the development tools | {report['programs_mib']['venv']:,} |",
    ])  # fmt: skip


def _head(*titles: str) -> Sequence[str]:
    return (f"| {' | '.join(titles)} |", f"| {' | '.join('---' for _ in titles)} |")


def _measured(report: Mapping[str, Any]) -> str:
    facts = report["machine"]
    rate = report.get("rate_offered", report["settings"].get("generator_rate"))
    return (
        f"{facts['cores']} cores ({facts['processor']}), {facts['memory_gib']} GiB, commit "
        f"{facts['commit']}, {rate:,.0f} ad events a second."
    )
