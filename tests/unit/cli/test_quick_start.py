"""Commands that people type all the time load nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.quick_start import CPU_SECONDS, HEAVY, cost_of


@pytest.mark.parametrize("command", ["status", "logs", "settings", "flow", "--help"])
def test_a_command_starts_in_half_a_second_of_cpu_and_loads_no_client(
    tmp_path: Path, command: str
) -> None:
    """In a home that never started."""
    loaded, seconds, _ = cost_of(command, {"ADLAKE_HOME": str(tmp_path / "home")})
    assert loaded == set()
    assert seconds < CPU_SECONDS


def test_what_a_look_at_running_servers_imports_is_the_client_of_kafka_alone() -> None:
    """Also held with real servers, by tests/integration/test_devstack_lifecycle.py."""
    rooms = (
        "adlake.io.kafka.answers", "adlake.io.postgres.answers", "adlake.io.trino.answers",
        "adlake.wiring.topics",
    )  # fmt: skip
    code = (
        f"import sys, {', '.join(rooms)}; "
        f"print(*{{name.partition('.')[0] for name in sys.modules}} & {{*{HEAVY!r}}})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["kafka"]
