"""The fence and the lease: one writer."""

from __future__ import annotations

from benchmarks.mutations.files import FENCE
from benchmarks.mutations.mutation import Mutation

FENCE_SQL = "sql/migrations/0002_lease.sql"

FENCE: tuple[Mutation, ...] = (
    Mutation(
        "no fence: an old epoch may commit", FENCE_SQL,
        "IF writer_epoch::BIGINT <> lease.epoch THEN", "IF FALSE THEN", FENCE,
    ),
    Mutation(
        "fence with a hole: a writer without an epoch may always commit", FENCE_SQL,
        "    ELSIF NOT lease.is_released\n", "    ELSIF FALSE AND NOT lease.is_released\n", FENCE,
    ),
    Mutation(
        "the lease is taken while its holder lives", "src/adlake/io/lease.py",
        "if not is_free and not holder_is_dead(now.holder):", "if False:", FENCE,
    ),
)  # fmt: skip
