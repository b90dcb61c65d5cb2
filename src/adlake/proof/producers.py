"""`adlake producers`: asks the broker and Bronze, compares with the producers' counts, prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import incarnation_of_label
from adlake.folders import ADLAKE
from adlake.io.kafka.holes import FindHoles, OffsetRange
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import TrinoClient
from adlake.proof.bronze_gaps import explained_gaps
from adlake.proof.offset_coverage import partition_coverages
from adlake.proof.pin import pinned_records
from adlake.proof.producer_audit import Missing, ProducerAudit, audit_producers
from adlake.proof.producer_counts import ProducerCount
from adlake.proof.verdict import OffsetCoverage


class OtherTopicError(AdlakeError):
    """The lake's topic and the broker's have one name and two ids."""


@dataclass(frozen=True)
class AuditedTopic:
    """A topic, the table that keeps its records, and whom to ask about it."""

    name: str
    table: str
    look: Callable[[], TopicFacts]
    """Asks for the topic now."""
    incarnations: Sequence[SourceIncarnation]
    """All source incarnations of the topic, oldest first."""
    find_holes: FindHoles = lambda _ranges: []
    """Asks the broker which offsets hold no record: nobody can lack them."""


def current_audits(
    trino: TrinoClient, counts: Sequence[ProducerCount], topics: Sequence[AuditedTopic]
) -> dict[str, ProducerAudit]:
    """The audit of each topic by its name; counts of topics that are none of these are noted once.

    Raises:
        NothingToVerifyError, OtherTopicError: see `current_audit`.
    """
    known = {topic.name for topic in topics}
    strange = [one for one in counts if one.topic not in known]
    audits = {}
    for number, topic in enumerate(topics):
        ours = [one for one in counts if one.topic == topic.name]
        audits[topic.name] = current_audit(trino, ours if number else [*ours, *strange], topic)
    return audits


def current_audit(
    trino: TrinoClient, counts: Sequence[ProducerCount], topic: AuditedTopic
) -> ProducerAudit:
    """The audit of now: the broker as it is, the newest snapshot of the topic's records.

    The broker is asked after the snapshot was chosen, so that a batch that commits in between does
    not look like records the broker lost.

    Raises:
        NothingToVerifyError: the table has rows, and no stamp says which offsets it contains.
        OtherTopicError: the lake was made of another topic of this name.
    """
    look, incarnations, find_holes = topic.look, topic.incarnations, topic.find_holes
    pin = pinned_records(trino, topic.table)
    if pin is None:
        # Whatever the broker has is still to come: nothing can be lost in Bronze.
        return audit_producers(counts, look(), [], lambda _coverage: (), incarnations)
    broker = look()
    newest = incarnations[-1]
    is_begun = newest.number <= incarnation_of_label(pin.topic)
    topic_id = pin.topic_id if is_begun else newest.topic_id
    if topic_id != broker.topic_id:
        raise OtherTopicError(
            f"the lake holds topic {pin.topic} {topic_id}, the broker {broker.topic_id}: the "
            f"topic was deleted and made again, so no offset can be compared. `{ADLAKE} source "
            "show` says how to go on"
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


def as_lines(audits: Mapping[str, ProducerAudit]) -> Iterator[str]:
    """The audit of each topic as text, worst last."""
    for topic, audit in audits.items():
        yield f"topic {topic}"
        yield from _lines_of(audit)


def _lines_of(audit: ProducerAudit) -> Iterator[str]:
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


def as_json(audits: Mapping[str, ProducerAudit]) -> str:
    """The audits as one JSON object: lines, missing and notes, each with its topic."""
    document: dict[str, list[dict[str, object]]] = {"lines": [], "missing": [], "notes": []}
    for topic, audit in audits.items():
        document["lines"] += [{"topic": topic, **asdict(one)} for one in audit.lines]
        document["missing"] += [{"topic": topic, **asdict(one)} for one in audit.missing]
        document["notes"] += [{"topic": topic, "note": one} for one in audit.notes]
    return json.dumps(document, indent=2)
