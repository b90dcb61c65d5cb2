"""Supervision, stopping and readiness of services."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SUPERVISED = "tests/unit/devstack/test_supervisor.py"

SUPERVISION: tuple[Mutation, ...] = (
    Mutation(
        "what is left of a service is killed without being asked",
        "adlake.devstack.supervisor.process:stop",
        "else roots_of(family)", "else []", "tests/unit/devstack/test_service.py",
    ),
    Mutation(
        "a service that ends again and again is started again without a pause",
        "adlake.devstack.supervisor.loop:Supervisor._put_off",
        "pause = min(2.0**track.ended_in_a_row, LONGEST_PAUSE_SECONDS)", "pause = 0.0", SUPERVISED,
    ),
    Mutation(
        "what was dead before the supervisor came is started",
        "adlake.devstack.supervisor.loop:Supervisor._look_at",
        "elif self._left_dead.get(name) != known:", "else:", SUPERVISED,
    ),
    Mutation(
        "a service refused by name is tried as often as any",
        "adlake.devstack.supervisor.loop:Supervisor._put_off",
        "if ending.is_lasting:", "if False:", SUPERVISED,
    ),
    Mutation(
        "a service that was taken down is revived",
        "adlake.devstack.services.service:Service.revive",
        "        if self.state() is State.DIED:\n            self._launch(",
        "        if self.main_process() is None:\n            self._launch(", SUPERVISED,
    ),
    Mutation(
        "the stream is ready as soon as its query has started",
        "adlake.streaming.ready_file:has_worked",
        'bool(batches_done) or status["message"] == NOTHING_TO_READ', "True",
        "tests/unit/streaming/test_ready_file.py",
    ),
    Mutation(
        "a full disk ends the supervisor", "adlake.devstack.supervisor.loop:Supervisor.look",
        "with logged_errors(name):", "if name:",
        "tests/unit/devstack/test_supervisor.py::"
        "test_a_full_disk_ends_neither_the_supervisor_nor_the_turn_of_the_others",
    ),
    Mutation(
        "the port of a dying process is called taken",
        "adlake.devstack.services.ports:refuse_taken",
        "if holder != UNSEEN or time.monotonic() > deadline:", "if holder:",
        "tests/unit/devstack/test_ports.py::test_the_port_of_a_dying_process_is_waited_for",
    ),
    Mutation(
        "who cannot be named is waited for for ever",
        "adlake.devstack.services.ports:refuse_taken",
        "if holder != UNSEEN or time.monotonic() > deadline:", "if holder != UNSEEN:",
        "tests/unit/devstack/test_ports.py::"
        "test_who_cannot_be_named_is_not_waited_for_for_ever",
    ),
)  # fmt: skip
