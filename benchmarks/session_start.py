"""What Spark's class archive saves a session, and what it costs to make (ADR 0034).

Pairs of sessions, with the archive and without, each in a process of its own, on a catalog of
files: from nothing to a session, to all tables made, and to the third batch of ad events in Bronze,
Gold and its sums. Seconds of processor time are what counts: other people's load does not change
them much. Writes benchmarks/reports/session_start.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from pydantic import SecretStr
from pyspark import SparkContext
from pyspark.sql import functions as F

from adlake.devstack.install.class_archive import options_of_maker, options_of_user, own_place
from adlake.devstack.install.java import spark_jdk
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.spark.ending import end_jvm
from adlake.io.spark.session import CatalogAccess, SparkResources, build_session, connect_catalog
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.class_archive import train
from adlake.wiring.spark import choose_jdk
from tests.fixtures.engine import attribution_processor
from tests.fixtures.jvm import JVM_OPTIONS, ONE_COMPILER
from tests.fixtures.machine import machine_facts
from tests.golden import DeliveryFixture, law_cases

REPORT = REPO_ROOT / "benchmarks" / "reports" / "session_start.json"
KINDS = {"users": "", "one compiler": ONE_COMPILER, "tests": JVM_OPTIONS}
"""Options of the JVM beside the product's own."""
BATCHES = 3
SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)
MADE_WHILE_RUNNING = ("GeneratedClass", "jdk.internal.reflect", "Lambda", "Proxy")
FROM_ARCHIVE = "shared objects file (top)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        task, folder = arguments.child
        print(json.dumps({"make": make, "work": work}[task](Path(folder))))
        return 0
    with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
        report = measured(Path(folder), arguments.rounds)
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0


def measured(folder: Path, rounds: int) -> dict[str, Any]:
    """The whole report."""
    making = child("make", folder, ())
    archive = folder / "made.jsa"
    found: dict[str, dict[str, list[dict[str, Any]]]] = {
        kind: {"without": [], "with": []} for kind in KINDS
    }
    for _ in range(rounds):
        for kind, added in KINDS.items():
            for way, options in (("without", ()), ("with", options_of_user(archive))):
                found[kind][way].append(child("work", folder, (*options, *added.split())))
    return {
        "what": "seconds of a session with Spark's class archive and without, medians of "
        f"{rounds}; cpu is of the JVM (to: until then) and of all processes (cpu_total)",
        "machine": machine_facts(),
        "java": spark_jdk().major,
        "archive": {
            **making, "megabytes": round(archive.stat().st_size / 1e6),
            "classes": classes_of(folder, archive),
        },
        "options": KINDS,
        "sessions": {
            kind: {way: medians(runs) for way, runs in ways.items()} for kind, ways in found.items()
        },
    }  # fmt: skip


def child(task: str, folder: Path, options: tuple[str, ...]) -> dict[str, Any]:
    """One task in a process of its own: what it found, and the processor time of it all."""
    before = os.times()
    began = time.monotonic()
    own = {name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--child", task, str(folder)],
        env={**own, "OPTIONS": json.dumps(options)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    total = {"cpu_total": round(cpu, 1), "wall_total": round(time.monotonic() - began, 1)}
    return {**json.loads(done.stdout.splitlines()[-1]), **total}


def make(folder: Path) -> dict[str, Any]:
    """Leave an archive in `folder`."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    train(Settings({"ADLAKE_HOME": str(scratch)}), scratch,
          options_of_maker(folder / "made.jsa", own_place("").layout))  # fmt: skip
    return {}


def work(folder: Path) -> dict[str, Any]:
    """A session and its first batches, with the processor time of its JVM at each mark."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    choose_jdk(Settings({"ADLAKE_HOME": str(scratch)}))
    began = time.monotonic()
    marks: dict[str, Any] = {}

    def mark(name: str) -> None:
        gateway: Any = SparkContext._gateway
        spent = psutil.Process(gateway.proc.pid).cpu_times()
        # The launcher and its shell are children of the JVM that came of it.
        jvm = spent.user + spent.system + spent.children_user + spent.children_system
        marks[f"cpu_to_{name}"] = round(jvm, 2)
        marks[f"wall_to_{name}"] = round(time.monotonic() - began, 1)

    resources = SparkResources(
        driver_memory="1500m", java_options=tuple(json.loads(os.environ["OPTIONS"])),
        output_file=scratch / "spark.log",
    )  # fmt: skip
    session = build_session("session start", resources)
    mark("session")
    lake = f"file://{scratch}/lake"
    connect_catalog(session, CatalogAccess("hadoop", "", "", SecretStr(""), lake))
    provision_tables(session)
    mark("tables")
    processor = attribution_processor(session)
    deliveries = [one for case in law_cases() for one in case.deliveries]
    for number in range(BATCHES):
        rows = [row_of(one) for one in deliveries[number::BATCHES]]
        frame = session.createDataFrame(rows, SCHEMA)
        records = frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")
        processor.process(records, number)
        mark(f"batch_{number + 1}")
    session.stop()
    end_jvm(60)
    return marks


def row_of(one: DeliveryFixture) -> tuple[Any, ...]:
    return (bytearray(one.payload), "ad_events", one.partition, one.offset, b"k", one.ingest_ms)


def classes_of(folder: Path, archive: Path) -> dict[str, int]:
    """Where the classes of a session with the archive came from, generated code apart."""
    log = folder / "classes.log"
    child("work", folder, (*options_of_user(archive), f"-Xlog:class+load:file={log}"))
    lines = [line for line in log.read_text().splitlines() if "source: " in line]
    loaded = [line for line in lines if not any(made in line for made in MADE_WHILE_RUNNING)]
    from_ours = sum(FROM_ARCHIVE in line for line in loaded)
    from_java = sum("shared objects file" in line for line in loaded) - from_ours
    return {
        "from_archive": from_ours, "from_java_itself": from_java,
        "from_jars": len(loaded) - from_ours - from_java,
    }  # fmt: skip


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}


if __name__ == "__main__":
    sys.exit(main())
