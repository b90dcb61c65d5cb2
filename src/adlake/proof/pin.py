"""Chooses the pair of snapshots that a proof is about, so that it is exact while the stream runs.

Gold is taken at the head of `main`. The newest stamp among its ancestors names the Bronze snapshot
it was made of; a later commit without a stamp (compaction, or a hand that changed rows) is read as
it is, so a wrong one is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from adlake.attribution.gold_format import refuse_newer_format, refuse_older_states
from adlake.contracts import stamps
from adlake.contracts.errors import NO_GOLD, STREAM_IS_AWAY, AdlakeError
from adlake.folders import ADLAKE
from adlake.io.iceberg.stamp import Stamp
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.law_store import law_version_of
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TableMissingError, TrinoClient
from adlake.proof.records_sql import records_values
from adlake.proof.verdict import GOLD_RECORDS, Failure, Pin


class NothingToVerifyError(AdlakeError):
    """Gold has no stamped snapshot, or its Bronze snapshot is gone."""


class EmptyLakeError(NothingToVerifyError):
    """No batch has reached Gold yet."""


Snapshots = Mapping[int, Mapping[str, Any]]
"""Snapshot id -> snapshot_id, parent_id, summary (sql/proof/*_snapshots.sql)."""


def pinned_snapshots(trino: TrinoClient) -> tuple[Pin, list[Failure]]:
    """The newest Gold snapshot, its Bronze snapshot, and what their stamps contradict.

    Raises:
        EmptyLakeError: no batch has reached Gold yet.
        NothingToVerifyError: no stamp is found, or the Bronze snapshot has expired.
    """
    try:
        gold, bronze = gold_snapshots(trino), record_snapshots(trino, GOLD_RECORDS)
    except TableMissingError as error:
        raise EmptyLakeError(NO_GOLD) from error
    head = head_of(gold)
    if head is None or (len(gold) == 1 and _is_dataless(gold[head])):
        raise EmptyLakeError(NO_GOLD)
    return pin_at(head, gold, bronze)


def _is_dataless(snapshot: Mapping[str, Any]) -> bool:
    """The snapshot that the table was created with."""
    summary = snapshot["summary"] or {}
    return stamps.NEXT_OFFSETS not in summary and summary.get("total-records", "0") == "0"


@contextmanager
def clear_empty_lake(
    topic: TopicFacts | None, streams: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Says of an empty Gold what the topic has for it; None: the broker does not answer.

    `streams` tells whether a stream runs that would read it.

    Raises:
        EmptyLakeError: as the block raised it, with that sentence.
    """
    try:
        yield
    except EmptyLakeError as error:
        if topic is None:
            told = "whether its topic holds records is not known: run `make up`"
        elif sum(topic.written.values()) > sum(topic.begin_offsets.values()):
            way_on = f"`{ADLAKE} wait`" if streams() else STREAM_IS_AWAY
            told = f"{topic.in_words} to read: {way_on}, then verify again"
        else:
            told = f"{topic.in_words} too: send events (`make generate`)"
        raise EmptyLakeError(f"there is nothing to prove: Gold is empty, {told}") from error


def gold_snapshots(trino: TrinoClient) -> Snapshots:
    """Every snapshot of Gold that is still known; is_head marks main's."""
    return {row["snapshot_id"]: row for row in trino.records(sql_text("proof/gold_snapshots"))}


def record_snapshots(trino: TrinoClient, table: str) -> Snapshots:
    """Every snapshot of a table of records that is still known; is_head marks main's."""
    sql = bind(sql_text("proof/bronze_snapshots"), records_values(table))
    return {row["snapshot_id"]: row for row in trino.records(sql)}


def head_of(snapshots: Snapshots) -> int | None:
    """Id of the snapshot that main is at; None: the table has none."""
    return next((one for one, row in snapshots.items() if row["is_head"]), None)


def pinned_records(trino: TrinoClient, table: str) -> Pin | None:
    """The newest snapshot of a table of records by itself; None: nothing was read into it yet.

    Raises:
        NothingToVerifyError: it has rows, and no stamp says up to which offsets.
    """
    try:
        snapshots = record_snapshots(trino, table)
    except TableMissingError:
        return None
    head = head_of(snapshots)
    if head is None:
        return None
    stamp = newest_stamp(snapshots, head)
    return replace(_pin(stamp, head, stamp), records_table=table)


def pin_at(gold_id: int, gold: Snapshots, bronze: Snapshots) -> tuple[Pin, list[Failure]]:
    """One Gold snapshot with the Bronze snapshot that its stamp names.

    Raises:
        NothingToVerifyError: no stamp is found, or the Bronze snapshot has expired.
        NewerFormatError, OlderStatesError: another version of adlake wrote Gold's rows.
    """
    stamp = newest_stamp(gold, gold_id)
    refuse_newer_format(stamp)
    refuse_older_states(stamp)
    bronze_id = int(stamp.properties[stamps.BRONZE_SNAPSHOT])
    if bronze_id not in bronze:
        raise NothingToVerifyError(
            f"Bronze snapshot {bronze_id}, of which Gold is made, has expired: "
            "let the stream commit once more, then run verify again"
        )
    bronze_stamp = newest_stamp(bronze, bronze_id)
    pin = replace(
        _pin(stamp, bronze_id, bronze_stamp),
        gold_snapshot=gold_id,
        law_version=law_version_of(stamp),
    )
    return pin, _stamp_failures(stamp, bronze_stamp)


def _pin(stamp: Stamp, records_snapshot: int, records_stamp: Stamp) -> Pin:
    """What a stamp says it contains, in the snapshot of the records it was made of."""
    return Pin(
        gold_snapshot=0,
        bronze_snapshot=records_snapshot,
        topic=stamp.source_label,
        topic_id=stamp.topic_id,
        next_offsets=stamp.next_offsets,
        start_offsets=stamp.start_offsets,
        has_counts=stamps.BATCH_COUNTS in records_stamp.properties,
    )


def newest_stamp(snapshots: Snapshots, head_id: int) -> Stamp:
    """The newest stamp of a snapshot and its ancestors.

    Raises:
        NothingToVerifyError: none of them has one.
    """
    snapshot = snapshots.get(head_id)
    while snapshot is not None:
        summary = snapshot["summary"] or {}
        if stamps.NEXT_OFFSETS in summary:
            return Stamp(snapshot["snapshot_id"], summary)
        snapshot = snapshots.get(snapshot["parent_id"])
    raise NothingToVerifyError(
        f"snapshot {head_id} and its ancestors carry no stamp of the stream, so what they contain "
        f"is not known: once the next batch is in (`make status`, `{ADLAKE} wait`), verify again"
    )


def _stamp_failures(gold: Stamp, bronze: Stamp) -> list[Failure]:
    claims = (
        ("next offsets", gold.next_offsets, bronze.next_offsets),
        ("topic id", gold.topic_id, bronze.topic_id),
    )
    return [
        Failure(f"Gold's stamp says {name} {of_gold}, that of its Bronze snapshot {of_bronze}")
        for name, of_gold, of_bronze in claims
        if of_gold != of_bronze
    ]
