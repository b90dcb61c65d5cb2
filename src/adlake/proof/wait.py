"""Blocks until the lake contains every record that was in a topic when it was called."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adlake.contracts import stamps
from adlake.contracts.errors import STREAM_IS_AWAY, AdlakeError
from adlake.io.deadline import Deadline
from adlake.io.iceberg.reader import LakeReader
from adlake.io.iceberg.stamp import Stamp
from adlake.io.kafka.holes import FindHoles, OffsetRange
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.source import source_position

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 120.0
"""Without a timeout it ends when nothing came for so long: a cold driver's first batch may take
half of it."""
STILL_SECONDS = 3.0
"""When nothing moved for so long, the broker is asked whether anything is left to move."""
PAIR_SECONDS = 20.0
"""A Gold that outlived its Bronze is committed once more when that is filled again; no longer than
this is it waited for, since an operator may have removed the named snapshot for good."""


class NotCaughtUpError(AdlakeError):
    """The timeout passed; the message names what is missing by partition."""


@dataclass(frozen=True)
class CaughtUp:
    """The tables contain every awaited offset: the last of them in `snapshot`, 0 for none."""

    snapshot: int
    records_snapshot: int
    """Of the table of records that it was made from; the same where it is that table."""
    records: int
    seconds: float


@dataclass(frozen=True)
class Target:
    """What is waited for: all that is written to `topic`, read in source incarnation `incarnation`.

    `find_holes` asks the broker which of the given ranges hold no record: a transaction ends with
    a mark that has an offset but never reaches a reader. `look` asks for the topic again, to say
    what holds the rest back. `streams` tells whether a stream runs that would read the rest.
    """

    topic: TopicFacts
    incarnation: SourceIncarnation
    find_holes: FindHoles = lambda _ranges: []
    look: Callable[[], TopicFacts] | None = None
    streams: Callable[[], bool] = lambda: True
    tables: Sequence[str] = field(kw_only=True)
    """Those that must contain it: the table of records, then what is derived from it."""

    def missing(self, stamp: Stamp | None) -> list[OffsetRange]:
        """Offsets that a table with this stamp does not contain yet, by partition."""
        position = source_position(stamp, self.incarnation)
        is_same = position is not None and position.topic_id == self.topic.topic_id
        contained = position.next_offsets if position and is_same else {}
        begins = {p: contained.get(p, first) for p, first in self.topic.begin_offsets.items()}
        return [
            OffsetRange(p, begins[p], end)
            for p, end in self.topic.written.items()
            if end > begins[p]
        ]


def wait_for_tables(
    lake: LakeReader,
    target: Target,
    deadline: Deadline,
    to_go: Callable[[int], object] = lambda _records: None,
) -> CaughtUp:
    """Wait until all its tables contain the target: each may be filled again after a loss.

    Args:
        lake: has the tables.
        target: see there.
        deadline: of the whole wait, or none.
        to_go: is told at each look how many records are missing, while there are some.

    Raises:
        NotCaughtUpError: after `deadline`; without one, when nothing came for PATIENCE_SECONDS.
    """
    before: list[OffsetRange] = []
    moved_at = came_at = time.monotonic()
    while True:
        found = [lake.newest_stamp(name) for name in reversed(target.tables)]
        stamp = found[0]
        missing = next((lacking for one in found if (lacking := target.missing(one))), [])
        if missing != before:
            before = missing
            moved_at = came_at = time.monotonic()
        elif missing and time.monotonic() - moved_at > STILL_SECONDS:
            moved_at = time.monotonic()
            holes = target.find_holes(missing)
            missing = [one for one in missing if one not in holes]
        is_late = deadline.is_over or deadline.elapsed > PAIR_SECONDS
        if not missing and (_is_pair(lake, target, stamp) or is_late):
            return _caught_up(stamp, target.topic, deadline.elapsed)
        if deadline.is_over:
            raise NotCaughtUpError(_what_is_missing(target, missing, f"{deadline.seconds:.0f} s"))
        if deadline.is_endless and time.monotonic() - came_at > PATIENCE_SECONDS:
            waited = f"{deadline.elapsed:.0f} s, {PATIENCE_SECONDS:.0f} of them without news,"
            raise NotCaughtUpError(_what_is_missing(target, missing, waited))
        if missing:
            to_go(sum(one.next - one.first for one in missing))
        time.sleep(POLL_SECONDS)


def _is_pair(lake: LakeReader, target: Target, newest: Stamp | None) -> bool:
    """The table of records still has the snapshot that the last table says it was made from."""
    if newest is None or len(target.tables) == 1:
        return True
    return lake.has_snapshot(target.tables[0], int(newest.properties[stamps.BRONZE_SNAPSHOT]))


def _what_is_missing(target: Target, missing: Sequence[OffsetRange], waited: str) -> str:
    by_partition = {one.partition: one.next - one.first for one in missing}
    records = sum(by_partition.values())
    found = f"after {waited} the lake still misses {records} records (by partition: {by_partition})"
    topic = target.look() if target.look else target.topic
    if not topic.pending:
        return f"{found}; {_doubt(target)}"
    readable = [
        OffsetRange(one.partition, one.first, min(one.next, end))
        for one in missing
        if (end := topic.end_offsets.get(one.partition, 0)) > one.first
    ]
    # Before an open transaction there may be nothing but the marks of those that ended.
    if set(readable) - set(target.find_holes(readable) if readable else ()):
        return f"{found}; {topic.pending_in_words}; {_doubt(target)}"
    return f"{found}; {topic.pending_in_words}"


def _doubt(target: Target) -> str:
    return "is the stream running? see `make status`" if target.streams() else STREAM_IS_AWAY


def _caught_up(stamp: Stamp | None, topic: TopicFacts, seconds: float) -> CaughtUp:
    records = sum(topic.written.values()) - sum(topic.begin_offsets.values())
    if stamp is None:
        return CaughtUp(0, 0, records, seconds)
    made_from = int(stamp.properties.get(stamps.BRONZE_SNAPSHOT) or stamp.snapshot_id)
    return CaughtUp(stamp.snapshot_id, made_from, records, seconds)
