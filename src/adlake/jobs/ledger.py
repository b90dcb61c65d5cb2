"""`adlake ledger`: asks the broker and Bronze, compares with the producers' books, prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import epoch_of_label
from adlake.io.source_epochs import SourceEpoch
from adlake.io.topic import TopicFacts
from adlake.io.trino import TrinoClient
from adlake.jobs.producer_counts import ProducerCount
from adlake.jobs.producer_ledger import ProducerLedger, producer_ledger
from adlake.jobs.proof import PartitionLedger
from adlake.jobs.verify_ledger import missing_ranges, partition_ledgers
from adlake.jobs.verify_pin import pinned_snapshots

_MOST_RANGES: Final = 100


class OtherTopicError(AdlakeError):
    """The lake's topic and the broker's have one name and two ids."""


def compare_books(
    trino: TrinoClient,
    counts: Sequence[ProducerCount],
    look: Callable[[], TopicFacts],
    epochs: Sequence[SourceEpoch],
) -> ProducerLedger:
    """The books of now: the broker as it is, Bronze as Gold's newest snapshot contains it.

    Args:
        trino: client whose server has the catalog `lakehouse`.
        counts: what producers say.
        look: asks for the topic now; called after the lake's snapshot is chosen, so that a batch
            that commits in between does not look like records the broker lost.
        epochs: all source epochs of the topic, oldest first.

    Raises:
        NothingToVerifyError: there is no stamped Gold snapshot yet.
        OtherTopicError: the lake was made of another topic of this name.
    """
    pin, _ = pinned_snapshots(trino)
    broker = look()
    newest = epochs[-1]
    is_begun = newest.number <= epoch_of_label(pin.topic)
    topic_id = pin.topic_id if is_begun else newest.topic_id
    if topic_id != broker.topic_id:
        raise OtherTopicError(
            f"the lake holds topic {pin.topic} {topic_id}, the broker {broker.topic_id}: the "
            "topic was deleted and made again, so no offset can be compared. `adlake epoch show` "
            "says how to go on"
        )

    def lacking(ledger: PartitionLedger) -> Iterator[tuple[int, int]]:
        for gap in missing_ranges(trino, pin, [ledger], _MOST_RANGES):
            yield gap.first, gap.next

    return producer_ledger(counts, broker, partition_ledgers(trino, pin), lacking, epochs)


def as_lines(ledger: ProducerLedger) -> Iterator[str]:
    """The books as text, worst last."""
    yield f"{'partition':>9}  {'acknowledged':>14}  {'broker offsets':>14}  {'in Bronze':>14}"
    for line in ledger.lines:
        name = "all" if line.partition is None else str(line.partition)
        numbers = (line.acknowledged, line.broker_offsets, line.bronze_offsets)
        yield f"{name:>9}  " + "  ".join(f"{number:>14,}" for number in numbers)
    yield from (f"note: {note}" for note in ledger.notes)
    yield from (f"pending {one}" for one in ledger.missing if one.is_pending)
    yield from (f"MISSING {one}" for one in ledger.lost)
    if not ledger.lost:
        yield "nothing is missing"


def as_json(ledger: ProducerLedger) -> str:
    """The books as one JSON object: lines, missing, notes."""
    return json.dumps(asdict(ledger), indent=2)
