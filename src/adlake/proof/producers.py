"""`adlake producers`: asks the broker and Bronze, compares with the producers' counts, prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import incarnation_of_label
from adlake.io.kafka.holes import FindHoles, OffsetRange
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import TrinoClient
from adlake.proof.bronze_gaps import explained_gaps
from adlake.proof.offset_coverage import partition_coverages
from adlake.proof.pin import EmptyLakeError, pinned_snapshots
from adlake.proof.producer_audit import Missing, ProducerAudit, audit_producers
from adlake.proof.producer_counts import ProducerCount
from adlake.proof.verdict import OffsetCoverage


class OtherTopicError(AdlakeError):
    """The lake's topic and the broker's have one name and two ids."""


def current_audit(
    trino: TrinoClient,
    counts: Sequence[ProducerCount],
    look: Callable[[], TopicFacts],
    incarnations: Sequence[SourceIncarnation],
    find_holes: FindHoles = lambda _ranges: [],
) -> ProducerAudit:
    """The audit of now: the broker as it is, Bronze as Gold's newest snapshot contains it.

    Args:
        trino: client whose server has the catalog `lakehouse`.
        counts: what producers say.
        look: asks for the topic now; called after the lake's snapshot is chosen, so that a batch
            that commits in between does not look like records the broker lost.
        incarnations: all source incarnations of the topic, oldest first.
        find_holes: asks the broker which offsets hold no record: nobody can lack them.

    Raises:
        NothingToVerifyError: no Gold snapshot says which offsets it contains.
        OtherTopicError: the lake was made of another topic of this name.
    """
    try:
        pin, _ = pinned_snapshots(trino)
    except EmptyLakeError:
        # Whatever the broker has is still to come: nothing can be lost in Bronze.
        return audit_producers(counts, look(), [], lambda _coverage: (), incarnations)
    broker = look()
    newest = incarnations[-1]
    is_begun = newest.number <= incarnation_of_label(pin.topic)
    topic_id = pin.topic_id if is_begun else newest.topic_id
    if topic_id != broker.topic_id:
        raise OtherTopicError(
            f"the lake holds topic {pin.topic} {topic_id}, the broker {broker.topic_id}: the "
            "topic was deleted and made again, so no offset can be compared. `adlake source show` "
            "says how to go on"
        )

    holes: list[int] = []

    def lacking(coverage: OffsetCoverage) -> Iterator[tuple[int, int]]:
        gaps = explained_gaps(trino, pin, [coverage], find_holes)[coverage.partition]
        holes.append(gaps.empty)
        yield from ((gap.first, gap.next) for gap in gaps.lost)

    found = audit_producers(counts, broker, partition_coverages(trino, pin), lacking, incarnations)
    return without_holes(found, broker, find_holes, sum(holes))


def without_holes(
    found: ProducerAudit, broker: TopicFacts, find_holes: FindHoles, known: int = 0
) -> ProducerAudit:
    """The audit without ranges that the broker holds no record in; `known` were left out before.

    Those are the marks of transactions and the records of aborted ones: acknowledged, and gone by
    the producer's own will.
    """
    asked = {held: one for one in found.missing if (held := _held_range(one, broker))}
    holes = [asked[hole] for hole in find_holes(list(asked))] if asked else []
    count = known + sum(one.records for one in holes)
    if not count:
        return found
    note = f"{count:,} offsets hold no record: marks and aborted records of transactions"
    kept = tuple(one for one in found.missing if one not in holes)
    return replace(found, missing=kept, notes=(*found.notes, note))


def _held_range(one: Missing, broker: TopicFacts) -> OffsetRange | None:
    """The range, if the broker has it and lets readers read it."""
    if one.partition is None or one.first_offset is None or one.next_offset is None:
        return None
    begin = broker.begin_offsets.get(one.partition, 0)
    end = broker.end_offsets.get(one.partition, 0)
    is_held = begin <= one.first_offset and one.next_offset <= end
    return OffsetRange(one.partition, one.first_offset, one.next_offset) if is_held else None


def as_lines(audit: ProducerAudit) -> Iterator[str]:
    """The audit as text, worst last."""
    yield f"{'partition':>9}  {'acknowledged':>14}  {'broker offsets':>14}  {'in Bronze':>14}"
    for line in audit.lines:
        name = "all" if line.partition is None else str(line.partition)
        numbers = (line.acknowledged, line.broker_offsets, line.bronze_offsets)
        yield f"{name:>9}  " + "  ".join(f"{number:>14,}" for number in numbers)
    yield from (f"note: {note}" for note in audit.notes)
    yield from (f"pending {one}" for one in audit.missing if one.is_pending)
    yield from (f"MISSING {one}" for one in audit.lost)
    if not audit.lost:
        yield "nothing is missing"


def as_json(audit: ProducerAudit) -> str:
    """The audit as one JSON object: lines, missing, notes."""
    return json.dumps(asdict(audit), indent=2)
