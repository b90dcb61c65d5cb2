"""adlake beside other engines on one machine: speed, size, and whether the rows are right.

Makes the deliveries, lets each peer fill its tables once, then has the peers take the same batches
in turns: in each round each peer starts from a copy of its filled tables in a process of its own,
and its rows are held against the law. Writes benchmarks/reports/peers.json.

    .venv/bin/python benchmarks/peers/run.py --events 20000 --rounds 1 --preload 50000
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from adlake.devstack.install.fetch import DELTA_SET, fetched_folder
from adlake.settings import REPO_ROOT, Settings
from benchmarks.peers.environment import peers_python
from benchmarks.peers.plain_columns import LACKS
from benchmarks.peers.report import TITLES, Found, report_of
from benchmarks.peers.traffic import SEED
from benchmarks.peers.truth import Truth, compare_file
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "peers.json"
WITHOUT_JVM = ("ducklake", "clickhouse")
MOST_SECONDS = 3_600
"""Of one process."""
_TOLD = 2_000
"""Letters of what a peer that failed said last."""


class PeerFailedError(Exception):
    """A process of a peer ended with an error; the text is what it said last."""


@dataclass
class Run:
    """One benchmark in a folder of its own."""

    folder: Path
    arguments: argparse.Namespace
    python: Path
    found: Found = field(default_factory=Found)

    @property
    def traffic(self) -> Path:
        return self.folder / "traffic"

    def make_traffic(self) -> None:
        given = self.arguments
        batches = given.warm_up + given.events // given.batch
        command = [sys.executable, "-m", "benchmarks.peers.traffic", str(self.traffic)]
        sizes = {"--preload": given.preload, "--batch": given.batch, "--batches": batches}
        self._run([*command, *(str(one) for pair in sizes.items() for one in pair)])

    def preload(self, peer: str) -> None:
        self.found.preloads[peer] = self._child(peer, "preload")
        self._lake(peer).rename(self._filled(peer))

    def round(self, peer: str, truth: Truth) -> None:
        """From a copy at the place where the tables were filled: some formats keep whole paths."""
        shutil.rmtree(self._lake(peer), ignore_errors=True)
        # ClickHouse has links among its files.
        shutil.copytree(self._filled(peer), self._lake(peer), symlinks=True)
        found = self._child(peer, "round", "--warm-up", str(self.arguments.warm_up))
        lacks = LACKS if peer == "plain_merge" else ()
        found["rows"] = compare_file(truth, self._out(peer) / "rows.parquet", lacks)
        self.found.rounds.setdefault(peer, []).append(found)
        shutil.rmtree(self._lake(peer))
        right = "right" if found["rows"]["right"] else f"{found['rows']['differ']:,} rows differ"
        print(f"{peer}: {found['batch_seconds']} s, {right}", flush=True)

    def guarded(self, peer: str, work: Callable[[], None]) -> None:
        """A peer that fails is told of, and left out of what follows."""
        if peer in self.found.failed:
            return
        try:
            work()
        except PeerFailedError as error:
            self.found.failed[peer] = str(error)
            print(f"{peer} failed: {error}", flush=True)

    def _child(self, peer: str, phase: str, *more: str) -> dict[str, Any]:
        out = self._out(peer)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        python = str(self.python) if peer in WITHOUT_JVM else sys.executable
        given = ("--lake", str(self._lake(peer)), "--traffic", str(self.traffic), "--out", str(out))
        began = time.monotonic()
        self._run([python, "-m", "benchmarks.peers.child", peer, phase, *given, *more])
        print(f"{peer}, {phase}: {time.monotonic() - began:.0f} s", flush=True)
        found: dict[str, Any] = json.loads((out / "found.json").read_text())
        return found

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(
            command, cwd=REPO_ROOT, env={**os.environ, "TZ": "UTC"}, timeout=MOST_SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PeerFailedError(done.stdout[-_TOLD:])

    def _lake(self, peer: str) -> Path:
        return self.folder / peer / "lake"

    def _filled(self, peer: str) -> Path:
        return self.folder / peer / "filled"

    def _out(self, peer: str) -> Path:
        return self.folder / peer / "out"


def main() -> int:
    arguments = parse_arguments()
    fetched_folder(Settings().paths.cache.resolve(), DELTA_SET, print)
    with tempfile.TemporaryDirectory(prefix="adlake-peers-", dir=arguments.folder) as folder:
        run = Run(Path(folder), arguments, peers_python())
        report = measured(run)
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    wrong = [name for name, one in report["peers"].items() if not one["right"]]
    print(f"written to {arguments.report}; wrong: {', '.join(wrong) or 'none'}")
    # A wrong peer is a result. A wrong adlake is not.
    return int("adlake" in wrong or "adlake" in run.found.failed)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="counted, of each round")
    parser.add_argument("--batch", type=int, default=50_000, help="records of a batch, at most")
    parser.add_argument("--warm-up", type=int, default=3, help="batches before, of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--preload", type=int, default=1_000_000, help="rows before, about")
    parser.add_argument("--peers", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--folder", type=Path, help="where the tables lie; default: temporary")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    given.batch = min(given.batch, given.events)
    return given


def measured(run: Run) -> dict[str, Any]:
    """Everything, in order."""
    given = run.arguments
    print("making the deliveries", flush=True)
    run.make_traffic()
    truth = Truth(run.traffic)
    print(f"{len(truth.rows):,} rows are compared with the law", flush=True)
    for peer in given.peers:
        run.guarded(peer, lambda one=peer: run.preload(one))  # type: ignore[misc]
    for number in range(given.rounds):
        first = number % len(given.peers)
        # Each round begins with another peer: what the machine does beside is nobody's.
        for peer in [*given.peers[first:], *given.peers[:first]]:
            run.guarded(peer, lambda one=peer: run.round(one, truth))  # type: ignore[misc]
    names = ("events", "batch", "warm_up", "rounds", "preload")
    settings = {name: getattr(given, name) for name in names} | {"seed": SEED}
    traffic = {
        "rows_before": truth.rows_before, "rows_before_that_batches_speak_of": truth.corrected,
        "rejected_by_reason": dict(truth.rejected.most_common()),
    }  # fmt: skip
    return report_of(machine_facts(), settings, traffic, run.found)


if __name__ == "__main__":
    sys.exit(main())
