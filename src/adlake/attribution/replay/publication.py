"""Publishes a replay and takes a publication back: the work of the attribution lease's holder.

Both prepare the branch `replay`, catch it up with everything that arrived meanwhile, and move
`main` to it in one commit, so that a reader sees old or new and never a mix. Batches may run
between two steps of catching up; none between the last step and the move. Until that commit `main`
knows nothing of it; after it, the id of the operation in the stamps of `main` says that nothing is
left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.gold_format import (
    are_states_older,
    is_placed_by_older_law,
    refuse_newer_format,
)
from adlake.attribution.replay.shadow import NoShadowError, ShadowFacts, ShadowTable, adopt_files
from adlake.attribution.slot_move import move_rows_to_their_slots
from adlake.attribution.spark.admit import admit
from adlake.attribution.state_upgrade import bring_states_up
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1, LawConstants, ReadLaw
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.folders import ADLAKE
from adlake.io.failpoints import reach
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.iceberg.table import REPLAY_BRANCH, IcebergTable
from adlake.io.phases import Phases
from adlake.io.postgres.law_store import law_version_of
from adlake.io.postgres.operations import PUBLISH_REPLAY, UNDO_REPLAY, Operation
from adlake.io.spark.lineage import frozen_frames
from adlake.streaming.batch_facts import beyond
from adlake.streaming.filing import records_of

log = logging.getLogger(__name__)

TAG_PREFIX = "before-replay-"
UNDO_DAYS = 7
"""Expiry spares the state before a publication for so long."""
ROWS_PER_STEP = 250_000
"""Deliveries merged at once while catching up: bounds memory, and the stream's pause."""
Pause = Callable[[], None]
"""Called between two steps, when batches may run."""


class NothingToUndoError(AdlakeError):
    """No publication is remembered."""


class TopicReplacedError(AdlakeError):
    """What arrived since cannot be told from what is contained."""


@dataclass(frozen=True)
class Moved:
    """What moved main: files taken over, deliveries caught up, the new head."""

    files: int
    caught_up: int
    snapshot_id: int


def carry_out(
    session: SparkSession, operation: Operation, read_law: ReadLaw, pause: Pause = lambda: None
) -> str:
    """Do what was asked; returns the result in one sentence.

    Doing an operation again that main already contains changes nothing.

    Raises:
        NoShadowError, NothingToUndoError, TopicReplacedError, UnknownLawError: it cannot be done;
            main is as it was.
    """
    gold = IcebergTable(session, GOLD_STATE)
    if is_applied(gold, operation.operation_id):
        _forget_shadow(session, operation)
        return "done by a driver that was stopped right after it"
    if operation.kind == PUBLISH_REPLAY:
        moved = _publish(session, gold, operation, read_law, pause)
        _forget_shadow(session, operation)
        return (
            f"published {moved.files} files and {moved.caught_up:,} newer deliveries as Gold "
            f"snapshot {moved.snapshot_id}; kept for {UNDO_DAYS} days: "
            f"{TAG_PREFIX}{operation.operation_id}"
        )
    if operation.kind == UNDO_REPLAY:
        moved = _undo(session, gold, operation, read_law, pause)
        return (
            f"Gold is what it was before the publication, with {moved.caught_up:,} deliveries "
            f"that arrived since, as snapshot {moved.snapshot_id}"
        )
    raise AdlakeError(f"operation {operation.operation_id} asks for unknown {operation.kind}")


def is_applied(gold: IcebergTable, operation_id: int) -> bool:
    """Whether main contains the operation's commits."""
    wanted = str(operation_id)
    return any(stamp.properties.get(stamps.OPERATION) == wanted for stamp in gold.stamps())


def _publish(
    session: SparkSession, gold: IcebergTable, operation: Operation, read_law: ReadLaw, pause: Pause
) -> Moved:
    shadow = ShadowTable(session)
    facts = shadow.facts()
    live = _fit_for(facts, gold.newest_stamp(), operation)
    law = read_law(facts.law_version)
    if law.future_tolerance_ms != LAW_V1.future_tolerance_ms:
        raise NoShadowError("Bronze's verdicts follow another future tolerance: only a what-if")
    gold.point_branch(REPLAY_BRANCH, gold.current_snapshot_id() or live.snapshot_id)
    stamp = dict(facts.stamp.properties) | _identity(operation)
    for key in (stamps.REPLAY_SLOTS, stamps.REPLAY_GOLD_SNAPSHOT):
        stamp.pop(key)
    files = adopt_files(shadow.table, gold, facts.slots, stamp)
    caught_up = _catch_up(session, law, facts.stamp, operation, pause)
    tag = f"{TAG_PREFIX}{operation.operation_id}"
    return _swap(gold, files, caught_up, new_tag=tag)


def _undo(
    session: SparkSession, gold: IcebergTable, operation: Operation, read_law: ReadLaw, pause: Pause
) -> Moved:
    tags = gold.tags(TAG_PREFIX)
    before = gold.newest_stamp(tags[-1]) if tags else None
    if before is None:
        raise NothingToUndoError(
            "no publication to undo: it was undone already, or is older than "
            f"{UNDO_DAYS} days; `{ADLAKE} replay --law-version N --publish` rebuilds any law"
        )
    law = read_law(law_version_of(before))
    gold.point_branch(REPLAY_BRANCH, gold.ref_snapshot_id(tags[-1]))
    # It may be older than the slot law, and than the format of states.
    move_rows_to_their_slots(session, REPLAY_BRANCH)
    bring_states_up(session, read_law, REPLAY_BRANCH)
    caught_up = _catch_up(session, law, before, operation, pause)
    return _swap(gold, 0, caught_up, new_tag=None)


def _forget_shadow(session: SparkSession, operation: Operation) -> None:
    """Its files are Gold's now: published a second time they would be there twice."""
    shadow = ShadowTable(session)
    published = operation.arguments.get("shadow_snapshot")
    if shadow.exists() and shadow.table.current_snapshot_id() == published:
        shadow.drop()


def _swap(gold: IcebergTable, files: int, caught_up: int, new_tag: str | None) -> Moved:
    reach("replay.before_swap")
    old_tags = gold.tags(TAG_PREFIX)
    snapshot_id = gold.swap_main(REPLAY_BRANCH, new_tag, old_tags, UNDO_DAYS * 86_400_000)
    reach("replay.after_swap")
    return Moved(files, caught_up, snapshot_id)


def _fit_for(facts: ShadowFacts, live: Stamp | None, operation: Operation) -> Stamp:
    """Gold's stamp; raises NoShadowError when this shadow must not become Gold."""
    if facts.snapshot_id != operation.arguments.get("shadow_snapshot"):
        raise NoShadowError("the replay was built again after this publication was asked for")
    if live is None or live.source_label != facts.stamp.source_label:
        raise NoShadowError(f"the replay was built from another topic: run `{ADLAKE} replay` again")
    refuse_newer_format(facts.stamp)
    if is_placed_by_older_law(facts.stamp) or are_states_older(facts.stamp):
        raise NoShadowError(f"an older adlake built the replay: run `{ADLAKE} replay` again")
    in_force = law_version_of(live)
    if facts.slots is not None and facts.law_version != in_force:
        raise NoShadowError(
            f"some days under law {facts.law_version} beside others under law {in_force} would "
            "not be one law: publish a replay of all days"
        )
    return live


def _identity(operation: Operation) -> dict[str, str]:
    return {
        stamps.SINK: "gold",
        stamps.QUERY_ID: f"{operation.kind}-{operation.operation_id}",
        stamps.OPERATION: str(operation.operation_id),
    }


def _catch_up(
    session: SparkSession, law: LawConstants, since: Stamp, operation: Operation, pause: Pause
) -> int:
    """Merge what Bronze has beyond a stamp into the branch, step by step.

    Returns:
        How many deliveries that were, when Bronze had no further one.
    """
    gold, bronze = GoldWriter(session, law, REPLAY_BRANCH), IcebergTable(session, BRONZE_EVENTS)
    kept = (stamps.TOPIC, stamps.TOPIC_ID, stamps.START_OFFSETS)
    properties = {key: since.properties[key] for key in kept if key in since.properties}
    at = since.next_offsets
    while True:
        newest = bronze.newest_stamp()
        assert newest is not None  # noqa: S101 - Gold has a stamp, and Bronze commits first
        if newest.source_label != since.source_label:
            raise TopicReplacedError(
                "the topic was replaced since then, its offsets mean other records now: "
                f"run `{ADLAKE} replay` again, then publish"
            )
        end = next_step(at, newest.next_offsets, ROWS_PER_STEP)
        stamp = (
            properties
            | _identity(operation)
            | {
                stamps.NEXT_OFFSETS: offsets_text(end),
                stamps.BRONZE_SNAPSHOT: str(bronze.current_snapshot_id()),
            }
        )
        with frozen_frames() as frames:
            # As in a batch: one long plan from Bronze to Gold overflows the planner's stack.
            deliveries = frames.keep(_judged(beyond(_newer_rows(session, bronze, since), at), end))
            gold.stage(deliveries.where("reject_reason IS NULL"), stamp, Phases())
        at = end
        if at == newest.next_offsets:
            return sum(at.values()) - sum(since.next_offsets.get(p, 0) for p in at)
        pause()


def _newer_rows(session: SparkSession, bronze: IcebergTable, since: Stamp) -> DataFrame:
    """Bronze rows, those before the stamp's Bronze snapshot left out where that is still known."""
    known, head = int(since.properties[stamps.BRONZE_SNAPSHOT]), bronze.current_snapshot_id()
    if head is None or bronze.java_table().snapshot(known) is None:
        return session.table(bronze.full_name)
    if known == head:
        return session.table(bronze.full_name).where("FALSE")
    return bronze.between(known, head)


def _judged(rows: DataFrame, end: Mapping[int, int]) -> DataFrame:
    limits = " OR ".join(
        f"(kafka_partition = {partition} AND kafka_offset < {offset})"
        for partition, offset in sorted(end.items())
    )
    records = records_of(rows.where("reject_reason IS NULL").where(limits or "FALSE"))
    return admit(records)


def next_step(
    at: Mapping[int, int], newest: Mapping[int, int], rows_per_step: int
) -> dict[int, int]:
    """Next offsets after one more step of about so many deliveries, never beyond the newest."""
    share = max(1, rows_per_step // max(1, len(newest)))
    return {p: min(offset, at.get(p, 0) + share) for p, offset in newest.items()}
