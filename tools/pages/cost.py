"""The tables of docs/cost.md, from the reports of `benchmarks/run.py` and `benchmarks/cost.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tools.pages.benchmarks import REPORTS, Report
from tools.pages.markdown import as_table

NOT_MEASURED: Final = "Not measured yet: `make bench-cost` does it."


def parts(reports: Path = REPORTS) -> dict[str, str]:
    """Each generated part of the page by its name."""
    bench, cost = json.loads((reports / "bench.json").read_text()), reports / "cost.json"
    report = json.loads(cost.read_text()) if cost.exists() else None
    return {
        "memory at full rate": memory(bench),
        "cost by service": services(report),
        "cost of disk": disk(report),
    }


def memory(report: Report) -> str:
    """Peak memory of each service at the rate of the benchmark."""
    peaks = sorted(report["memory_mib_peak"].items(), key=lambda one: -one[1])
    shown = as_table(("service", "MiB at the peak"), [
        *((name, f"{mib:,.0f}") for name, mib in peaks),
        ("all, each at its own peak", f"{report['memory_mib_peak_total']:,}"),
    ])  # fmt: skip
    return f"{_measured(report)}\n\n{shown}"


def services(report: Report | None) -> str:
    """Memory and processor time of each service."""
    if report is None:
        return NOT_MEASURED
    found = sorted(report["services"].items(), key=lambda one: -one[1]["memory_mib_peak"])
    columns = ("memory_mib_median", "memory_mib_peak", "cores", "cpu_seconds_per_million_records")
    total = {name: sum(one[name] for _, one in found) for name in columns}
    head = ("service", "MiB, median", "MiB, peak", "cores busy", "CPU seconds a million records")
    shown = as_table(head, (
        (name, *(f"{one[column]:,.{2 if column == 'cores' else 0}f}" for column in columns))
        for name, one in [*found, ("all", total)]
    ))  # fmt: skip
    said = f"{report['what']}: {report['records']:,} records of all topics."
    return f"{_measured(report)}\n{said}\n\n{shown}"


def disk(report: Report | None) -> str:
    """What a million records, and a day, leave on the disk."""
    if report is None:
        return NOT_MEASURED
    found, programs = report["disk"], report["programs_mib"]
    tables = sorted(found["tables_mib_per_million_records"].items(), key=lambda one: -one[1])
    return "\n\n".join((
        as_table(("where", "MiB a million records of all topics"), [
            *((f"`{name}`", f"{mib:,.1f}") for name, mib in tables if mib > 0),
            ("all tables", f"{sum(mib for _, mib in tables):,.1f}"),
            ("the topics, in Kafka", f"{found['topics_mib_per_million_records']:,.1f}"),
        ]),
        as_table(("a day of the default traffic", "GiB"), [
            ("tables", f"{found['tables_gib_per_day']:.1f}"),
            ("topics, until their limit", f"{found['topics_gib_per_day']:.1f}"),
        ]),
        as_table(("programs", "MiB"), [
            ("the cache `~/.cache/adlake`", f"{programs['cache']:,}"),
            ("`.venv`, with the development tools", f"{programs['venv']:,}"),
        ]),
    ))  # fmt: skip


def _measured(report: Report) -> str:
    facts = report["machine"]
    rate = report.get("rate_offered", report["settings"].get("generator_rate"))
    return (
        f"{facts['cores']} cores ({facts['processor']}), {facts['memory_gib']} GiB, commit "
        f"{facts['commit']}, {rate:,.0f} ad events a second."
    )
