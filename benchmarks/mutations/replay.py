"""Replay: build, publish, undo."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

REPLAY = "tests/spark/attribution/test_replay.py"

REPLAY: tuple[Mutation, ...] = (
    Mutation(
        "a publication forgets what arrived since the build",
        "adlake.attribution.replay.publication:_publish",
        "    caught_up = _catch_up(session, law, facts.stamp, operation, pause)",
        "    caught_up = 0", f"{REPLAY}::test_publish_and_undo_keep_what_arrived_meanwhile",
    ),
    Mutation(
        "an operation that main contains is done again",
        "adlake.attribution.replay.publication:carry_out",
        "if is_applied(gold, operation.operation_id):", "if False:",
        f"{REPLAY}::test_f32_an_exception_at_any_step_loses_nothing[replay.after_swap]",
    ),
)  # fmt: skip
