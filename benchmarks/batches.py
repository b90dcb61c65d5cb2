"""How long one warm batch takes as Gold grows, beside the usual design of one plain MERGE.

For each size of Gold and each kind of impression ids: Gold is made by `large_gold.py`, the plain
table is a copy of it (`plain_merge.py`), and both take the same batches in turns, in one session,
without Kafka and without maintenance. The first batches, which compile, are not counted. Writes
benchmarks/reports/batches.json, where a later run adds its sizes.

    .venv/bin/python benchmarks/batches.py --gold 1000000 10000000 --sizes 10000 250000
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.tables import CATALOG, GOLD_STATE
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.spark.session import build_session, connect_catalog
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.spark import catalog_access
from benchmarks.large_gold import RANDOM, TIMED, GoldSize, batch_records, fill_gold
from benchmarks.measured import Measured
from benchmarks.own_stack import own_stack
from benchmarks.plain_merge import PlainMerge
from tests.fixtures.engine import attribution_processor, stamp_filled_gold
from tests.fixtures.machine import machine_facts
from tests.fixtures.sessions import resources_of

REPORT = REPO_ROOT / "benchmarks" / "reports" / "batches.json"
OURS, PLAIN, SHARE = "adlake", "plain_merge", "share_of_plain_cpu"
DAYS = 30
END = datetime(2026, 1, 31, tzinfo=UTC)
"""Of every Gold made here; its moment changes nothing."""
WARM_UP = 3
"""Batches of each size that are not counted."""


def main() -> int:
    arguments = parse_arguments()
    worst = 0.0
    for ids, rows in itertools.product(arguments.ids, arguments.gold):
        with own_stack(only=["postgres"]) as stack:
            found = measure(stack.settings, arguments, rows, ids)
        write(found, arguments.report)
        worst = max(worst, *(one.get(SHARE, 0.0) for one in found["batches_of"].values()))
    print(f"{worst:.2f} of the processor time of {PLAIN} at most")
    return 0 if worst <= arguments.most_of_plain else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gold", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 250_000])
    parser.add_argument("--batches", type=int, default=7, help="counted, of each size")
    parser.add_argument("--ids", nargs="+", choices=(TIMED, RANDOM), default=[TIMED])
    parser.add_argument("--without-plain", action="store_true", help="our design alone")
    parser.add_argument(
        "--most-of-plain", type=float, default=math.inf,
        help="fail where ours takes a larger part of the processor time of the plain MERGE",
    )  # fmt: skip
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def measure(
    settings: Settings, arguments: argparse.Namespace, rows: int, ids: str
) -> dict[str, Any]:
    """One Gold: batches of each size, both designs in turns."""
    session = build_session("batches", resources_of("3g"))
    connect_catalog(session, catalog_access(settings))
    provision_tables(session)
    fill_gold(session, END, DAYS, rows, ids)
    stamp_filled_gold(session)
    gold = GoldSize(int(END.timestamp() * 1_000), DAYS, rows // DAYS, ids)
    ours = attribution_processor(session)
    designs: dict[str, Callable[[DataFrame, int], object]] = {OURS: ours.process}
    if not arguments.without_plain:
        plain = PlainMerge(session)
        plain.make()
        designs[PLAIN] = lambda records, _: plain.process(records)
    found = {
        str(size): sized(session, gold, (size, arguments.batches, partition), designs)
        for partition, size in enumerate(arguments.sizes)
    }
    report = {
        "rows": rows, "ids": ids,
        "rows_in_the_end": session.table(f"{CATALOG}.{GOLD_STATE}").count(),
        "batches_of": found,
    }  # fmt: skip
    session.stop()
    return report


def sized(
    session: SparkSession,
    gold: GoldSize,
    wanted: tuple[int, int, int],
    designs: dict[str, Callable[[DataFrame, int], object]],
) -> dict[str, Any]:
    """Batches of one size: how many records, how many batches, in which partition."""
    size, count, partition = wanted
    found = {name: Measured() for name in designs}
    for number in range(WARM_UP + count):
        records = batch_records(session, gold, number, size, partition).localCheckpoint()
        for name, process in designs.items():
            into = found[name] if number >= WARM_UP else Measured()
            with into.once(session):
                process(records, number)
        print(
            f"{gold.rows_a_day * gold.days:,} rows ({gold.ids}), batch {number} of {size:,}: "
            + ", ".join(
                f"{name} {one.seconds[-1]:.2f} s" for name, one in found.items() if one.seconds
            ),
            flush=True,
        )  # fmt: skip
    facts: dict[str, Any] = {name: one.facts() for name, one in found.items()}
    if PLAIN in facts:
        # Of each batch the one beside it: what else the machine does is the same for both.
        pairs = zip(found[OURS].cpu_seconds, found[PLAIN].cpu_seconds, strict=True)
        facts[SHARE] = round(statistics.median(ours / plain for ours, plain in pairs), 2)
    return facts


def write(found: dict[str, Any], report: Path) -> None:
    """Beside what other sizes have given on the same machine."""
    known = json.loads(report.read_text()) if report.exists() else {}
    key = ("rows", "ids")
    others = [
        one for one in known.get("gold", []) if [one[k] for k in key] != [found[k] for k in key]
    ]
    written = {
        "what": f"wall and processor time of one warm batch, medians; {WARM_UP} before are not "
        "counted; both designs in turns, one session, no maintenance",
        "machine": machine_facts(),
        "gold": sorted([*others, found], key=lambda one: (one["ids"], one["rows"])),
    }
    report.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
