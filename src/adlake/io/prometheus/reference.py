"""The list of all metrics, for docs/monitoring.md."""

from __future__ import annotations

from adlake.contracts.gauges import METRICS


def metrics_as_markdown() -> str:
    """One line per metric, in the words of contracts.gauges."""
    lines = ["| metric | kind | labels | unit | meaning, and where it is from |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for metric in METRICS:
        labels = ", ".join(f"`{name}`" for name in metric.labels) or "none"
        lines.append(
            f"| `{metric.name}` | {metric.kind} | {labels} | {metric.unit} | {metric.help} |"
        )
    return "\n".join(lines)
