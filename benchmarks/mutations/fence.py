"""The fence and the lease: one writer."""

from __future__ import annotations

from benchmarks.mutations.files import FENCE
from benchmarks.mutations.mutation import Mutation

ROLES = "tests/integration/test_catalog_roles.py"
FENCE_SQL = "sql/migrations/0012_fence_every_table.sql"

FENCE: tuple[Mutation, ...] = (
    Mutation(
        "no fence: an old generation may commit", FENCE_SQL,
        "ELSIF lease.epoch IS DISTINCT FROM stated_epoch THEN", "ELSIF FALSE THEN", FENCE,
    ),
    Mutation(
        "fence with a hole: a writer without a generation may always commit", FENCE_SQL,
        "        IF NOT lease.is_released\n", "        IF FALSE AND NOT lease.is_released\n", FENCE,
    ),
    Mutation(
        "fence with a hole: only commits are looked at", FENCE_SQL,
        "BEFORE INSERT OR UPDATE OR DELETE ON public.iceberg_tables",
        "BEFORE UPDATE ON public.iceberg_tables", FENCE,
    ),
    Mutation(
        "fence with a hole: the generation of any lease will do", FENCE_SQL,
        "ELSIF stated_lease <> wanted_lease THEN", "ELSIF FALSE THEN", FENCE,
    ),
    Mutation(
        "fence with a hole: only tables with a row are fenced", FENCE_SQL,
        "VALUES ('*', '*', 'attribution');",
        "VALUES ('bronze', '*', 'attribution'), ('gold', 'ad_performance_state', 'attribution');",
        FENCE,
    ),
    Mutation(
        "a lease may be taken back", "sql/migrations/0013_lease_only_grows.sql",
        "NEW.epoch >= OLD.epoch", "TRUE", ROLES,
    ),
    Mutation(
        "the role that commits may name the tables that are fenced",
        "adlake.io.postgres.rights:WRITER_RIGHTS",
        '"adlake.fenced_tables": READ', '"adlake.fenced_tables": ALL', ROLES,
    ),
    Mutation(
        "an existing lake keeps the role that commits as its owner",
        "adlake.io.postgres.roles:hand_over",
        '        if admin.execute(control_sql("roles/database_owner"))',
        '        if True or admin.execute(control_sql("roles/database_owner"))', ROLES,
    ),
    Mutation(
        "a fenced batch is told by the words of the message", "adlake.streaming.attempts:is_final",
        "is_lasting or is_fenced(error)", 'is_lasting or "fenced:" in str(error)',
        "tests/spark/io/test_sqlstate.py",
    ),
    Mutation(
        "a fenced request is told by the words of the message",
        "adlake.streaming.operations:OperationRunner._run",
        "if is_fenced(error):", 'if "fenced:" in str(error):',
        "tests/unit/streaming/test_operation_runner.py",
    ),
    Mutation(
        "the lease is taken while its holder lives", "adlake.io.postgres.lease:acquire",
        "if not is_free and not holder_is_dead(now.holder):", "if False:", FENCE,
    ),
)  # fmt: skip
