"""Keeps one answer of each metric for docs/metrics.md (`make metric-samples`).

Runs the tests that work small examples by hand, twice and the second time in another order, and
takes for each metric an answer that both gave: with the largest share of values that say something,
then with the most rows, then with the fewest parameters. tests/fixtures/trino/samples.py keeps and
holds them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.settings import REPO_ROOT
from tests.fixtures.trino.samples import CHANGES, SAMPLES, Sample, as_text

TESTS: Final = ("tests/contract/metrics", "tests/contract/proof/test_reused_event_ids.py")
ORDERS: Final[tuple[tuple[str, ...], ...]] = ((), ("--shuffle", "7"))
SAYS_NOTHING: Final = frozenset({CHANGES, "-", "0", "0.00", ""})
"""Values of the moment, and those of a lake without rows."""


def main() -> None:
    """Ask twice, choose, write."""
    first, second = (_answers(order) for order in ORDERS)
    kept = chosen(first, second)
    SAMPLES.write_text(as_text(kept), encoding="utf-8")
    sys.stdout.write(f"{len(kept)} metrics have a sample in {SAMPLES.relative_to(REPO_ROOT)}\n")


def _answers(order: Sequence[str]) -> list[Sample]:
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "answers.jsonl"
        subprocess.run(
            # What another order breaks is no sample, and not the business of this tool.
            [sys.executable, "-m", "pytest", "-q", *order, *TESTS], cwd=REPO_ROOT, check=not order,
            env={**os.environ, "METRIC_SAMPLES": str(noted)},
        )  # fmt: skip
        lines = noted.read_text(encoding="utf-8").splitlines()
    return [Sample(**json.loads(line)) for line in lines]


def chosen(first: Iterable[Sample], second: Iterable[Sample]) -> list[Sample]:
    """For each metric the best answer that both runs gave, without what differs between them."""
    again = {(one.metric, one.test, one.turn): one for one in second}
    best: dict[str, Sample] = {}
    for one in sorted(first, key=lambda one: (one.metric, one.test, one.turn)):
        twin = again.get((one.metric, one.test, one.turn))
        if twin is None or not one.rows or len(twin.rows) != len(one.rows):
            continue
        lasting = _lasting(one, twin)
        if one.metric not in best or _worth(lasting) > _worth(best[one.metric]):
            best[one.metric] = lasting
    return list(best.values())


def _lasting(one: Sample, twin: Sample) -> Sample:
    rows = [
        [here if here == there else CHANGES for here, there in zip(*pair, strict=True)]
        for pair in zip(one.rows, twin.rows, strict=True)
    ]
    return replace(one, rows=rows)


def _worth(one: Sample) -> tuple[float, int, int]:
    cells = [cell for row in one.rows for cell in row]
    telling = sum(cell not in SAYS_NOTHING for cell in cells) / len(cells)
    return telling, len(one.rows), -len(one.given)


if __name__ == "__main__":
    main()
