"""Begins a source incarnation: going on after the broker lost records, on purpose, on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import FIRST_INCARNATION, IncarnationKind
from adlake.folders import ADLAKE
from adlake.io.iceberg.reader import LakeReader
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.lease import Connect, this_holder
from adlake.io.postgres.source_incarnations import (
    AlreadyDeclaredError,
    SourceIncarnation,
    declare,
    newest_incarnation,
)
from adlake.streaming.source import (
    SourcePosition,
    UnsafeSourceError,
    check_topic,
    continued_offsets,
    source_position,
)

Look = Callable[[Mapping[int, LastRecord]], TopicFacts]
"""Asks the broker for the topic's facts, with what it holds at the places of these records."""


class NothingToContinueError(AdlakeError):
    """The stream can go on by itself: a new incarnation would only hide the next fault."""


@dataclass(frozen=True)
class Situation:
    """What the stream would meet if it started now; `finding` is empty when it could go on."""

    incarnation: SourceIncarnation
    position: SourcePosition | None
    topic: TopicFacts
    finding: str
    kind: IncarnationKind = IncarnationKind.DECLARED


def described(one: SourceIncarnation) -> str:
    """One line: where it begins, and for one that was continued why, by whom and what for."""
    begin = f"from {dict(one.start_offsets)}" if one.start_offsets else "from the beginning"
    if one.number == FIRST_INCARNATION:
        return f"{one.label}: {begin}"
    reason, finding = one.reason.strip() or "no reason given", one.finding or "nothing"
    return f"{one.label}: {begin}; {reason} ({one.declared_by}); found: {finding}"


def situation(
    lake: LakeReader, connect: Connect, topic_name: str, records_table: str, look: Look
) -> Situation:
    """Judge the topic as the stream does at its start, without starting it.

    The lake is read before the broker: a batch that commits in between must not look like a loss.
    """
    incarnation = newest_incarnation(connect, topic_name)
    position = source_position(lake.newest_stamp(records_table), incarnation)
    topic = look(position.last_records if position else {})
    try:
        check_topic(position, topic)
    except UnsafeSourceError as error:
        return Situation(incarnation, position, topic, str(error), error.kind)
    return Situation(incarnation, position, topic, "")


def in_need(found: Sequence[Situation], topic: str = "") -> Situation:
    """The one to continue: that of the topic asked for, or the only one that cannot go on.

    Raises:
        NothingToContinueError: there is no such topic, or several cannot go on and none is named.
    """
    known = {one.topic.name: one for one in found}
    if topic:
        if topic not in known:
            raise NothingToContinueError(f"no topic {topic} is read; there are: {', '.join(known)}")
        return known[topic]
    stopped = [one for one in found if one.finding]
    if len(stopped) > 1:
        names = ", ".join(one.topic.name for one in stopped)
        raise NothingToContinueError(
            f"the stream would stop for each of {names}: name one, --topic"
        )
    return (stopped or found)[0]


def continue_anyway(now: Situation, connect: Connect, reason: str) -> SourceIncarnation:
    """Declare the next incarnation; the stream begins it at its next start.

    Raises:
        NothingToContinueError: nothing stops the stream, or somebody else was faster.
    """
    if not now.finding or now.position is None:
        raise NothingToContinueError(
            f"nothing stops the stream: {now.topic.name} continues the lake; run `make up`"
        )
    incarnation = SourceIncarnation(
        topic=now.topic.name,
        number=now.incarnation.number + 1,
        topic_id=now.topic.topic_id,
        start_offsets=continued_offsets(now.position, now.topic),
        contained_offsets=now.position.next_offsets,
        finding=now.finding,
        reason=reason,
        declared_by=this_holder(),
        kind=now.kind,
    )
    try:
        declare(connect, incarnation)
    except AlreadyDeclaredError as error:
        raise NothingToContinueError(
            f"source incarnation {incarnation.number} was declared by somebody else just now: see "
            f"`{ADLAKE} source show`"
        ) from error
    return incarnation
