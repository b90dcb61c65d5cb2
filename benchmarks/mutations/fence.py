"""The fence and the lease: one writer."""

from __future__ import annotations

from benchmarks.mutations.files import FENCE
from benchmarks.mutations.mutation import Mutation

FENCE_SQL = "sql/migrations/0011_fence_states.sql"

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
        "a fenced batch is told by the words of the message", "src/adlake/streaming/attempts.py",
        "is_lasting or is_fenced(error)", 'is_lasting or "fenced:" in str(error)',
        "tests/spark/test_sqlstate.py",
    ),
    Mutation(
        "a fenced request is told by the words of the message", "src/adlake/streaming/operations.py",
        "if is_fenced(error):", 'if "fenced:" in str(error):', "tests/unit/test_operation_runner.py",
    ),
    Mutation(
        "the lease is taken while its holder lives", "src/adlake/io/lease.py",
        "if not is_free and not holder_is_dead(now.holder):", "if False:", FENCE,
    ),
)  # fmt: skip
