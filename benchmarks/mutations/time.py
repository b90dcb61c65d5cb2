"""Time: clocks that step, processes that live on."""

from __future__ import annotations

from benchmarks.mutations.files import FENCE
from benchmarks.mutations.mutation import Mutation

TIME: tuple[Mutation, ...] = (
    Mutation(
        "a process is known by its time of creation, which moves with the clock",
        "adlake.io.process_identity:beginning",
        """return f"{Path('/proc/sys/kernel/random/boot_id').read_text()[:8]}+{ticks}\"""",
        'return f"{process.create_time():.2f}"', "tests/unit/io/test_lease_holder.py",
    ),
    Mutation(
        "uptime follows the wall clock", "adlake.devstack.status:status_of",
        "age_seconds(main) if main", "__import__('time').time() - main.create_time() if main",
        "tests/unit/devstack/test_service.py",
    ),
    Mutation(
        "a batch that the clock holds up counts as an attempt",
        "adlake.streaming.attempts:Attempts._pause",
        "if self._clock.is_behind():", "if False:", "tests/unit/streaming/test_table_clock.py",
    ),
    Mutation(
        "a request fails when the clock was set back",
        "adlake.streaming.operations:OperationRunner._run",
        "if self._clock.is_behind():", "if False:", "tests/unit/streaming/test_operation_runner.py",
    ),
    Mutation(
        "a clock set ahead makes every snapshot old",
        "adlake.maintenance.between_batches:Maintenance._limit_ms",
        "min(limit_ms, self._ages.limit_ms(seconds))", "limit_ms",
        "tests/unit/maintenance/test_snapshot_ages.py",
    ),
    Mutation(
        "a clock set ahead takes the lease from a living driver",
        "adlake.io.postgres.lease:acquire",
        "time.sleep(before.watch_seconds)", "pass", FENCE,
    ),
)  # fmt: skip
