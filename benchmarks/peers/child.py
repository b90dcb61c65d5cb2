"""One peer in a process of its own: fills its tables, or takes the batches and is measured.

Imports nothing of adlake by itself: the peers without a JVM run in an environment without it.

    python -m benchmarks.peers.child ducklake round --lake F --traffic F --warm-up 2 --out F
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.peers.shape import Peer, batch_files, bytes_in, day_folders
from benchmarks.processor import cpu_seconds

PEERS = {
    "adlake": ("benchmarks.peers.ours", "Adlake"),
    "plain_merge": ("benchmarks.peers.plain", "Plain"),
    "delta": ("benchmarks.peers.delta", "Delta"),
    "ducklake": ("benchmarks.peers.ducklake", "DuckLake"),
    "clickhouse": ("benchmarks.peers.clickhouse", "ClickHouse"),
}
"""Name -> module and class."""
QUESTIONS = 5
"""How often the question is asked; the first answer is not counted."""


def preloaded(peer: Peer, traffic: Path) -> dict[str, Any]:
    """Fill its tables."""
    seconds, cpu = _measured(lambda: peer.preload(day_folders(traffic)))
    return {"seconds": seconds, "cpu_seconds": cpu, "versions": peer.versions}


def round_of(peer: Peer, traffic: Path, warm_up: int, rows: Path) -> dict[str, Any]:
    """Open its tables, take every batch, ask the question, and write the rows down."""
    peer.open()
    each = []
    for number, records in enumerate(batch_files(traffic)):
        each.append(_measured(lambda r=records, n=number: peer.process(r, n)))  # type: ignore[misc]
        print(f"  batch {number}: {each[-1][0]} s", flush=True)
    answers = [_measured(peer.roas)[0] for _ in range(QUESTIONS)]
    spend, revenue = peer.roas()
    peer.write_rows(rows)
    counted = each[warm_up:]
    return {
        "batch_seconds": [seconds for seconds, _ in counted],
        "batch_cpu_seconds": [cpu for _, cpu in counted],
        "warm_up_seconds": [seconds for seconds, _ in each[:warm_up]],
        "question_seconds": answers[1:],
        "spend": spend, "revenue": revenue,
    }  # fmt: skip


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and processor seconds of this process and its children."""
    here = psutil.Process()
    began, cpu = time.monotonic(), cpu_seconds(here)
    work()
    return round(time.monotonic() - began, 3), round(cpu_seconds(here) - cpu, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("phase", choices=("preload", "round"))
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--traffic", type=Path, required=True)
    parser.add_argument("--warm-up", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of found.json, rows")
    given = parser.parse_args()
    module, name = PEERS[given.peer]
    peer: Peer = getattr(importlib.import_module(module), name)(given.lake)
    try:
        if given.phase == "preload":
            found = preloaded(peer, given.traffic)
        else:
            rows = given.out / "rows.parquet"
            found = round_of(peer, given.traffic, given.warm_up, rows)
    finally:
        peer.close()
    found["bytes"] = bytes_in(given.lake)
    (given.out / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
