"""The report: what each peer took in each round, medians, and how its rows differ from the law."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.peers.plain_columns import LACKS

TITLES: Final = {
    "adlake": "adlake",
    "plain_merge": "plain MERGE, Iceberg v2",
    "delta": "Delta on Spark",
    "ducklake": "DuckLake",
    "clickhouse": "ClickHouse in process",
}
"""In the order of the report."""
NOTES: Final = {
    "adlake": "the engine's batch path; keeps records, channel and region",
    "plain_merge": "adds what comes: knows no event ids; keeps records; lacks "
    + ", ".join(name.replace("_", " ") for name in LACKS),
    "delta": "adlake's admission, fold and projection; MERGE with deletion vectors; keeps records",
    "ducklake": "the law as SQL of DuckDB, MERGE by a Python consumer; keeps records",
    "clickhouse": "aggregate states and a ReplacingMergeTree, in no open format and in no "
    "transaction over its tables; keeps records",
}
NOT_RUN: Final = {
    "Paimon on Flink": "a primary-key table with a merge engine is a job of Flink SQL on a cluster "
    "of its own: Flink is not among what this repository fetches, and a Flink job has no batch of "
    "given records to time beside the others",
    "Flink to Iceberg, upsert": "the same; its equality deletes put the cost on the reader",
    "Hudi": "the bundle that was found is for Spark 3.5, none for Spark 4: another Spark in the "
    "same table would compare Sparks",
}
LEFT_OUT: Final = (
    "Kafka, the reading from it and its offsets; guards against a second writer; maintenance; "
    "restarts; readers beside the writer; the latency of a single event"
)
_MIB: Final = 2**20


@dataclass
class Found:
    """By peer: its rounds in order, each with the comparison of its `rows`; how its tables were
    filled; what it said when it failed.
    """

    rounds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    preloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def report_of(
    machine: Mapping[str, Any],
    settings: Mapping[str, Any],
    traffic: Mapping[str, Any],
    found: Found,
) -> dict[str, Any]:
    """All of it.

    Args:
        machine: its facts.
        settings: what was asked for.
        traffic: what the deliveries are.
        found: what the peers did.
    """
    batch = settings["batch"]
    return {
        "what": f"batches of {batch:,} JSON payloads, read from the same Parquet files, into "
        f"tables with {traffic['rows_before']:,} rows; medians of {settings['rounds']} rounds in "
        f"turns, {settings['warm_up']} batches before are not counted in each; one peer at a time",
        "left_out": LEFT_OUT,
        "machine": dict(machine),
        "settings": dict(settings),
        "traffic": dict(traffic),
        "peers": {
            name: peer_facts(name, found.rounds[name], found.preloads[name], batch)
            for name in TITLES
            if found.rounds.get(name)
        },
        "failed": dict(found.failed),
        "not_run": dict(NOT_RUN),
    }


def peer_facts(
    name: str,
    rounds: Sequence[Mapping[str, Any]],
    preload: Mapping[str, Any],
    batch: int,
) -> dict[str, Any]:
    """Of one peer: medians over the batches of all rounds, and the worst comparison."""
    seconds = [one for found in rounds for one in found["batch_seconds"]]
    processor = [one for found in rounds for one in found["batch_cpu_seconds"]]
    questions = [one for found in rounds for one in found["question_seconds"]]
    worst = max((found["rows"] for found in rounds), key=lambda rows: rows["differ"])
    return {
        "title": TITLES[name],
        "note": NOTES[name],
        "versions": preload["versions"],
        "median": {
            "events_per_second": round(batch / statistics.median(seconds)),
            "batch_seconds": round(statistics.median(seconds), 2),
            "batch_cpu_seconds": round(statistics.median(processor), 2),
            "question_seconds": round(statistics.median(questions), 3),
            "mib": round(statistics.median(found["bytes"] for found in rounds) / _MIB, 1),
        },
        "right": all(found["rows"]["right"] for found in rounds),
        "rows": worst,
        "preload": {"seconds": preload["seconds"], "mib": round(preload["bytes"] / _MIB, 1)},
        "rounds": [
            {
                **{key: value for key, value in found.items() if key != "rows"},
                "events_per_second": round(batch / statistics.median(found["batch_seconds"])),
                "rows_that_differ": found["rows"]["differ"],
            }
            for found in rounds
        ],
    }
