"""Writes the generated pages and parts of pages, and the contract files, anew (`make docs`).

A generated part stands between two comments of its page, which name it: `<!-- generated: X -->` and
`<!-- end of X -->`. What stands around them is written by people.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake import flow
from adlake.collector.schemas import schema_files
from adlake.io.prometheus.reference import metrics_as_markdown
from adlake.metrics import reference as metrics
from adlake.settings import REPO_ROOT
from adlake.settings.reference import reference_markdown
from tools.pages import (
    batches_picture,
    benchmarks,
    cost,
    counts_picture,
    entities,
    event_contracts,
    flow_picture,
    law,
    peers_picture,
    scale,
    simulator,
)
from tools.pages.layers import layers
from tools.pages.metric_samples import samples

BEGIN = "<!-- generated: {} -->\n"
END = "<!-- end of {} -->"


def pages(root: Path = REPO_ROOT) -> dict[Path, str]:
    """Each page with something generated in it -> its text as it should be.

    Raises:
        ValueError: a page lacks the two comments of a part.
    """
    docs = root / "docs"
    diagram = f"```mermaid\n{flow.as_mermaid()}\n```"
    parts = {
        docs / "architecture.md": {
            "flow": f"{diagram}\n\n{flow.steps_as_markdown()}",
            "layers": layers(),
        },
        docs / "monitoring.md": {"prometheus metrics": metrics_as_markdown()},
        docs / "data-model.md": {
            "writers and readers": flow.tables_as_markdown(),
            **entities.parts(),
        },
        docs / "benchmarks.md": benchmarks.parts(),
        docs / "simulator.md": simulator.parts(),
        docs / "send-events.md": event_contracts.parts(),
        docs / "law.md": law.parts((docs / "law.md").read_text()),
        docs / "cost.md": cost.parts(),
        docs / "settings.md": {"settings": reference_markdown()},
        docs / "scale.md": scale.parts(),
    }
    filled = {page: filled_in(page.read_text(), texts) for page, texts in parts.items()}
    contracts = {root / "contracts" / path: text for path, text in schema_files().items()}
    return {
        **contracts,
        docs / "metrics.md": metrics.reference_markdown(samples()),
        docs / "img" / "batches.svg": batches_picture.drawn(benchmarks.report("batches")),
        docs / "img" / "peers.svg": peers_picture.drawn(benchmarks.report("peers")),
        docs / "img" / "flow.svg": flow_picture.drawn(),
        docs / "img" / "counts.svg": counts_picture.drawn(),
        **filled,
        **pictures(docs),
    }


def pictures(docs: Path) -> dict[Path, str]:
    """Each drawn picture -> its text."""
    return {docs / name: text for name, text in law.pictures((docs / "law.md").read_text()).items()}


def filled_in(page: str, parts: Mapping[str, str]) -> str:
    """A page with each part between its comments replaced; ValueError: it lacks them."""
    for name, text in parts.items():
        before, begin, rest = page.partition(BEGIN.format(name))
        _, end, after = rest.partition(END.format(name))
        if not (begin and end):
            raise ValueError(f"a page lacks the comments of its generated part {name!r}")
        page = f"{before}{begin}{text}\n{end}{after}"
    return page


def main() -> None:
    """Write what differs."""
    for page, text in pages().items():
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)


if __name__ == "__main__":
    main()
