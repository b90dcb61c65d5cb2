"""Sample output in docs/metrics.md, from the answers that contract tests hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.fixtures.trino.samples import Sample, committed
from tools.pages.markdown import as_table

ROWS: Final = ("first row", "second row")


def samples() -> dict[str, str]:
    """Metric -> what stands in its section: a line for each column of its answer."""
    return {name: "\n".join(_shown(one)) for name, one in committed().items()}


def _shown(one: Sample) -> Iterator[str]:
    given = "".join(f" --param {name}={value}" for name, value in one.given.items())
    file = one.test.partition("::")[0]
    yield f"Sample, of the rows of `{file}`: `.venv/bin/adlake query {one.metric}{given}`"
    yield ""
    yield as_table(
        ("column", *ROWS[: len(one.rows)]),
        (
            (f"`{column}`", *(row[at].replace("|", "\\|") for row in one.rows))
            for at, column in enumerate(one.columns)
        ),
    )
