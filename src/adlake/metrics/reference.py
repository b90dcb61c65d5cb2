"""The page about all metrics, from the headers of their files: docs/metrics.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from adlake.metrics.query import Metric, load_metric, metric_names

NO_SAMPLES: Final[Mapping[str, str]] = MappingProxyType({})


def reference_markdown(samples: Mapping[str, str] = NO_SAMPLES) -> str:
    """One section per metric, in the words of its file, and its sample. Ends with a newline."""
    lines = [
        "# Metrics",
        "One file of `sql/metrics` each, the same one for every reader: the dashboard,",
        "`.venv/bin/adlake query NAME --param name=value`, "
        "`make query NAME=... ARGS='--param name=value'`. Times are UTC;",
        "`until` is the first moment that is no longer meant. Rates are fractions: sums",
        "first, division last, NULL where there is nothing to divide by. This page is",
        "generated from the headers of the files: `make docs`. Samples are what tests hold",
        "(`make metric-samples`); `...` is a value of the moment.",
    ]
    for name in metric_names():
        lines += ["", *_section(load_metric(name))]
        lines += ["", samples[name]] if name in samples else []
    return "\n".join(lines) + "\n"


def _section(metric: Metric) -> Iterator[str]:
    yield f"## {metric.name}"
    yield f"{metric.question} {_sentence(metric.summary)}"
    yield ""
    yield f"- grain: {metric.grain}"
    yield f"- date basis: {metric.date_basis}"
    yield f"- readers: {metric.readers}"
    if metric.remarks:
        yield from ("", metric.remarks)
    if metric.parameters:
        yield from ("", "| parameter | type | default | meaning |", "| --- | --- | --- | --- |")
    for one in metric.parameters:
        kind = ", ".join(f"`{word}`" for word in one.type_name.split("|"))
        default = "(none)" if one.default is None else f"`{one.default}`"
        yield f"| `{one.name}` | {kind} | {default} | {one.description} |"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
