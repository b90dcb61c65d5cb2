"""Producers' counts: from the generator's truth files, or from a file that another producer wrote.

The file is CSV with a header, or JSON (a list of objects), by its ending `.csv` or `.json`:

    producer,topic,partition,records,next_offset,topic_id
    web-collector,ad_events,0,120344,120344,

`records` were acknowledged by the broker since the topic was made. `next_offset` (one past the
highest acknowledged offset) and `topic_id` may be left out; with several producers on one topic
`next_offset` is larger than `records`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.acks import PartitionAcks


class ProducerCountError(AdlakeError):
    """A file of counts that cannot be read."""


@dataclass(frozen=True)
class ProducerCount:
    """What one producer says of one partition; `partition` -1: of the whole topic."""

    producer: str
    topic: str
    partition: int
    records: int
    next_offset: int = 0
    """0: not told."""
    reused: int = 0
    topic_id: str = ""
    """Empty: not told."""
    resent_at_most: int = 0

    @property
    def is_exact(self) -> bool:
        """Known by partition."""
        return self.partition >= 0


class RunCounts(Protocol):
    """The members of the generator's truth that count deliveries."""

    run_id: str
    topic: str
    topic_id: str
    acks: dict[int, PartitionAcks]

    @property
    def deliveries(self) -> int:
        """Records sent."""

    @property
    def resent_at_most(self) -> int:
        """So many of them may have reached the topic a second time."""


def counts_of_runs(runs: Sequence[RunCounts]) -> Iterator[ProducerCount]:
    """Counts by partition; of a run from before there were any, one for the whole topic."""
    for run in runs:
        if not run.acks and run.deliveries:
            yield ProducerCount(
                run.run_id, run.topic, -1, run.deliveries, topic_id=run.topic_id,
                resent_at_most=run.resent_at_most,
            )  # fmt: skip
        for place, (partition, acks) in enumerate(sorted(run.acks.items())):
            yield ProducerCount(
                run.run_id, run.topic, partition, acks.records, acks.next_offset, acks.reused,
                run.topic_id, run.resent_at_most if place == 0 else 0,
            )  # fmt: skip


def load_counts(path: Path) -> list[ProducerCount]:
    """Read a file of counts.

    Raises:
        ProducerCountError: no such file, another ending, a missing or wrong value.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".csv":
            found: Sequence[Mapping[str, Any]] = list(csv.DictReader(text.splitlines()))
        elif path.suffix == ".json":
            found = json.loads(text)
        else:
            raise ProducerCountError(f"{path}: counts are read from .csv or .json files")
        return [_count(record) for record in found]
    except (OSError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProducerCountError(
            f"{path} is no file of counts ({type(error).__name__}: {error}); it needs producer, "
            "topic, partition and records"
        ) from error


def _count(record: Mapping[str, Any]) -> ProducerCount:
    numbers = {name: int(record[name]) for name in ("partition", "records")}
    if min(numbers.values()) < 0:
        raise ValueError(f"below zero in {dict(record)}")
    return ProducerCount(
        producer=str(record["producer"]),
        topic=str(record["topic"]),
        next_offset=int(record.get("next_offset") or 0),
        topic_id=str(record.get("topic_id") or ""),
        **numbers,
    )
