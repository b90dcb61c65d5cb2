"""The time machine: builds Gold again from Bronze, shows what would change, publishes, undoes.

Building never touches Gold and needs only the lease `replay`. Publishing and undoing are asked of
the process that holds the lease `attribution`, the stream; when none runs, this process takes that
lease and does the same work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.replay.build import (
    Built,
    NothingToReplayError,
    both_hashes,
    build_shadow,
    differing_groups,
)
from adlake.attribution.replay.order import ReplayOrder
from adlake.attribution.replay.shadow import NoShadowError
from adlake.contracts.errors import NO_GOLD, AdlakeError
from adlake.contracts.law import LawConstants
from adlake.contracts.registry import REPLAY_LEASE
from adlake.contracts.tables import GOLD_REPLAY, GOLD_STATE
from adlake.folders import ADLAKE
from adlake.io.iceberg.reader import LakeReader
from adlake.io.postgres import operations
from adlake.io.postgres.law_store import law_version_of, read_law, recorded_law
from adlake.io.postgres.lease import Connect
from adlake.io.spark.errors import named_spark_errors
from adlake.io.spark.progress import Share, share_of_tasks
from adlake.io.spark.room import memory_limit, refuse_without_room
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.streaming.asking import ask, leased, see_through
from adlake.streaming.clock_wait import ClockWait, behind_tables
from adlake.streaming.operations import Handler, OperationRunner
from adlake.streaming.session import leased_session

Report = Callable[[str], None]


class UnpublishableError(AdlakeError):
    """What is ordered could be built, but never published."""


class OperationFailedError(AdlakeError):
    """The holder of the lease could not do what was asked; Gold is as it was."""


@dataclass(frozen=True)
class ReplayConfig:
    """How a replay reaches the lake; seconds as named."""

    catalog: CatalogAccess
    reader: LakeReader
    lease_connect: Connect
    lease_ttl_seconds: float
    resources: SparkResources
    marker_dir: Path
    handlers: Mapping[str, Handler]
    """Of every kind of operation: the oldest request is carried out first, whatever it asks for."""
    failpoints: str = ""


Watch = Callable[[str, Share], AbstractContextManager[None]]


def _unwatched(_phase: str, _share: Share) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Replayed:
    """A finished build beside Gold: the law, both hashes, campaigns and days that differ."""

    law: LawConstants
    built: Built
    live_hash: str
    replay_hash: str
    differing: list[dict[str, Any]]
    is_same_law: bool = False
    """Built with the law in force, so that every difference is damage."""

    @property
    def is_equal(self) -> bool:
        """Every column of every row; the diff by campaign and day looks at sums alone."""
        return self.live_hash == self.replay_hash


def replay(
    config: ReplayConfig, order: ReplayOrder, report: Report, watch: Watch = _unwatched
) -> Replayed:
    """Build the shadow and compare it with Gold; Gold stays as it is.

    `watch` is entered around each phase, with its name and how to ask what share of it is done.

    Raises:
        LeaseHeldError: another replay is at work.
        NoRoomError: there is no memory for a second driver.
        UnpublishableError: it is to be published, and could not be.
        UnknownLawError, NothingToReplayError, SparkFailedError: see there.
    """
    refuse_without_room(config.resources.driver_memory, memory_limit())
    with leased(config, REPLAY_LEASE) as lease:
        open_operation = operations.next_open(config.lease_connect)
        if open_operation is not None:
            report(f"first waiting for operation {open_operation.operation_id}")
            see_through(config, open_operation.operation_id, report, partial(_runner, config))
        law, is_same_law = _wanted_law(config, order)
        report(f"building with {law.in_words}")
        session = leased_session("adlake replay", config, lease)
        try:
            share = share_of_tasks(session)
            with named_spark_errors("Gold was not built again and is as it was"):
                with watch("1 of 3, building Gold again", share):
                    build = f"build-{lease.generation}"
                    built = build_shadow(session, law, build, order.slots, order.passes)
                with watch("2 of 3, hashing both", share):
                    live_hash, replay_hash = both_hashes(session, built.facts)
                with watch("3 of 3, comparing campaigns and days", share):
                    differing = differing_groups(session, built.facts)
        finally:
            session.stop()
    return Replayed(law, built, live_hash, replay_hash, differing, is_same_law)


def publish(config: ReplayConfig, report: Report) -> str:
    """Make the shadow built last Gold; returns the result in one sentence.

    Raises:
        NoShadowError: nothing was built.
        OperationFailedError: it was refused or failed; Gold is as it was.
    """
    with leased(config, REPLAY_LEASE):
        table = config.reader.table(GOLD_REPLAY)
        snapshot = table.current_snapshot() if table is not None else None
        if snapshot is None:
            raise NoShadowError(f"there is no replay to publish: run `{ADLAKE} replay` first")
        arguments = {"shadow_snapshot": snapshot.snapshot_id}
        return _ask(config, operations.PUBLISH_REPLAY, arguments, report)


def undo(config: ReplayConfig, report: Report) -> str:
    """Take the last publication back, keeping what arrived since.

    Raises:
        OperationFailedError: there is none, or it failed; Gold is as it was.
    """
    with leased(config, REPLAY_LEASE):
        if config.reader.newest_stamp(GOLD_STATE) is None:
            raise NothingToReplayError(NO_GOLD)
        return _ask(config, operations.UNDO_REPLAY, {}, report)


def _law_in_force(config: ReplayConfig) -> LawConstants:
    """The law that Gold was written under.

    Raises:
        NothingToReplayError: Gold has no batch.
    """
    stamp = config.reader.newest_stamp(GOLD_STATE)
    if stamp is None:
        raise NothingToReplayError(NO_GOLD)
    return read_law(config.lease_connect, law_version_of(stamp))


def _wanted_law(config: ReplayConfig, order: ReplayOrder) -> tuple[LawConstants, bool]:
    """The law to build with, and whether it says the same as the one in force."""
    in_force = _law_in_force(config)
    version = in_force.law_version if order.law_version is None else order.law_version
    law = read_law(config.lease_connect, version)
    if order.lookback_ms is not None:
        law = replace(law, attribution_window_ms=order.lookback_ms, window_changes=())
    is_same = replace(law, law_version=in_force.law_version) == in_force
    if order.to_publish and order.slots is not None and not is_same:
        raise UnpublishableError(
            f"some days under another law beside others under law {in_force.law_version} would "
            "not be one law: leave out --from and --to, or leave out --publish and only look at "
            "what differs"
        )
    if order.lookback_ms is not None:
        law = recorded_law(config.lease_connect, law, f"what-if on version {version}")
    return law, is_same


def _ask(config: ReplayConfig, kind: str, arguments: Mapping[str, int], report: Report) -> str:
    done = ask(config, kind, arguments, report, partial(_runner, config))
    if done.state != "done":
        raise OperationFailedError(f"{kind} was not done, Gold is as it was: {done.result}")
    return done.result


def _runner(config: ReplayConfig, session: SparkSession) -> OperationRunner:
    pipeline = AttributionPipeline(read_law=partial(read_law, config.lease_connect))
    return OperationRunner(
        session, config.lease_connect, config.handlers,
        renew=partial(pipeline.renew, session),
        clock=ClockWait(behind_tables(session), lambda: False),
    )  # fmt: skip
