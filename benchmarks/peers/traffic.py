"""Makes the deliveries that every peer is given: the generator's default traffic, by a fixed seed.

30 days of history are judged once and written by day of impression, for the peers to fill their
tables with; what comes after is cut into batches of JSON payloads, a Parquet file each.
Duplicates, conflicting ones, late, damaged and corrected deliveries are in both. After a history
that is thinner than the traffic, batches would speak of none of its rows: so two of a hundred
records of a batch are clicks and conversions of its last seven days, half of them late (no peer
was preloaded with them) and half sent again.

    .venv/bin/python -m benchmarks.peers.traffic FOLDER --preload 1000000 --batch 50000 --batches 8
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from adlake.attribution.spark.admit import admit
from adlake.generator.options import GeneratorOptions
from adlake.generator.publishing import Record
from adlake.generator.timeline import Timeline
from adlake.io.spark.session import build_session
from benchmarks.peers.shape import DAY_OF_ID
from tests.fixtures.generated_streams import ENDLESS_MS, START_MS, timeline_of
from tests.fixtures.sessions import resources_of

SEED = 42
RATE = 5_000.0
"""Events a second, after the history."""
HISTORY_MS = 30 * 86_400_000
DELIVERIES_A_ROW = 1.06
"""Of the history of the default traffic: so many make one row of Gold, about."""
OLD_SHARE = 0.02
"""Of the records of a batch: clicks and conversions of the end of the history."""
OLD_MS = 7 * 86_400_000
CHUNK = 50_000
SCHEMA = pa.schema(
    {
        "value": pa.binary(), "kafka_topic": pa.string(), "kafka_partition": pa.int32(),
        "kafka_offset": pa.int64(), "kafka_key": pa.binary(),
        "ingest_ts": pa.timestamp("us", tz="UTC"), "ingest_ms": pa.int64(),
    }
)  # fmt: skip
"""As Spark's Kafka source gives records, with the time in milliseconds too."""


def make_traffic(folder: Path, preload: int, batch: int, batches: int) -> None:
    """Write `history`, `preload` and `batches` into the folder.

    Args:
        folder: new.
        preload: rows of the tables before the first batch, about.
        batch: records of each batch.
        batches: how many.
    """
    history = round(preload * DELIVERIES_A_ROW)
    options = GeneratorOptions(
        seed=SEED, rate=RATE, start_at_ms=START_MS, history_ms=HISTORY_MS, history_events=history
    )
    timeline = timeline_of(options)
    told = [one for chunk in _chunks(timeline, history, CHUNK) for one in chunk]
    late, again = old_records(told, round(batch * batches * OLD_SHARE))
    for part in range(0, history, CHUNK):
        kept = [one for one in told[part : part + CHUNK] if id(one) not in late]
        _write(kept, folder / "history" / f"{part // CHUNK:04d}.parquet", 1, part)
    old = [one for pair in zip(late.values(), again, strict=True) for one in pair]
    share = len(old) // batches
    for number, new in enumerate(_chunks(timeline, (batch - share) * batches, batch - share)):
        records = mixed(new, old[number * share : (number + 1) * share])
        _write(records, folder / "batches" / f"{number:04d}.parquet", 0, number * batch)
    _judge(folder)


def old_records(history: list[Record], wanted: int) -> tuple[dict[int, Record], list[Record]]:
    """Clicks and conversions of the last days of a history, spread over them.

    Returns:
        Those that come late, by the identity of the record; as many that come again.
    """
    since_ms = history[-1][2] - OLD_MS
    engaged = [
        one for one in history if one[2] >= since_ms and one[1] and b'"IMPRESSION"' not in one[1]
    ]
    count = min(wanted, len(engaged)) // 2 * 2
    chosen = [engaged[number * len(engaged) // count] for number in range(count)]
    return {id(one): one for one in chosen[::2]}, chosen[1::2]


def mixed(new: list[Record], old: list[Record]) -> list[Record]:
    """The old records evenly among the new ones, each with the time of the one before it."""
    records = list(new)
    for number in reversed(range(len(old))):
        at = (number + 1) * len(new) // (len(old) + 1)
        key, value, _ = old[number]
        records.insert(at, (key, value, new[at - 1][2]))
    return records


def _chunks(timeline: Timeline, count: int, size: int) -> Iterator[list[Record]]:
    """So many records, `size` at a time."""
    held: list[Record] = []
    given = 0
    while given < count:
        wanted = min(size, count - given)
        while len(held) < wanted:
            held += timeline.chunk(wanted - len(held), ENDLESS_MS)
        yield held[:wanted]
        held, given = held[wanted:], given + wanted


def _write(records: list[Record], path: Path, partition: int, first: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys, values, times = zip(*records, strict=True)
    count = len(records)
    columns = {
        "value": values, "kafka_topic": ["ad_events"] * count,
        "kafka_partition": [partition] * count, "kafka_offset": range(first, first + count),
        "kafka_key": keys, "ingest_ts": [time * 1_000 for time in times], "ingest_ms": times,
    }  # fmt: skip
    arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), path, compression="zstd")


def _judge(folder: Path) -> None:
    """The admitted deliveries of the history, by day of impression."""
    session = build_session("traffic", resources_of("3g"))
    records = session.read.parquet(f"file://{folder / 'history'}").drop("ingest_ms")
    # Kept first: a filter on the verdict is else pushed through all of admission, for minutes.
    admitted = admit(records).localCheckpoint(eager=False).where("reject_reason IS NULL")
    by_day = admitted.selectExpr("*", f"{DAY_OF_ID} AS day").repartition(2, "day")
    # `day` is in the folders' names alone.
    by_day.write.partitionBy("day").parquet(f"file://{folder / 'preload'}")
    session.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preload", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--batches", type=int, required=True)
    given = parser.parse_args()
    make_traffic(given.folder, given.preload, given.batch, given.batches)


if __name__ == "__main__":
    main()
