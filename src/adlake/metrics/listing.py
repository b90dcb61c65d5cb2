"""Prints the metrics that can be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from adlake.io.output import console_of
from adlake.metrics.query import Metric


def write_metric_list(metrics: Iterable[Metric], stream: TextIO) -> None:
    """What `adlake query` can be asked."""
    table = Table("name", "question", "parameters (= default)", box=SIMPLE_HEAD, pad_edge=False)
    for metric in metrics:
        parameters = (f"{p.name}={p.default or ''}" for p in metric.parameters)
        table.add_row(Text(metric.name), Text(metric.question), Text(" ".join(parameters)))
    console_of(stream).print(table)
