"""Of benchmarks/reports/peers.json: what engines took, and whose rows are right."""

from __future__ import annotations

from typing import Any

from tools.pages.markdown import as_table, begun

Report = dict[str, Any]


def table(report: Report) -> str:
    """Each engine, then what the figures leave out and what was not run."""
    head = (
        "engine", "events a second", "batch, s", "processor s", "ROAS, s", "MiB on disk", "rows",
    )  # fmt: skip
    shown = as_table(head, (_row(one) for one in report["peers"].values()))
    traffic = report["traffic"]
    told = (
        f"{begun(report['what'])}. {traffic['rows_before_that_batches_speak_of']:,} of those rows "
        f"are spoken of again. Left out: {report['left_out']}."
    )
    return "\n\n".join((shown, told, _notes(report)))


def verdict(one: Report) -> str:
    """Of the rows of one engine, in words."""
    rows = one["rows"]
    if one["right"]:
        return f"right: {rows['compared']:,} compared"
    faults = [f"{rows['differ']:,} of {rows['compared']:,} differ"]
    if rows["unknown"]:
        faults.append(f"{rows['unknown']:,} should not be there")
    return f"**wrong**: {', '.join(faults)}"


def _row(one: Report) -> tuple[object, ...]:
    median = one["median"]
    return (
        one["title"], f"{median['events_per_second']:,}", median["batch_seconds"],
        median["batch_cpu_seconds"], median["question_seconds"], f"{median['mib']:,}",
        verdict(one),
    )  # fmt: skip


def _notes(report: Report) -> str:
    lines = [
        f"- {one['title']} ({_versions(one)}): {one['note']}." for one in report["peers"].values()
    ]
    lines += [f"- {name} failed, and is not in the table." for name in report["failed"]]
    lines += [f"- {name} was not run: {why}." for name, why in report["not_run"].items()]
    return "\n".join(lines)


def _versions(one: Report) -> str:
    return ", ".join(f"{name} {version}" for name, version in one["versions"].items())
